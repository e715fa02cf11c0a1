import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerHealth } from '../../src/base/facts.js'
import { formatEndpoint } from '../../src/base/ip.js'
import { closedPort, frozenServer, listen } from './servers.js'

/** Checks the targets it is given until each has its verdict, stops, and must then end by itself. */
const program = `
  const from = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}))
  const { startHealthcheck } = await from('../../src/healthcheck/runtime.js')
  const { checkerWith } = await from('../../src/healthcheck/checkers/run-check.js')
  const { checkTools } = await from('../../src/platform/check-tools.js')
  const { Reactor } = await from('../../src/platform/reactor.js')
  const { httpCheck, tcpCheck, server, service } = await from('./samples.js')
  const runCheck = checkerWith(checkTools(Reactor.open()))
  const clock = {
    now: () => performance.now(),
    wall: () => Date.now(),
    at: (deadline, run) => {
      const timer = setTimeout(run, Math.max(0, Math.ceil(deadline - performance.now())))
      return { cancel: () => clearTimeout(timer) }
    },
    afterPendingInput: (run) => setImmediate(run),
  }
  const log = { error() {}, warn() {}, info() {}, debug() {} }
  const settings = { interval: 50, timeout: 2000, rise: 2, fall: 2 }
  const silence = { ...settings, timeout: 300 }
  const [good, closed, silent, frozen] = process.argv.slice(1)
  const facts = []
  const runtime = startHealthcheck({ clock, log, random: (length) => new Uint8Array(length), runCheck }, (fact) => {
    facts.push(fact)
    if (new Set(facts.map((each) => each.server)).size < 4) return
    runtime.stop()
    console.log(JSON.stringify(facts))
  })
  runtime.configure([
    service('web', [
      server(good, [tcpCheck(settings), httpCheck(settings)], 'good'),
      server(closed, [tcpCheck(settings)], 'closed'),
      server(silent, [httpCheck(silence)], 'silent'),
      server(frozen, [httpCheck(silence)], 'frozen'),
    ]),
  ])
`

describe('healthcheck as a process', () => {
  it('judges real servers, and ends by itself once it is stopped', async () => {
    const good = await listen((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    const silent = await listen(() => {})
    const frozen = await frozenServer()
    const targets = [good.target, await closedPort(), silent.target, frozen.target].map(formatEndpoint)
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...targets], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number]
    for (const server of [good, silent, frozen]) await server.close()
    assert.equal(code, 0)
    const facts = JSON.parse(output) as ServerHealth[]
    const verdicts = new Map(facts.map((fact) => [fact.server, `${fact.health}: ${fact.reason}`]))
    assert.deepEqual(Object.fromEntries(verdicts), {
      good: `healthy: tcp ${targets[0]}: connected (2 of 2 passed); http GET /healthz: status 200 (2 of 2 passed)`,
      closed: `unhealthy: tcp ${targets[1]}: connection refused (2 of 2 failed)`,
      silent: 'unhealthy: http GET /healthz: no complete answer header within 300 ms (2 of 2 failed)',
      frozen: 'unhealthy: http GET /healthz: no complete answer header within 300 ms (2 of 2 failed)',
    })
  }).timeout(60_000)
})
