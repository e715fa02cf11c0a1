import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Millis, millis } from '../../src/base/units.js'
import { changeWindow, type DampingState, mostChanges, step, undamped } from '../../src/ipvs/damping.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const [first, second] = ['10.0.0.21:80', '10.0.0.22:80'] as const

describe('ipvs damping', () => {
  /** Down and up so many times, each taking so long; answers the holds in seconds. */
  function flap(times: number, span: number): readonly number[] {
    let state: DampingState = undamped
    let now = 0
    const holds: number[] = []
    for (let i = 0; i < times; i++) {
      for (const healthy of [false, true]) {
        now += span
        state = step(state, healthy, millis(now))
        if (healthy && state.until !== undefined) holds.push((state.until - now) / 1000)
      }
    }
    return holds
  }

  it('three failures within five minutes are nothing, more hold it down, longer each time, up to a bound', () => {
    assert.deepEqual(flap(3, 5_000), [])
    assert.deepEqual(flap(9, 5_000), [30, 60, 120, 240, 300, 300])
    assert.deepEqual(flap(100, changeWindow / 6), [])
  })

  it('is bounded in every order, holds nobody who is down, and forgets after a quiet window', () => {
    const change = fc.record({ healthy: fc.boolean(), span: fc.integer({ min: 0, max: 120_000 }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        let state: DampingState = undamped
        let now: Millis = millis(0)
        const times: number[] = []
        for (const { healthy, span } of changes) {
          now = millis(now + span)
          state = step(state, healthy, now)
          times.push(now)
          assert.ok(state.changes.length <= mostChanges + 1)
          const recent = times.filter((at) => now - at < changeWindow).length
          assert.equal(state.until !== undefined, healthy && recent > mostChanges)
          if (state.until !== undefined) assert.ok(state.until - now <= 300_000)
        }
        assert.equal(step(state, true, millis(now + changeWindow)).holds, 0)
      }),
    )
  })

  const web = (change = {}) => service('web', '10.0.0.100:80', [server(first), server(second)], change)

  async function flapped(change = {}) {
    const machine = new FakeMachine()
    const setting = settingOf([web(change)])
    const runtime = await machine.start(setting)
    const say = async (name: string, health: 'healthy' | 'unhealthy') => {
      runtime.healthChanged([verdict('web', name, health)])
      await settled()
    }
    await say(first, 'healthy')
    await say(second, 'healthy')
    for (let i = 0; i < 4; i++) {
      await machine.clock.advance(5_000)
      await say(first, 'unhealthy')
      await machine.clock.advance(5_000)
      await say(first, 'healthy')
    }
    return { machine, runtime, say, setting }
  }

  it('keeps a flapping server out until it has been up for long enough, and says so', async () => {
    const { machine, runtime } = await flapped({ slowStart: millis(10_000) })
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 100 })
    assert.equal(runtime.status().services[0]?.realServers[0]?.heldLeft, 30_000)
    assert.equal(runtime.status().services[0]?.realServers[0]?.health, 'healthy')
    const line = machine.lines.find((one) => one.includes('held down'))
    assert.equal(
      line,
      'web/10.0.0.21:80: held down: its health changed more than 6 times within 5 min; ' +
        'it is out until it has been up for 30 s, unless too few others are up',
    )
    await machine.clock.advance(29_999)
    assert.equal(machine.weights(id)[first], 0)
    await machine.clock.advance(1)
    assert.equal(machine.weights(id)[first], 10)
    await machine.clock.advance(10_000)
    assert.equal(machine.weights(id)[first], 100)
    assert.ok(
      machine.lines.includes('web/10.0.0.21:80: no longer held down: its health has not changed meanwhile'),
    )
  })

  it('its end is nobody else’s doing, also where a reconcile comes first', async () => {
    const { machine, runtime } = await flapped()
    // The alarm is due at 30 s after the last change, a reconcile each 10 s.
    await machine.clock.advance(60_000)
    assert.equal(machine.weights(id)[first], 100)
    assert.equal(runtime.status().driftRepaired, 0)
  })

  it('never keeps the last one out, nor one that the quorum needs', async () => {
    const { machine, say } = await flapped({ sorryServer: server('10.0.0.90:80') })
    assert.equal(machine.weights(id)[first], 0)
    await say(second, 'unhealthy')
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 0 })
    await say(second, 'healthy')
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 100 })
    const needed = await flapped({ quorum: 150 })
    assert.deepEqual(needed.machine.weights(id), { [first]: 100, [second]: 100 })
  })

  it('is forgotten with the machine', async () => {
    const { machine, runtime } = await flapped()
    const other = server('10.0.0.29:80', { name: first })
    runtime.configure(settingOf([service('web', '10.0.0.100:80', [other, server(second)])]))
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.equal(machine.weights(id)['10.0.0.29:80'], 100)
  })
})
