/** The pure half of tracking: what each look means, and what all of them mean together. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { ProgramRun } from '../../../src/base/program.js'
import type { GatewayTrackConfig } from '../../../src/config/model.js'
import { effectivePriority } from '../../../src/vrrp/tracking/effective-priority.js'
import { judgeFile } from '../../../src/vrrp/tracking/file.js'
import { findGateway, judgeGateway } from '../../../src/vrrp/tracking/gateway.js'
import { judgeInterface } from '../../../src/vrrp/tracking/interface.js'
import { isProgram } from '../../../src/vrrp/tracking/process.js'
import { filterOutcome, type RiseFall, unfiltered } from '../../../src/vrrp/tracking/rise-fall.js'
import { judgeScript } from '../../../src/vrrp/tracking/script.js'
import {
  compareServices,
  judgeServices,
  type ServerCounts,
  servicesAtFirst,
} from '../../../src/vrrp/tracking/services.js'
import type { TrackState, Verdict } from '../../../src/vrrp/tracking/verdict.js'
import { ip, ms, prefix, prio } from '../support.js'

const verdict = (name: string, state: TrackState, weight?: number, delta?: number): Verdict => ({
  name,
  state,
  weight,
  reason: 'because',
  ...(delta === undefined ? {} : { delta }),
})

describe('vrrp/tracking effective priority', () => {
  const table: readonly (readonly [
    title: string,
    base: number,
    verdicts: readonly Verdict[],
    priority: number,
    because?: string | undefined,
    fault?: string,
  ])[] = [
    ['nothing tracked', 150, [], 150],
    ['up takes nothing off', 150, [verdict('a', 'up', -30)], 150],
    ['down takes its weight off', 150, [verdict('a', 'down', -30)], 120, 'track a down'],
    ['unknown changes nothing', 150, [verdict('a', 'unknown', -30)], 150],
    ['up adds a positive weight', 100, [verdict('a', 'up', 20)], 120],
    ['down does not', 100, [verdict('a', 'down', 20)], 100, 'track a down'],
    ['nor does unknown', 100, [verdict('a', 'unknown', 20)], 100, 'track a unknown'],
    [
      'several add up',
      150,
      [verdict('a', 'down', -30), verdict('b', 'down', -25)],
      95,
      'track a down, b down',
    ],
    ['not below 1', 100, [verdict('a', 'down', -253)], 1, 'track a down'],
    ['not above 254', 200, [verdict('a', 'up', 253)], 254],
    [
      'without a weight, down is a fault',
      150,
      [verdict('a', 'down')],
      150,
      undefined,
      'track a down: because',
    ],
    ['what the thing says itself', 150, [verdict('a', 'up', undefined, -7)], 143, 'track a'],
    ['nothing said is no fault', 150, [verdict('a', 'down', undefined, 0)], 150],
    ['the owner keeps 255', 255, [verdict('a', 'down', -30), verdict('b', 'up', 20)], 255],
    ['but for a fault', 255, [verdict('a', 'down')], 255, undefined, 'track a down: because'],
  ]
  for (const [title, base, verdicts, priority, because, fault] of table) {
    it(title, () => deepEqual(effectivePriority(prio(base), verdicts), { priority, because, fault }))
  }

  it('holds a start only for what could be a fault and is unknown', () => {
    const unknown = [verdict('a', 'unknown', -30), verdict('b', 'unknown')]
    equal(effectivePriority(prio(150), unknown, true).fault, 'track b unknown: because')
    equal(effectivePriority(prio(150), unknown).fault, undefined)
    equal(effectivePriority(prio(150), [verdict('a', 'unknown', -30)], true).fault, undefined)
  })

  it('is always one that may be advertised, and never grows when something more goes down', () => {
    const weight = fc.option(fc.integer({ min: -253, max: 253 }), { nil: undefined })
    const state = fc.constantFrom<TrackState>('unknown', 'up', 'down')
    const one = fc.record({ name: fc.constant('x'), state, weight, reason: fc.constant('') })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 254 }), fc.array(one), fc.nat(), (base, verdicts, pick) => {
        const before = effectivePriority(prio(base), verdicts)
        ok(before.priority >= 1 && before.priority <= 254)
        const worse = verdicts.map((each, i) =>
          i === pick % verdicts.length ? { ...each, state: 'down' as const } : each,
        )
        ok(effectivePriority(prio(base), worse).priority <= before.priority)
        equal(effectivePriority(prio(255), verdicts).priority, 255)
      }),
    )
  })
})

describe('vrrp/tracking rise and fall', () => {
  const rules = { rise: 2, fall: 3 }
  const run = (outcomes: string): string => {
    let state: RiseFall = unfiltered('')
    return [...outcomes]
      .map((each) => {
        state = filterOutcome(rules, state, { good: each === '+', reason: each })
        return state.finding.state === 'up' ? '+' : '-'
      })
      .join('')
  }
  for (const [outcomes, states] of [
    ['+', '+'],
    ['-', '-'],
    ['+--+--+', '+++++++'],
    ['+---', '+++-'],
    ['-+-+-', '-----'],
    ['-++', '--+'],
    ['+---+-++', '+++----+'],
  ] as const) {
    it(`${outcomes} is ${states}`, () => equal(run(outcomes), states))
  }

  it('changes only after enough in a row, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (outcomes) => {
        const states = run(outcomes.map((good) => (good ? '+' : '-')).join(''))
        for (let i = 1; i < states.length; i++) {
          if (states[i] === states[i - 1]) continue
          const needed = states[i] === '+' ? rules.rise : rules.fall
          const last = outcomes.slice(Math.max(0, i + 1 - needed), i + 1)
          ok(last.length === needed && last.every((good) => good === (states[i] === '+')))
        }
      }),
    )
  })
})

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)
const view = {
  interfaces: [
    { name: 'eth0', index: 2, up: true, mac, mtu: 1500 },
    { name: 'eth1', index: 3, up: false, mac, mtu: 1500 },
    { name: 'tun0', index: 4, up: true, mac: new Uint8Array(0), mtu: 1500 },
  ],
  addresses: [
    { interfaceIndex: 2, prefix: prefix('10.0.0.100/24') },
    { interfaceIndex: 2, prefix: prefix('10.0.0.11/24') },
    { interfaceIndex: 3, prefix: prefix('10.1.0.11/20') },
    { interfaceIndex: 4, prefix: prefix('10.9.0.1/30') },
    { interfaceIndex: 2, prefix: prefix('fe80::11/64') },
    { interfaceIndex: 3, prefix: prefix('2001:db8::11/64') },
  ],
}

describe('vrrp/tracking interface', () => {
  const common = { kind: 'interface', name: 'x', weight: undefined } as const
  for (const [name, address, state, reason] of [
    ['eth0', undefined, 'up', 'link is up'],
    ['eth0', '10.0.0.11', 'up', 'link is up and has 10.0.0.11'],
    ['eth0', '10.1.0.11', 'down', 'eth0 does not have 10.1.0.11'],
    ['eth1', '10.1.0.11', 'down', 'link of eth1 is down'],
    ['eth7', undefined, 'down', 'interface eth7 does not exist'],
  ] as const) {
    it(`${name} ${address ?? ''}: ${reason}`, () => {
      const track = { ...common, interface: name, address: address === undefined ? undefined : ip(address) }
      deepEqual(judgeInterface(track, view), { state, reason })
    })
  }
})

describe('vrrp/tracking gateway', () => {
  const where = (address: string, on?: string): string => {
    const found = findGateway({ address: ip(address), interface: on }, view, [ip('10.0.0.100')])
    if (!found.ok) return found.error
    return `${found.value.interface.name} from ${found.value.source?.bytes.join('.') ?? 'nothing'}`
  }
  for (const [address, on, answer] of [
    ['10.0.0.1', undefined, 'eth0 from 10.0.0.11'],
    ['10.1.15.1', undefined, 'link of eth1 is down'],
    ['10.1.16.1', undefined, 'no interface is in the network of 10.1.16.1'],
    ['192.168.0.1', 'eth0', 'eth0 from 10.0.0.11'],
    ['10.0.0.1', 'eth7', 'interface eth7 does not exist'],
    ['10.9.0.2', undefined, 'tun0 is no Ethernet'],
    ['fe80::1', 'eth0', `eth0 from ${ip('fe80::11').bytes.join('.')}`],
    ['2001:db8::1', undefined, 'link of eth1 is down'],
  ] as const) {
    it(`${address} ${on ?? ''}: ${answer}`, () => equal(where(address, on), answer))
  }

  it('says how it was asked', () => {
    const v4: Pick<GatewayTrackConfig, 'address'> = { address: ip('10.0.0.1') }
    deepEqual(judgeGateway(v4, true, undefined), { good: true, reason: 'answers ARP' })
    deepEqual(judgeGateway(v4, false, undefined), { good: false, reason: 'does not answer ARP' })
    deepEqual(judgeGateway(v4, false, 'no link'), { good: false, reason: 'no link' })
    const reason = judgeGateway({ address: ip('fe80::1') }, false, undefined).reason
    equal(reason, 'does not answer neighbour discovery')
  })
})

describe('vrrp/tracking file', () => {
  for (const [content, finding] of [
    ['-20\n', { state: 'up', delta: -20, reason: 'says -20' }],
    ['+5', { state: 'up', delta: 5, reason: 'says +5' }],
    ['-0', { state: 'up', delta: 0, reason: 'says 0' }],
    ['999', { state: 'up', delta: 253, reason: 'says +253' }],
    ['', { state: 'down', delta: 0, reason: 'is empty' }],
    ['1.5', { state: 'down', delta: 0, reason: 'holds no whole number' }],
    ['12 monkeys', { state: 'down', delta: 0, reason: 'holds no whole number' }],
  ] as const) {
    it(`${JSON.stringify(content)} ${finding.reason}`, () =>
      deepEqual(judgeFile({ weightFromContent: true }, { there: true, content }), finding))
  }
  it('without a number in it, its existence counts', () => {
    const judge = (look: Parameters<typeof judgeFile>[1]) => judgeFile({ weightFromContent: false }, look)
    deepEqual(judge({ there: true, content: 'x' }), { state: 'up', reason: 'exists' })
    deepEqual(judge({ there: false, code: 'ENOENT' }), { state: 'down', reason: 'does not exist' })
    deepEqual(judge({ there: false, code: 'EACCES' }), { state: 'down', reason: 'EACCES' })
    const gone = judgeFile({ weightFromContent: true }, { there: false, code: 'ENOENT' })
    deepEqual(gone, { state: 'down', delta: 0, reason: 'does not exist' })
  })
})

describe('vrrp/tracking script', () => {
  const runs: readonly (readonly [ProgramRun, good: boolean, reason: string])[] = [
    [{ how: 'exited', status: 0, output: '' }, true, 'exit status 0'],
    [
      { how: 'exited', status: 3, output: 'more\n  no \u001b[31mroute\n\n' },
      false,
      'exit status 3: no  [31mroute',
    ],
    [{ how: 'signal', signal: 'SIGSEGV' }, false, 'was ended by SIGSEGV'],
    [{ how: 'timeout', milliseconds: 500 }, false, 'did not end within 500 ms'],
    [{ how: 'flood', bytes: 10 }, false, 'wrote more than 10 bytes'],
    [{ how: 'refused', reason: 'no such user' }, false, 'no such user'],
  ]
  for (const [run, good, reason] of runs) {
    it(reason, () => deepEqual(judgeScript(run), { good, reason }))
  }
})

describe('vrrp/tracking process', () => {
  const look = { comm: 'nginx', exe: undefined, argv0: 'nginx: master' }
  for (const [title, program, seen, expected] of [
    ['by name', 'nginx', look, true],
    ['another', 'named', look, false],
    ['a zombie has no command line', 'nginx', { ...look, argv0: '' }, false],
    ['by path, from its link', '/usr/sbin/nginx', { ...look, exe: '/usr/sbin/nginx' }, true],
    [
      'by path, replaced by an upgrade',
      '/usr/sbin/nginx',
      { ...look, exe: '/usr/sbin/nginx (deleted)' },
      false,
    ],
    ['by path, from its command line', '/usr/sbin/nginx', { ...look, argv0: '/usr/sbin/nginx' }, true],
    [
      'a name longer than the kernel keeps',
      'prometheus-node-exporter',
      { comm: 'prometheus-node', exe: undefined, argv0: '/usr/bin/prometheus-node-exporter' },
      true,
    ],
    [
      'a name that only begins like it',
      'prometheus-node-exporter',
      { comm: 'prometheus-node', exe: undefined, argv0: '/usr/bin/prometheus-node-thing' },
      false,
    ],
  ] as const) {
    it(title, () => equal(isProgram({ program }, seen), expected))
  }
})

describe('vrrp/tracking services', () => {
  const track = { hold: ms(2_000), weight: -60, perServer: false }
  const counts = (healthy: number, unknown = 0, total = 4): ServerCounts => ({ healthy, unknown, total })
  /** `at own/peer` each; what counts after each. */
  const run = (
    ...steps: readonly (readonly [at: number, own?: ServerCounts, peer?: ServerCounts | undefined])[]
  ): string => {
    let state = servicesAtFirst
    return steps
      .map(([at, own, peer]) => {
        state = compareServices(track, state, own, peer, ms(at))
        return state.fewer
      })
      .join(' ')
  }

  it('counts a difference that lasts', () => {
    equal(
      run([0, counts(3), counts(4)], [1_999, counts(3), counts(4)], [2_000, counts(3), counts(4)]),
      '0 0 1',
    )
  })
  it('does not count the same event seen 200 ms apart, in either order', () => {
    equal(run([0, counts(3), counts(4)], [200, counts(3), counts(3)], [9_000, counts(3), counts(3)]), '0 0 0')
    equal(run([0, counts(4), counts(3)], [200, counts(3), counts(3)], [9_000, counts(3), counts(3)]), '0 0 0')
  })
  it('does not add short differences up', () => {
    const down = counts(3)
    const up = counts(4)
    equal(
      run([0, down, up], [1_500, up, up], [1_600, down, up], [3_500, down, up], [3_600, down, up]),
      '0 0 0 0 1',
    )
  })
  it('ends in its own time too', () => {
    const down = counts(3)
    const up = counts(4)
    equal(
      run([0, down, up], [2_000, down, up], [3_000, up, up], [4_999, up, up], [5_000, up, up]),
      '0 1 1 1 0',
    )
  })
  it('compares only views of the same servers, all of them judged', () => {
    equal(run([0, counts(3, 1), counts(4)], [5_000, counts(3, 1), counts(4)]), '0 0')
    equal(run([0, counts(3, 0, 3), counts(4)], [5_000, counts(3, 0, 3), counts(4)]), '0 0')
    equal(run([0, counts(3), undefined], [5_000, counts(3), undefined]), '0 0')
  })
  it('a director that sees more weighs nothing less', () => {
    equal(run([0, counts(4), counts(1)], [5_000, counts(4), counts(1)]), '0 0')
  })
  it('weighs once or for each server', () => {
    const state = { fewer: 3, differsSince: undefined }
    const reason = 'lb2 sees 3 more healthy servers'
    deepEqual(judgeServices(track, state, 'lb2'), { state: 'down', reason })
    deepEqual(judgeServices({ weight: -10, perServer: true }, state, 'lb2'), {
      state: 'down',
      reason,
      delta: -30,
    })
    deepEqual(judgeServices({ weight: -100, perServer: true }, state, 'lb2'), {
      state: 'down',
      reason,
      delta: -253,
    })
    equal(judgeServices(track, servicesAtFirst, 'lb2').state, 'up')
  })
})
