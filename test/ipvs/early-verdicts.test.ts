/** What a process is told before it has looked at the table: all that its predecessor knew, at once. */
import assert from 'node:assert/strict'
import { OpError } from '../../src/base/result.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const names = ['10.0.0.21:80', '10.0.0.22:80', '10.0.0.23:80', '10.0.0.24:80', '10.0.0.25:80']
const [dead, alive] = [names.slice(0, 3), names.slice(3)]

for (const onDown of ['quiesce', 'remove'] as const)
  describe(`verdicts that come before the table was read, with on_down = "${onDown}"`, () => {
    const web = () =>
      service(
        'web',
        '10.0.0.100:80',
        names.map((name) => server(name)),
        { panicThreshold: 0.5, onDown },
      )

    /** One after the other, with more time between them than a panic takes to believe. */
    async function standing(): Promise<FakeMachine> {
      const machine = new FakeMachine()
      const runtime = await machine.start(settingOf([web()]))
      runtime.healthChanged(names.map((name) => verdict('web', name, 'healthy')))
      for (const name of dead) {
        runtime.healthChanged([verdict('web', name, 'unhealthy')])
        await machine.clock.advance(600_000)
      }
      await runtime.stop()
      return machine
    }

    it('are no failure of many at once where the table shows that they are old', async () => {
      const machine = await standing()
      const before = machine.weights(id)
      assert.deepEqual(
        alive.map((name) => before[name]),
        [100, 100],
      )
      machine.kernel.beforeExchange = () => {
        throw new OpError('netlink', 'exchange', 'timeout')
      }
      const runtime = await machine.start(settingOf([web()]))
      runtime.healthChanged(dead.map((name) => verdict('web', name, 'unhealthy')))
      runtime.healthChanged(alive.map((name) => verdict('web', name, 'healthy')))
      await settled()
      machine.kernel.beforeExchange = () => {}
      machine.kernel.changes.length = 0
      await machine.clock.advance(1_000)
      assert.deepEqual(machine.weights(id), before)
      assert.deepEqual(machine.kernel.changes, [])
      const [status] = runtime.status().services
      assert.equal(status?.panic, undefined)
      assert.equal(status?.realServers[0]?.health, 'unhealthy')
    })

    it('go on with a panic that was under way', async () => {
      const machine = await standing()
      let runtime = await machine.start(settingOf([web()]))
      runtime.healthChanged(names.map((name) => verdict('web', name, 'healthy')))
      await settled()
      runtime.healthChanged(dead.map((name) => verdict('web', name, 'unhealthy')))
      await settled()
      const before = machine.weights(id)
      assert.ok(names.every((name) => before[name] === 100))
      await runtime.stop()
      machine.kernel.beforeExchange = () => {
        throw new OpError('netlink', 'exchange', 'timeout')
      }
      runtime = await machine.start(settingOf([web()]))
      runtime.healthChanged(dead.map((name) => verdict('web', name, 'unhealthy')))
      runtime.healthChanged(alive.map((name) => verdict('web', name, 'healthy')))
      machine.kernel.beforeExchange = () => {}
      await machine.clock.advance(1_000)
      assert.deepEqual(machine.weights(id), before)
      assert.deepEqual(runtime.status().services[0]?.panic?.suspects, dead)
    })
  })
