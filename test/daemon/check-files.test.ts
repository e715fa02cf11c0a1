/** The healthcheck process as the parent starts it: it is nobody, and has what is in the files all the same. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerHealth } from '../../src/base/facts.js'
import { formatEndpoint } from '../../src/base/ip.js'
import { millis } from '../../src/base/units.js'
import type { CheckFiles } from '../../src/config/check-files.js'
import type { FromHealthcheck, ToHealthcheck } from '../../src/daemon/messages.js'
import { Authority } from '../healthcheck/certificates.js'
import { httpsCheck, server, service } from '../healthcheck/samples.js'
import { listenTls } from '../healthcheck/tls-servers.js'

/** What the process says, and a way to wait for a server's health. */
function listenTo(child: ChildProcess) {
  const facts: ServerHealth[] = []
  const waiting = new Set<() => void>()
  child.on('message', (message: FromHealthcheck) => {
    if (message.type === 'healthChanged') facts.push(...message.servers)
    for (const look of waiting) look()
  })
  return {
    send: (message: ToHealthcheck) => child.send(message),
    until: (wanted: ServerHealth['health']): Promise<string> =>
      new Promise((resolve) => {
        const look = () => {
          const last = facts.at(-1)
          if (last?.health !== wanted) return
          waiting.delete(look)
          resolve(last.reason)
        }
        waiting.add(look)
        look()
      }),
  }
}

describe('files of checks in the healthcheck process', () => {
  let child: ChildProcess | undefined
  afterEach(() => child?.kill('SIGKILL'))

  it('come by message, and other ones count at once', async () => {
    const [ca, other] = [Authority.make('Test CA'), Authority.make('Other CA')]
    const [good, client] = [ca.issue('good', { names: 'DNS:www.example.org' }), ca.issue('client')]
    const web = await listenTls(
      { cert: good.cert, key: good.key, ca: ca.own.cert, requestCert: true, rejectUnauthorized: true },
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    )
    const module = new URL('../../src/daemon/healthcheck-process.js', import.meta.url)
    child = fork(module, ['error', 'text'], { serialization: 'advanced' })
    const { send, until } = listenTo(child)
    const filesWith = (authority: Authority): CheckFiles => ({
      texts: {
        '/etc/vipair/ca.pem': authority.own.cert,
        '/etc/vipair/check.pem': client.cert,
        '/etc/vipair/check.key': client.key,
      },
      authorities: undefined,
    })
    const check = httpsCheck({
      interval: millis(100),
      timeout: millis(5_000),
      host: 'www.example.org',
      caFile: '/etc/vipair/ca.pem',
      certFile: '/etc/vipair/check.pem',
      keyFile: '/etc/vipair/check.key',
    })
    const name = formatEndpoint(web.target)
    send({ type: 'checkFiles', files: filesWith(ca) })
    send({ type: 'start', services: [service('web', [server(name, [check])])] })
    assert.equal(await until('healthy'), 'https GET /healthz: status 200 (2 of 2 passed)')
    send({ type: 'checkFiles', files: filesWith(other) })
    assert.match(await until('unhealthy'), /certificate is from an authority that is not trusted, Test CA/)
    send({ type: 'checkFiles', files: filesWith(ca) })
    await until('healthy')
    send({ type: 'stop' })
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0)
    await web.close()
    ca.remove()
    other.remove()
  }).timeout(60_000)
})
