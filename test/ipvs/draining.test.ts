/** Drains, slow starts and operators' words, with the fake kernel and a clock that is moved by hand. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AdminAction, ServerOverride } from '../../src/base/facts.js'
import { millis, type Weight } from '../../src/base/units.js'
import { IPVS_CMD } from '../../src/ipvs/constants.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const first = '10.0.0.21:80'
const second = '10.0.0.22:80'
const timing = { drainTimeout: millis(30_000), slowStart: millis(10_000) }
const unchecked = (address: string, weight = 100) => server(address, { checks: [], weight: weight as Weight })
const both = () => service('web', '10.0.0.100:80', [unchecked(first), unchecked(second)], timing)
const one = () => service('web', '10.0.0.100:80', [unchecked(first)], timing)
const checked = () => service('web', '10.0.0.100:80', [server(first), server(second)], timing)

const word = (
  action: AdminAction,
  since: number,
  weight?: number,
  reason: string | undefined = undefined,
): ServerOverride => ({ service: 'web', server: second, action, weight, reason, since })

const told = (machine: FakeMachine, pattern: RegExp) => machine.lines.filter((line) => pattern.test(line))

describe('a server that the file has lost', () => {
  it('is quiesced, shown with its connections, and removed when they have ended', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([both()]))
    machine.kernel.connections.set(second, [4, 1])
    const { changes } = await runtime.plan(settingOf([one()]))
    assert.deepEqual(changes, [
      { change: 'changed', service: id, server: second, details: ['weight 100 -> 0', 'drains up to 30 s'] },
    ])
    runtime.configure(settingOf([one()]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    machine.kernel.connections.set(second, [1, 1])
    await machine.clock.advance(1_000)
    const [status] = runtime.status().services
    assert.deepEqual(status?.draining, [
      { address: second, activeConnections: 1, inactiveConnections: 1, left: 29_000 },
    ])
    assert.equal(status?.realServers.length, 1)
    machine.kernel.connections.set(second, [0, 0])
    await machine.clock.advance(1_000)
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    assert.deepEqual(told(machine, /drain/), [
      'web: 10.0.0.22:80 drains: 5 connections, 30 s left',
      'web: 10.0.0.22:80 drains: 2 connections, 29 s left',
      'web: 10.0.0.22:80 is drained, after 2.0 s',
    ])
    await machine.clock.advance(20_000)
    assert.deepEqual(runtime.status().services[0]?.draining, [])
    assert.equal(
      machine.facts.some(({ type }) => type === 'driftRepaired'),
      false,
    )
  })

  it('goes at the deadline whatever it has, and no reconcile takes that for drift', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([both()]))
    runtime.configure(settingOf([one()]))
    await settled()
    await machine.clock.advance(29_999)
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    await machine.clock.advance(1)
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    assert.equal(told(machine, /goes with 5 connections, which did not end within 30\.0 s/).length, 1)
    assert.equal(
      machine.facts.some(({ type }) => type === 'driftRepaired'),
      false,
    )
  })

  it('that had no connections when it was read is not removed before it has been quiesced', async () => {
    const machine = new FakeMachine()
    machine.kernel.connections.set(second, [0, 0])
    const runtime = await machine.start(settingOf([both()]))
    runtime.configure(settingOf([one()]))
    await settled()
    // One came in between the reading and the quiescing.
    machine.kernel.connections.set(second, [1, 0])
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await machine.clock.advance(5_000)
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
  })

  it('goes at once with drain_timeout = "0s", and when it is empty already', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([{ ...both(), drainTimeout: undefined }]))
    runtime.configure(settingOf([{ ...one(), drainTimeout: undefined }]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    const idle = new FakeMachine()
    idle.kernel.connections.set(second, [0, 0])
    const quiet = { ...both(), realServers: [unchecked(first), unchecked(second, 0)] }
    const other = await idle.start(settingOf([quiet]))
    assert.equal((await other.plan(settingOf([one()]))).changes[0]?.change, 'removed')
    other.configure(settingOf([one()]))
    await settled()
    assert.deepEqual(idle.weights(id), { [first]: 100 })
  })

  it('is enabled when the file has it again', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([both()]))
    runtime.configure(settingOf([one()]))
    await settled()
    runtime.configure(settingOf([{ ...both(), slowStart: undefined }]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 100 })
    await machine.clock.advance(60_000)
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 100 })
  })

  it('while no process ran drains too, and what somebody else added does not', async () => {
    const machine = new FakeMachine()
    await (await machine.start(settingOf([both()]))).stop()
    const runtime = await machine.start(settingOf([one()]))
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    const entry = machine.kernel.services.get(id)
    const there = entry?.destinations.get(second)
    assert.ok(entry && there)
    entry.destinations.set('10.0.0.9:80', {
      ...there,
      weight: 5,
      endpoint: server('10.0.0.9:80').endpoint,
    })
    await machine.clock.advance(10_000)
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    assert.equal(runtime.status().driftRepaired, 1)
  })

  it('never goes before its deadline while it has connections, whatever happens meanwhile', async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), span: fc.integer({ min: 1, max: 12_000 }) }),
      fc.record({ kind: fc.constant('connections' as const), count: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constant('reload' as const), weight: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ kind: fc.constant('health' as const), up: fc.boolean() }),
      fc.record({ kind: fc.constant('look' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), fc.boolean(), async (events, operator) => {
        const machine = new FakeMachine()
        const { kernel, clock } = machine
        const config = (weight: number, lost: boolean) =>
          service(
            'web',
            '10.0.0.100:80',
            [server(first, { weight: weight as Weight }), ...(lost ? [] : [unchecked(second)])],
            timing,
          )
        const runtime = await machine.start(settingOf([config(100, false)]))
        const begun = clock.now()
        const overrides = operator ? [word('drain', begun)] : []
        const setting = (weight: number) => settingOf([config(weight, !operator)], { overrides })
        let there = true
        kernel.onChange = () => {
          const now = kernel.services.get(id)?.destinations.has(second) === true
          const [active] = kernel.connections.get(second) ?? [3, 2]
          if (there && !now) assert.ok(active === 0 || clock.now() >= begun + 30_000, 'cut off too early')
          there = now
        }
        runtime.configure(setting(100))
        await settled()
        for (const one of events) {
          if (one.kind === 'pass') await clock.advance(one.span)
          // No new ones come to a server that has been quiesced.
          else if (one.kind === 'connections') {
            const [before] = kernel.connections.get(second) ?? [3, 2]
            kernel.connections.set(second, [Math.min(before, one.count), 0])
          } else if (one.kind === 'reload') runtime.configure(setting(one.weight))
          else if (one.kind === 'health')
            runtime.healthChanged([verdict('web', first, one.up ? 'healthy' : 'unhealthy')])
          else runtime.status()
          await settled()
        }
        for (let i = 0; i < 4; i++) await clock.advance(10_000)
        assert.equal(there, false, 'it is still there long after its deadline')
      }),
      { numRuns: 150 },
    )
  })
})

describe('a server that comes back', () => {
  const rise = async (machine: FakeMachine, seconds: number) => {
    const weights: number[] = []
    for (let i = 0; i < seconds; i++) {
      weights.push(machine.weights(id)[first] ?? -1)
      await machine.clock.advance(1_000)
    }
    return weights
  }

  it('has a tenth of its weight first, and more at each step', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([checked()]))
    const say = async (health: 'healthy' | 'unhealthy') => {
      runtime.healthChanged([verdict('web', first, health), verdict('web', second, 'healthy')])
      await settled()
    }
    await say('healthy')
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 100 }, 'nobody rises at the start')
    await say('unhealthy')
    await say('healthy')
    assert.deepEqual(await rise(machine, 4), [10, 19, 28, 37])
    assert.equal(runtime.status().services[0]?.realServers[0]?.slowStartLeft, 6_000)
    runtime.configure(settingOf([{ ...checked(), scheduler: 'rr' }]))
    await settled()
    assert.deepEqual(await rise(machine, 2), [46, 55], 'a reload keeps the progress')
    await say('unhealthy')
    assert.equal(machine.weights(id)[first], 0)
    await machine.clock.advance(3_000)
    assert.equal(machine.weights(id)[first], 0)
    await say('healthy')
    assert.deepEqual(await rise(machine, 12), [10, 19, 28, 37, 46, 55, 64, 73, 82, 91, 100, 100])
    await machine.clock.advance(20_000)
    assert.equal(runtime.status().driftRepaired, 0)
  })

  it('after an earlier run left it out, rises too, and is never without weight', async () => {
    const machine = new FakeMachine()
    const light = { ...checked(), realServers: [server(first, { weight: 1 as Weight }), server(second)] }
    const before = await machine.start(settingOf([light]))
    before.healthChanged([verdict('web', first, 'unhealthy'), verdict('web', second, 'unhealthy')])
    await settled()
    await before.stop()
    const runtime = await machine.start(settingOf([light]))
    runtime.healthChanged([verdict('web', first, 'healthy'), verdict('web', second, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 1, [second]: 10 })
  })

  it('is repaired to the weight of the moment when somebody else changes it', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([both()]))
    runtime.configure(settingOf([{ ...both(), realServers: [unchecked(first)] }]))
    await settled()
    machine.kernel.connections.set(second, [0, 0])
    await machine.clock.advance(2_000)
    runtime.configure(settingOf([both()]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 10 })
    await machine.clock.advance(3_000)
    assert.deepEqual((await runtime.plan(settingOf([both()]))).changes, [])
  })
})

describe('a server of another name or address', () => {
  const named = (name: string, address: string) =>
    service('web', '10.0.0.100:80', [server(first), server(address, { name })], timing)

  it('has a slow start when it is another machine, and none when it is the same', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([named('b', second)]))
    const healthy = async (name: string) => {
      runtime.healthChanged([first, name].map((one) => verdict('web', one, 'healthy')))
      await settled()
      return machine.weights(id)
    }
    await healthy('b')
    runtime.configure(settingOf([named('renamed', second)]))
    assert.deepEqual(await healthy('renamed'), { [first]: 100, [second]: 100 })
    runtime.configure(settingOf([named('renamed', '10.0.0.23:80')]))
    assert.deepEqual(await healthy('renamed'), { [first]: 100, [second]: 0, '10.0.0.23:80': 10 })
  })
})

describe('an operator’s word', () => {
  it('for the weight of a server without a verdict is risen to as well', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([service('web', '10.0.0.100:80', [server(first)], timing)]))
    const overrides = [word('weight', machine.clock.now(), 50)]
    runtime.configure(settingOf([checked()], { overrides }))
    await settled()
    assert.equal(machine.weights(id)[second], 5)
    assert.deepEqual((await runtime.plan(settingOf([checked()], { overrides }))).changes, [])
    await machine.clock.advance(10_000)
    assert.equal(machine.weights(id)[second], 50)
  })

  it('drains and keeps out, over a reload and a restart, until the server is enabled', async () => {
    const machine = new FakeMachine()
    const since = machine.clock.now()
    const drained = settingOf([both()], { overrides: [word('drain', since)] })
    const runtime = await machine.start(settingOf([both()]))
    runtime.configure(drained)
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    await machine.clock.advance(20_000)
    assert.equal(runtime.status().services[0]?.realServers[1]?.drainLeft, 10_000)
    await runtime.stop()
    const next = await machine.start(drained)
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    await machine.clock.advance(10_000)
    assert.deepEqual(machine.weights(id), { [first]: 100 }, 'the time runs on over a restart')
    next.configure(settingOf([{ ...both(), scheduler: 'rr' }], { overrides: drained.overrides }))
    await settled()
    await machine.clock.advance(60_000)
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    assert.equal(next.status().services[0]?.realServers[1]?.drainLeft, undefined)
    next.configure(settingOf([{ ...both(), slowStart: undefined }]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 100 })
  })

  it('reads one service and changes one destination', async () => {
    const machine = new FakeMachine()
    const dns = service('dns', '10.0.0.100:53', [unchecked('10.0.0.31:53')], { protocol: 'udp' })
    const runtime = await machine.start(settingOf([both(), dns]))
    machine.kernel.changes.length = 0
    const exchanges: number[] = []
    machine.kernel.beforeExchange = (requests) => exchanges.push(requests.length)
    runtime.configure(settingOf([both(), dns], { overrides: [word('quiesce', machine.clock.now())] }))
    await settled()
    assert.deepEqual([exchanges, machine.kernel.changes], [[1, 1], [IPVS_CMD.SET_DEST]])
  })

  const cases: readonly (readonly [AdminAction, number | undefined, number | undefined])[] = [
    ['quiesce', undefined, 0],
    ['disable', undefined, undefined],
    ['weight', 7, 7],
    ['weight', 0, 0],
  ]
  for (const [action, weight, expected] of cases)
    it(`${action}${weight === undefined ? '' : ` ${weight}`}: ${expected ?? 'absent'}`, async () => {
      const machine = new FakeMachine()
      const overrides = [word(action, machine.clock.now(), weight)]
      const runtime = await machine.start(settingOf([checked()], { overrides }))
      runtime.healthChanged([verdict('web', first, 'healthy'), verdict('web', second, 'healthy')])
      await settled()
      await machine.clock.advance(60_000)
      assert.equal(machine.weights(id)[second], expected)
      runtime.healthChanged([verdict('web', second, 'unhealthy')])
      await settled()
      assert.equal(machine.weights(id)[second], expected === undefined ? undefined : 0)
      assert.equal(runtime.status().driftRepaired, 0)
    })
})

describe('the numbers', () => {
  it('are those of the table that was read, of services and servers', async () => {
    const machine = new FakeMachine()
    await machine.start(settingOf([both()]))
    await machine.clock.advance(10_000)
    const reading = machine.readings.at(-1)
    assert.equal(machine.readings.length, 2)
    assert.equal(reading?.at, machine.clock.now())
    const [web] = reading?.services ?? []
    assert.deepEqual([web?.name, web?.servers], ['web', [first, second]])
    assert.deepEqual([web?.numbers[10], web?.numbers[20]], [5_000_000_009, 5_000_000_009])
  })
})
