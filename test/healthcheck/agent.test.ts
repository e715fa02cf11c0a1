import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import type { AgentCheckConfig } from '../../src/config/checks/agent.js'
import { judgeAgentLine } from '../../src/healthcheck/agent-line.js'
import { AgentTalk } from '../../src/healthcheck/agent-talk.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { against, brief, common, patient, run, runCheck } from './run.js'
import { endpoint, ip } from './samples.js'
import { closedPort, frozenServer, listenEager, pour } from './servers.js'

const agentCheck = (changes: Partial<AgentCheckConfig> = {}): AgentCheckConfig => ({
  ...common,
  type: 'agent',
  send: undefined,
  ...changes,
})

describe('healthcheck: what an agent says', () => {
  const cases: readonly (readonly [line: string, outcome: Outcome])[] = [
    ['up', passed('says "up"')],
    ['ready', passed('says "ready"')],
    ['up 75%\r', passed('says "up 75%"', { percent: 75 })],
    ['75%', passed('says "75%"', { percent: 75 })],
    ['0%', passed('says "0%"', { percent: 0 })],
    ['UP,\t50%', passed('says "UP,\\t50%"', { percent: 50 })],
    ['100% maxconn:30', passed('says "100% maxconn:30"', { percent: 100 })],
    ['250%', passed('says "250%"', { percent: 100 })],
    ['drain', passed('says "drain"', { percent: 0 })],
    ['up 75% drain', passed('says "up 75% drain"', { percent: 0 })],
    ['maint', failed('says "maint"')],
    ['ready maint', failed('says "ready maint"')],
    ['down', failed('says "down"')],
    ['fail#the disk is up', failed('says "fail#the disk is up"')],
    ['stopped # for tonight', failed('says "stopped # for tonight"')],
    ['up # not down', passed('says "up # not down"')],
    ['', failed('says "", which is not an agent\'s answer')],
    ['#up', failed('says "#up", which is not an agent\'s answer')],
    ['75', failed('says "75", which is not an agent\'s answer')],
    ['-5%', failed('says "-5%", which is not an agent\'s answer')],
    ['downtown', failed('says "downtown", which is not an agent\'s answer')],
    ['\u001b[2Jhello', failed('says "\\u001b[2Jhello", which is not an agent\'s answer')],
  ]
  for (const [line, outcome] of cases) {
    it(JSON.stringify(line), () => assert.deepEqual(judgeAgentLine(line), outcome))
  }

  it('is the same however the stream is cut, and never more than a line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), fc.integer({ min: 1, max: 300 }), (bytes, size) => {
        const verdictOf = (step: number): Outcome => {
          const talk = new AgentTalk({ send: undefined, timeout: brief })
          for (let at = 0; at < bytes.length; at += step) {
            const turn = talk.read(bytes.subarray(at, at + step))
            if (turn && 'verdict' in turn) return turn.verdict
          }
          return talk.end('closed')
        }
        assert.deepEqual(verdictOf(size), verdictOf(bytes.length + 1))
      }),
    )
  })
})

describe('healthcheck: agent', function () {
  this.timeout(30_000)
  noSocketStays()

  const cases: readonly (readonly [
    what: string,
    behave: Parameters<typeof listenEager>[0],
    outcome: Outcome,
    timeout?: typeof brief,
  ])[] = [
    ['a line', (socket) => socket.write('up 75%\n'), passed('says "up 75%"', { percent: 75 })],
    [
      'a line that only the close ends',
      (socket) => socket.end('drain'),
      passed('says "drain"', { percent: 0 }),
    ],
    ['more lines than one', (socket) => socket.end('up\ndown\n'), passed('says "up"')],
    ['a close', (socket) => socket.end(), failed('connection closed with no complete line')],
    ['silence', () => {}, failed('no complete line within 400 ms'), brief],
    ['half a line', (socket) => socket.write('up'), failed('no complete line within 400 ms'), brief],
    [
      'an endless line',
      (socket) => pour(socket, 'up '.repeat(1_000)),
      failed('a line of more than 1024 bytes'),
    ],
    [
      'garbage',
      (socket) => socket.end(Buffer.from([0, 255, 27, 10])),
      failed('says "\\u0000�\\u001b", which is not an agent\'s answer'),
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of cases) {
    it(what, async () => {
      assert.deepEqual(await against(await listenEager(behave), agentCheck({ timeout })), outcome)
    })
  }

  it('says what it was told to say, from where it was told to', async () => {
    let heard = ''
    const server = await listenEager((socket) => {
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.toString()
        if (heard.endsWith('\n')) socket.end(`up #${socket.remoteAddress}\n`)
      })
    })
    const outcome = await against(server, agentCheck({ send: 'how are you?\n', bind: ip('127.0.0.7') }))
    assert.equal(heard, 'how are you?\n')
    assert.deepEqual(outcome, passed('says "up #127.0.0.7"'))
  })

  it('a reset', async () => {
    const server = await listenEager((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const outcome = await against(server, agentCheck({ send: 'how are you?\n' }))
    assert.deepEqual(outcome, failed('connection reset with no complete line'))
  })

  it('refused', async () => {
    assert.deepEqual(await run(agentCheck(), await closedPort()), failed('connection refused'))
  })

  it('a frozen server', async () => {
    const frozen = await frozenServer()
    const { port } = frozen.target
    const fillers = Array.from({ length: 8 }, () =>
      connect({ host: '127.0.0.1', port }).on('error', () => {}),
    )
    await Promise.any(fillers.map((filler) => once(filler, 'connect')))
    const outcome = await run(agentCheck({ timeout: brief }), frozen.target)
    for (const filler of fillers) filler.destroy()
    await frozen.close()
    assert.deepEqual(outcome, failed('no answer to connect within 400 ms'))
  })

  it('a bind address that is not ours counts for no server', async () => {
    const outcome = await against(await listenEager(() => {}), agentCheck({ bind: ip('192.0.2.1') }))
    assert.deepEqual(outcome, {
      pass: undefined,
      reason: 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)',
    })
  })

  it('a run whose time is already up fails and leaves nothing', async () => {
    const outcome = await runCheck(
      agentCheck({ timeout: brief }),
      endpoint('127.0.0.1:9'),
      AbortSignal.abort(),
    )
    assert.deepEqual(outcome, failed('no answer to connect within 400 ms'))
  })
})
