/** A reload and a look at what drains read and change their own services, and nothing else. */
import assert from 'node:assert/strict'
import { millis, type Weight } from '../../src/base/units.js'
import { server, service } from './configs.js'
import { FakeMachine, settingOf, settled } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const unchecked = (address: string, weight = 100) => server(address, { checks: [], weight: weight as Weight })
const web = (weight: number) =>
  service('web', '10.0.0.100:80', [unchecked('10.0.0.21:80', weight), unchecked('10.0.0.22:80')])

/** Exchanges from now on. */
function counted(machine: FakeMachine): () => number {
  let count = 0
  machine.kernel.beforeExchange = () => {
    count++
  }
  return () => count
}

describe('a pass over a few services', () => {
  it('takes nothing for missing that it has not read: the service that marks what is synced', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web(100)], { marked: true }))
    const { newService } = runtime.status().operations
    const exchanges = counted(machine)
    runtime.configure(settingOf([web(7)], { marked: true }))
    await settled()
    assert.deepEqual(machine.weights(id), { '10.0.0.21:80': 7, '10.0.0.22:80': 100 })
    assert.equal(exchanges(), 2, 'one read, one change')
    assert.deepEqual(runtime.status().operations.newService, newService)
  })

  it('looks at all ports of a range together, however many drain', async () => {
    const range = (...addresses: readonly string[]) =>
      service(
        'range',
        '10.0.0.100:8000-8099',
        addresses.map((address) => unchecked(address)),
        {
          drainTimeout: millis(30_000),
        },
      )
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([range('10.0.0.21', '10.0.0.22')]))
    runtime.configure(settingOf([range('10.0.0.21')]))
    await settled()
    const before = runtime.status().operations
    const exchanges = counted(machine)
    await machine.clock.advance(1_000)
    assert.equal(exchanges(), 100, 'one read a port')
    // On some ports it is drained before the others.
    machine.kernel.connections.set('10.0.0.22:8099', [0, 0])
    await machine.clock.advance(1_000)
    await machine.clock.advance(1_000)
    const { delDest, ...others } = runtime.status().operations
    assert.deepEqual([delDest, others], [{ OK: 1 }, before])
    assert.equal(exchanges(), 301)
  })
})
