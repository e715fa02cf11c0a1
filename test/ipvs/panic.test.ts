import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Millis, millis } from '../../src/base/units.js'
import { calm, type Others, type PanicEvent, type PanicState, patience, step } from '../../src/ipvs/panic.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const params = { threshold: 0.5, window: millis(4_000) }
const id = 'tcp 10.0.0.100:80'
const names = ['10.0.0.21:80', '10.0.0.22:80', '10.0.0.23:80', '10.0.0.24:80'] as const
const sorry = '10.0.0.90:80'

/** A service of so many servers, all up, and what the checks say of them. */
class Model {
  state: PanicState = calm
  now = millis(0)
  readonly down = new Set<string>()
  readonly told: string[] = []

  constructor(
    readonly size: number,
    readonly sorry: boolean,
    readonly limits = params,
  ) {}

  get up(): number {
    return this.size - this.down.size
  }

  get others(): Others {
    return { upTo: (most) => Math.min(most, this.up), sorry: this.sorry }
  }

  say(event: PanicEvent): void {
    for (const server of event.type === 'timePassed' ? [] : event.servers)
      if (event.type === 'failed') this.down.add(server)
      else this.down.delete(server)
    const [state, effects] = step(this.limits, this.state, event, this.others, this.now)
    this.state = state
    for (const effect of effects) this.told.push(effect.type === 'panicBegan' ? 'began' : effect.why)
  }

  fail(...servers: readonly string[]): this {
    for (const one of servers) this.say({ type: 'failed', servers: [one] })
    return this
  }

  heal(...servers: readonly string[]): this {
    for (const one of servers) this.say({ type: 'returned', servers: [one] })
    return this
  }

  wait(span: number): this {
    this.now = millis(this.now + span)
    this.say({ type: 'timePassed' })
    return this
  }
}

describe('ipvs panic', () => {
  it('begins when more than the share fail within the window, and not before', () => {
    assert.deepEqual(new Model(4, false).fail('a', 'b').state.name, 'calm')
    const { state } = new Model(4, false).fail('a', 'b', 'c')
    assert.deepEqual(state.name === 'panic' && state.suspects, ['a', 'b', 'c'])
    assert.equal(new Model(4, false).fail('a').wait(4_000).fail('b', 'c').state.name, 'panic')
    assert.equal(new Model(6, false).fail('a').wait(4_000).fail('b', 'c').state.name, 'calm')
    assert.equal(new Model(4, false).fail('a', 'b').heal('a').fail('c').state.name, 'calm')
  })

  it('one server alone proves nothing', () => {
    assert.equal(new Model(1, false).fail('a').state.name, 'calm')
    assert.equal(new Model(2, false, { ...params, threshold: 0.3 }).fail('a').state.name, 'calm')
    assert.equal(new Model(2, false).fail('a', 'b').state.name, 'panic')
  })

  it('ends when enough are back', () => {
    const model = new Model(4, false).fail('a', 'b', 'c').heal('b')
    assert.equal(model.state, calm)
    assert.deepEqual(model.told, ['began', 'returned'])
  })

  it('ends after a while where somebody else can serve; the rest fails later for itself', () => {
    const model = new Model(4, false).fail('a', 'b', 'c').wait(patience - 1)
    assert.equal(model.state.name, 'panic')
    assert.equal(model.wait(1).state, calm)
    assert.deepEqual(model.told, ['began', 'believed'])
    assert.equal(new Model(4, true).fail('a', 'b', 'c', 'd').wait(patience).state, calm)
  })

  it('lasts while nobody else could serve; the first to come back has its time too', () => {
    const model = new Model(10, false).fail(...'abcdefghij').wait(10 * patience)
    assert.equal(model.state.name, 'panic')
    model.heal('a')
    assert.equal(model.state.name, 'panic')
    model.wait(1_000).heal('b', 'c', 'd')
    assert.equal(model.state.name, 'panic')
    model.heal('e')
    assert.equal(model.state, calm)
  })

  it('is a model of its definition in every order of events', () => {
    const event = fc.oneof(
      fc.record({ what: fc.constant('fail' as const), server: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ what: fc.constant('heal' as const), server: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ what: fc.constant('wait' as const), span: fc.integer({ min: 1, max: 400_000 }) }),
    )
    const threshold = fc.constantFrom(0.1, 0.3, 0.5, 0.8, 0.99)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        threshold,
        fc.array(event, { maxLength: 80 }),
        (size, stands, share, events) => {
          const model = new Model(size, stands, { threshold: share, window: millis(60_000) })
          const failedAt = new Map<string, Millis>()
          for (const one of events) {
            const before = model.state
            if (one.what === 'wait') model.wait(one.span)
            else {
              const name = `${one.server % size}`
              // The checks tell changes only.
              if (model.down.has(name) === (one.what === 'fail')) continue
              if (one.what === 'fail') failedAt.set(name, model.now)
              if (one.what === 'fail') model.fail(name)
              else model.heal(name)
            }
            const { state, now } = model
            const tooMany = (count: number) => count >= 2 && count > share * (count + model.up)
            if (state.name === 'panic') {
              assert.ok(tooMany(state.suspects.length))
              assert.ok(state.suspects.every((name) => model.down.has(name)))
              const elsewhere = model.up > 0 || stands
              assert.equal(state.until !== undefined, elsewhere)
              if (state.until !== undefined) assert.ok(state.until > now && state.until <= now + patience)
              if (before.name === 'calm') assert.equal(one.what, 'fail')
            } else if (before.name === 'calm' && one.what === 'fail') {
              const recent = [...model.down].filter((name) => now - (failedAt.get(name) ?? 0) < 60_000)
              const remembered = state.failed.length
              assert.ok(remembered <= recent.length && !tooMany(remembered))
            }
          }
          // No trap: whoever comes back ends it, and so does time where somebody else is there.
          const { state, others } = model
          if (state.name === 'panic' && (model.up > 0 || stands)) {
            const waited = step(
              model.limits,
              state,
              { type: 'timePassed' },
              others,
              millis(model.now + patience),
            )
            assert.equal(waited[0], calm)
          }
          model.heal(...model.down)
          assert.equal(model.state.name, 'calm')
        },
      ),
      { numRuns: 500 },
    )
  })

  const web = (change = {}) =>
    service(
      'web',
      '10.0.0.100:80',
      names.map((name) => server(name)),
      { panicThreshold: 0.5, ...change },
    )
  const all = (health: 'healthy' | 'unhealthy', of: readonly string[] = names) =>
    of.map((name) => verdict('web', name, health))
  const [first, second, third, fourth] = names

  it('serves all on with the weights from before, and takes out what is down when enough are back', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web({ slowStart: millis(10_000) })]))
    const asked = { weight: { percent: 40 }, by: 'agent' }
    runtime.healthChanged(all('healthy').map((one, i) => (i === 0 ? { ...one, asked } : one)))
    await settled()
    runtime.healthChanged(all('unhealthy', [first, second]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 0, [third]: 100, [fourth]: 100 })
    await machine.clock.advance(1_000)
    runtime.healthChanged(all('unhealthy', [third]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 40, [second]: 100, [third]: 100, [fourth]: 100 })
    const { panic, quorum, realServers = [] } = runtime.status().services[0] ?? {}
    assert.deepEqual(panic?.suspects, [first, second, third])
    assert.equal(quorum?.reached, true)
    assert.deepEqual(
      realServers.map(({ health, suspect }) => [health, suspect]),
      [...[1, 2, 3].map(() => ['unhealthy', true]), ['healthy', false]],
    )
    assert.ok(
      machine.lines.includes(
        'web: PANIC: 3 servers failed, more than 50 % at once: the check or the network is suspected, all are served on',
      ),
    )
    // It was served all the while: no slow start.
    runtime.healthChanged(all('healthy', [third]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 0, [third]: 100, [fourth]: 100 })
    assert.ok(machine.lines.includes('web: panic is over: enough are back; 2 are down'))
    const told = machine.facts.flatMap((fact) => (fact.type === 'panicChanged' ? [fact.panic] : []))
    assert.deepEqual(told, [true, false])
  })

  it('is believed in time where there is a sorry server, and an operator is believed at once', async () => {
    const machine = new FakeMachine()
    const setting = settingOf([web({ sorryServer: server(sorry), onDown: 'remove' })])
    const runtime = await machine.start(setting)
    runtime.healthChanged(all('unhealthy'))
    await settled()
    assert.deepEqual(Object.keys(machine.weights(id)).sort(), [...names])
    const order = { service: 'web', server: first, action: 'disable', weight: undefined, since: 0 } as const
    runtime.configure({ ...setting, overrides: [{ ...order, reason: 'dead' }] })
    await settled()
    assert.equal(machine.weights(id)[first], undefined)
    assert.equal(machine.weights(id)[second], 100)
    await machine.clock.advance(patience)
    assert.deepEqual(Object.keys(machine.weights(id)), [sorry])
    assert.equal(runtime.status().services[0]?.panic, undefined)
  })

  it('servers that were out already are no panic: neither at a start nor one by one', async () => {
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([web({ panicThreshold: undefined })]))
    before.healthChanged(all('unhealthy'))
    await settled()
    await before.stop()
    const runtime = await machine.start(settingOf([web()]))
    runtime.healthChanged(all('unhealthy'))
    await settled()
    assert.equal(runtime.status().services[0]?.panic, undefined)
    assert.deepEqual(Object.values(machine.weights(id)), [0, 0, 0, 0])
  })

  it('outlives its process by what the kernel has, and ends with the key in the file', async () => {
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([web()]))
    before.healthChanged(all('unhealthy'))
    await settled()
    await before.stop()
    const runtime = await machine.start(settingOf([web()]))
    runtime.healthChanged(all('unhealthy'))
    await settled()
    assert.deepEqual(Object.values(machine.weights(id)), [100, 100, 100, 100])
    runtime.configure(settingOf([web({ panicThreshold: undefined })]))
    await settled()
    assert.deepEqual(Object.values(machine.weights(id)), [0, 0, 0, 0])
    assert.ok(machine.lines.includes('web: panic is over: the file has no panic_threshold any more'))
  })
})
