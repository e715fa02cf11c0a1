import assert from 'node:assert/strict'
import fc from 'fast-check'
import { millis } from '../../src/base/units.js'
import { initialQuorum, type QuorumState, step } from '../../src/ipvs/quorum.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const names = ['10.0.0.21:80', '10.0.0.22:80', '10.0.0.23:80'] as const
const [first, second, third] = names
const sorry = '10.0.0.90:80'

describe('ipvs quorum', () => {
  const table: readonly { quorum: number; hysteresis?: number; have: readonly number[]; reached: string }[] =
    [
      { quorum: 1, have: [300, 100, 0, 1], reached: '++-+' },
      { quorum: 200, have: [300, 200, 100, 200], reached: '++-+' },
      { quorum: 200, hysteresis: 100, have: [300, 200, 100, 99, 200, 299, 300, 100], reached: '+++---++' },
      { quorum: 2, hysteresis: 1, have: [1, 0, 2, 3], reached: '+--+' },
      { quorum: 100, hysteresis: 99, have: [1, 0], reached: '+-' },
    ]
  for (const { quorum, hysteresis = 0, have, reached } of table)
    it(`${quorum} with ${hysteresis}: ${have.join(', ')} is ${reached}`, () => {
      let state = initialQuorum(false, 0, millis(0))
      const seen = have.map((weight) => {
        ;[state] = step({ quorum, quorumHysteresis: hysteresis }, state, weight, millis(0))
        return state.reached ? '+' : '-'
      })
      assert.equal(seen.join(''), reached)
    })

  it('is a model of its definition: enough is enough, too little too little, between it stays', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 50 })
    const params = fc
      .integer({ min: 1, max: 300 })
      .chain((quorum) =>
        fc.record({ quorum: fc.constant(quorum), quorumHysteresis: fc.integer({ min: 0, max: quorum - 1 }) }),
      )
    fc.assert(
      fc.property(params, fc.boolean(), weights, (limits, standsIn, all) => {
        const { quorum, quorumHysteresis } = limits
        let state: QuorumState = initialQuorum(standsIn, 0, millis(0))
        for (const [i, have] of all.entries()) {
          const [next, effects] = step(limits, state, have, millis(i))
          if (have >= quorum + quorumHysteresis) assert.equal(next.reached, true)
          else if (have === 0 || have < quorum - quorumHysteresis) assert.equal(next.reached, false)
          else assert.equal(next.reached, state.reached)
          assert.equal(effects.length, next.reached === state.reached ? 0 : 1)
          assert.equal(next.since, effects.length === 0 ? state.since : i)
          assert.equal(next.have, have)
          if (have === state.have && effects.length === 0) assert.equal(next, state)
          state = next
        }
      }),
    )
  })

  const web = () =>
    service(
      'web',
      '10.0.0.100:80',
      names.map((name) => server(name)),
      { quorum: 200, sorryServer: server(sorry) },
    )

  it('below it the sorry server stands in, and those that are up keep their connections', async () => {
    for (const onDown of ['quiesce', 'remove'] as const) {
      const machine = new FakeMachine()
      const runtime = await machine.start(settingOf([{ ...web(), onDown }]))
      runtime.healthChanged(names.map((name) => verdict('web', name, 'healthy')))
      runtime.healthChanged([verdict('web', first, 'unhealthy')])
      await settled()
      assert.equal(machine.weights(id)[sorry], undefined)
      runtime.healthChanged([verdict('web', second, 'unhealthy')])
      await settled()
      assert.equal(machine.weights(id)[third], 0)
      assert.equal(machine.weights(id)[second], onDown === 'remove' ? undefined : 0)
      assert.ok((machine.weights(id)[sorry] ?? 0) > 0)
      const { reached, have } = runtime.status().services[0]?.quorum ?? {}
      assert.deepEqual([reached, have], [false, 100])
      runtime.healthChanged([verdict('web', first, 'healthy')])
      await settled()
      assert.deepEqual(
        [machine.weights(id)[first], machine.weights(id)[third], machine.weights(id)[sorry]],
        [100, 100, undefined],
      )
      const told = machine.facts.flatMap((fact) => (fact.type === 'quorumChanged' ? [fact.reached] : []))
      assert.deepEqual(told, [false, true])
      assert.ok(
        machine.lines.includes(
          'web: quorum lost: the servers that are up weigh 100, 200 needed; the sorry server stands in',
        ),
      )
    }
  })

  it('without a sorry server those that are up serve on', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([{ ...web(), sorryServer: undefined }]))
    runtime.healthChanged([verdict('web', first, 'unhealthy'), verdict('web', second, 'unhealthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 0, [third]: 100 })
    assert.equal(runtime.status().services[0]?.quorum?.reached, false)
  })

  it('a process that follows another goes on where the table is', async () => {
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([web()]))
    before.healthChanged([verdict('web', first, 'unhealthy'), verdict('web', second, 'unhealthy')])
    await settled()
    await before.stop()
    machine.kernel.changes.length = 0
    const runtime = await machine.start(settingOf([web()]))
    assert.deepEqual(machine.kernel.changes, [])
    // Whoever is known to be up is not enough alone.
    runtime.healthChanged([verdict('web', third, 'healthy')])
    await settled()
    assert.deepEqual(machine.kernel.changes, [])
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.equal(machine.weights(id)[sorry], undefined)
    assert.equal(machine.weights(id)[third], 100)
  })

  it('lets in a server that is new while the sorry server stands in as soon as that goes, and calls it no drift', async () => {
    const machine = new FakeMachine()
    const one = (...servers: readonly string[]) =>
      service(
        'web',
        '10.0.0.100:80',
        servers.map((name) => server(name)),
        { onDown: 'remove', sorryServer: server(sorry) },
      )
    const runtime = await machine.start(settingOf([one(first)]))
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    assert.deepEqual(Object.keys(machine.weights(id)), [sorry])
    runtime.configure(settingOf([one(first, second)]))
    await settled()
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 100 })
    await machine.clock.advance(10_000)
    assert.equal(runtime.status().driftRepaired, 0)
  })

  it('counts what operators and checks ask for, and a slow start as risen', async () => {
    const machine = new FakeMachine()
    const setting = settingOf([{ ...web(), slowStart: millis(10_000) }])
    const runtime = await machine.start(setting)
    const have = () => runtime.status().services[0]?.quorum?.have
    runtime.healthChanged(names.map((name) => verdict('web', name, 'unhealthy')))
    await settled()
    assert.equal(have(), 0)
    const asked = { weight: { percent: 50 }, by: 'agent' }
    runtime.healthChanged(names.map((name) => ({ ...verdict('web', name, 'healthy'), asked })))
    await settled()
    assert.equal(have(), 150)
    const since = 0
    const order = { service: 'web', server: first, action: 'weight', weight: 500, reason: undefined, since }
    runtime.configure({ ...setting, overrides: [{ ...order, action: 'weight' }] })
    await settled()
    assert.equal(have(), 600)
    runtime.configure({ ...setting, overrides: [{ ...order, action: 'drain' }] })
    await settled()
    assert.equal(have(), 100)
  })
})
