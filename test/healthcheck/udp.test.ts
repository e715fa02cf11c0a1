import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { UdpCheckConfig } from '../../src/config/checks/udp.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { against, brief, common, patient, run, runCheck } from './run.js'
import { ip } from './samples.js'
import { type Answer, closedUdpPort, listenUdp } from './udp-server.js'

const udpCheck = (changes: Partial<UdpCheckConfig> = {}): UdpCheckConfig => ({
  ...common,
  type: 'udp',
  send: 'ping',
  expect: undefined,
  requireReply: true,
  ...changes,
})

describe('healthcheck: udp', function () {
  this.timeout(30_000)
  noSocketStays()

  const cases: readonly (readonly [
    what: string,
    behave: (datagram: Buffer, answer: Answer) => void,
    check: Partial<UdpCheckConfig>,
    outcome: Outcome,
  ])[] = [
    ['any answer', (_, answer) => answer(Buffer.from('x')), {}, passed('answered')],
    ['an empty answer', (_, answer) => answer(Buffer.alloc(0)), {}, passed('answered')],
    [
      'an answer that matches',
      (datagram, answer) => answer(Buffer.from(`pong to ${datagram}`)),
      { expect: '^pong to ping$' },
      passed('answer matches'),
    ],
    [
      'an answer that does not',
      (_, answer) => answer(Buffer.from('busy')),
      { expect: '^pong' },
      failed('answer does not match /^pong/'),
    ],
    [
      'bytes',
      (datagram, answer) => answer(datagram),
      { send: { hex: '00ff10' }, expect: { hex: '00ff' } },
      passed('answer matches'),
    ],
    [
      'other bytes',
      (datagram, answer) => answer(datagram),
      { send: { hex: '00ff10' }, expect: { hex: '00ff11' } },
      failed('answer begins with other bytes'),
    ],
    [
      'fewer bytes',
      (_, answer) => answer(Buffer.of(0)),
      { expect: { hex: '00ff' } },
      failed('answer begins with other bytes'),
    ],
    [
      'the longest answer there is',
      (_, answer) => answer(Buffer.alloc(65_507, 'x')),
      { expect: '^x+$' },
      passed('answer matches'),
    ],
    [
      'more answers than can be read',
      (_, answer) => {
        for (let i = 0; i < 2_000; i++) answer(Buffer.alloc(1_000, 'x'))
      },
      {},
      passed('answered'),
    ],
    [
      'a pattern that backtracks for ever',
      (_, answer) => answer(Buffer.from(`${'a'.repeat(60)}!`)),
      { expect: '^(a+)+$' },
      failed('pattern /^(a+)+$/ took too long on this answer'),
    ],
    ['silence', () => {}, { timeout: brief }, failed('no answer within 400 ms')],
    [
      'silence where no answer is asked for',
      () => {},
      { timeout: brief, requireReply: false },
      passed('no answer, and no error either'),
    ],
    [
      'a wrong answer where none is asked for',
      (_, answer) => answer(Buffer.from('busy')),
      { expect: '^pong', requireReply: false },
      failed('answer does not match /^pong/'),
    ],
  ]
  for (const [what, behave, check, outcome] of cases) {
    it(what, async () => {
      assert.deepEqual(await against(await listenUdp(behave), udpCheck(check)), outcome)
    })
  }

  it('over IPv6', async () => {
    const server = await listenUdp((_, answer) => answer(Buffer.from('x')), '::1')
    assert.deepEqual(await against(server, udpCheck()), passed('answered'))
    assert.deepEqual(await run(udpCheck(), server.target), failed('port unreachable: nothing listens there'))
  })

  it('a port where nothing listens, whether an answer is asked for or not', async () => {
    for (const requireReply of [true, false]) {
      assert.deepEqual(
        await run(udpCheck({ requireReply }), await closedUdpPort()),
        failed('port unreachable: nothing listens there'),
      )
    }
  })

  it('comes from the bind address, and hears nobody but the target', async () => {
    const stranger = createSocket('udp4')
    let from = ''
    const server = await listenUdp((_, answer, sender) => {
      from = sender.address
      stranger.send('pong', sender.port, sender.address, () => answer(Buffer.from('from the target')))
    })
    const outcome = await against(server, udpCheck({ bind: ip('127.0.0.7'), expect: 'from the target' }))
    stranger.close()
    assert.deepEqual(outcome, passed('answer matches'))
    assert.equal(from, '127.0.0.7')
  })

  it('a bind address that is not ours counts for no server', async () => {
    assert.deepEqual(await against(await listenUdp(() => {}), udpCheck({ bind: ip('192.0.2.1') })), {
      pass: undefined,
      reason: 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)',
    })
  })

  it('a run whose time is already up leaves nothing', async () => {
    const server = await listenUdp(() => {})
    const check = udpCheck({ timeout: brief })
    const outcome = await runCheck(check, server.target, AbortSignal.abort())
    await server.close()
    assert.deepEqual(outcome, failed('no answer within 400 ms'))
  })

  it('runs at once with a hundred others', async () => {
    const server = await listenUdp((datagram, answer) => answer(datagram))
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        run(udpCheck({ send: `ping ${i}`, expect: `^ping ${i}$`, timeout: patient }), server.target),
      ),
    )
    await server.close()
    assert.deepEqual(new Set(outcomes.map((outcome) => outcome.pass)), new Set([true]))
  })
})
