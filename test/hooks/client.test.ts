/** A web address that is told, with real servers. */
import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '../../src/base/units.js'
import type { UrlHookConfig } from '../../src/config/hook.js'
import { post } from '../../src/hooks/client.js'
import type { HookMessage } from '../../src/hooks/message.js'

const message: HookMessage = {
  generation: 7,
  at: '2026-01-01T00:00:00.000Z',
  director: 'lb1',
  type: 'router.role',
  subject: 'front',
  state: 'active',
  before: null,
  reason: '',
  text: 'front: active',
  superseded: 0,
  attempt: 1,
}

describe('hooks/client', function () {
  this.timeout(30_000)

  let directory = ''
  const servers: Server[] = []
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'vipair-hooks-'))
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
    const files = [
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      at('key.pem'),
      '-out',
      at('cert.pem'),
    ]
    execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' })
  })
  after(() => rmSync(directory, { recursive: true }))
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
  })
  const at = (name: string): string => join(directory, name)
  const listen = async (server: Server): Promise<number> => {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const plain = async (answer: RequestListener): Promise<string> =>
    `http://127.0.0.1:${await listen(createServer(answer))}/hook?token=secret`
  const tls = async (answer: RequestListener): Promise<number> =>
    listen(createTlsServer({ key: readFileSync(at('key.pem')), cert: readFileSync(at('cert.pem')) }, answer))
  const tell = (url: string, more: Partial<UrlHookConfig> = {}): Promise<string | undefined> => {
    const hook: UrlHookConfig = {
      kind: 'url',
      name: 'x',
      on: ['router.role'],
      timeout: millis(5_000),
      retryFor: undefined,
      url,
      headers: {},
      verify: true,
      caFile: undefined,
      ...more,
    }
    return post(hook, message, new AbortController().signal)
  }
  const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
    let text = ''
    for await (const chunk of request) text += chunk
    return JSON.parse(text)
  }

  it('gets the event as the JSON body of a POST, with the headers of the file', async () => {
    let seen: Record<string, unknown> = {}
    const url = await plain((request, response) => {
      void bodyOf(request).then((body) => {
        const { method, url: path, headers } = request
        seen = { method, path, type: headers['content-type'], key: headers.authorization, body }
        response.writeHead(204).end()
      })
    })
    equal(await tell(url, { headers: { Authorization: 'Bearer x' } }), undefined)
    deepEqual(seen, {
      method: 'POST',
      path: '/hook?token=secret',
      type: 'application/json',
      key: 'Bearer x',
      body: { ...message },
    })
  })

  it('has not taken it with another status, a redirect among them', async () => {
    for (const status of [302, 400, 503]) {
      const url = await plain((_, response) =>
        response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(),
      )
      equal(await tell(url), `status ${status}, expected 200-299`)
    }
  })

  it('that does not answer in time, or at all, or with something else, is told in words without the secret', async () => {
    const silent = await plain(() => {})
    equal(await tell(silent, { timeout: millis(200) }), 'no answer in time')
    equal(await tell('http://127.0.0.1:1/?token=secret'), 'connection refused')
    equal(await tell('http://no-such-host.invalid/?token=secret'), 'the host name is not known')
    const closing = await plain((request) => request.socket.destroy())
    equal(await tell(closing), 'connection reset')
    const garbage = await plain((request) => request.socket.end('garbage\r\n\r\n'))
    equal(await tell(garbage), 'HPE_INVALID_CONSTANT')
  })

  it('that answers without end is not listened to', async () => {
    const url = await plain((_, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return
        response.once('drain', more)
      }
      more()
    })
    const before = process.memoryUsage().rss
    equal(await tell(url), undefined)
    equal(process.memoryUsage().rss - before < 64 << 20, true)
  })

  it('needs a certificate that somebody vouches for, for its own name', async () => {
    const port = await tls((_, response) => response.writeHead(200).end())
    const url = `https://localhost:${port}/`
    equal(await tell(url), 'its certificate is signed by nobody else (ca_file)')
    equal(await tell(url, { caFile: at('cert.pem') }), undefined)
    equal(
      await tell(`https://127.0.0.1:${port}/`, { caFile: at('cert.pem') }),
      'its certificate is for another name',
    )
    equal(await tell(url, { verify: false }), undefined)
    equal(await tell(url, { caFile: at('none.pem') }), 'ca_file: ENOENT')
  })

  it('is cut off when the hook has changed', async () => {
    const cut = new AbortController()
    const url = await plain(() => cut.abort('the hook has changed'))
    const hook = { url, headers: {}, verify: true, caFile: undefined, timeout: millis(60_000) }
    const told = post({ kind: 'url', name: 'x', on: [], retryFor: undefined, ...hook }, message, cut.signal)
    equal(await told, 'the hook has changed')
  })
})
