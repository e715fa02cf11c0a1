import assert from 'node:assert/strict'
import { VrrpMemory } from '../../src/daemon/vrrp-memory.js'
import { VirtualClock } from '../sim/virtual-clock.js'
import { changesOf, front, pairOf, rolesOf, routerOf, start } from '../vrrp/pair.js'
import { known } from '../vrrp/support.js'

describe('daemon/vrrp-memory', () => {
  it('a vrrp process that dies again and again lets the peer be, though each knows nothing of the last', async () => {
    const { network, first, second } = await pairOf(front)
    const memory = new VrrpMemory(new VirtualClock())
    let preemptions = 0
    let running = first
    for (let death = 0; death < 6; death++) {
      memory.learn({ type: 'status', status: running.runtime.status(), eventLoopLagMs: 0 })
      running.host.dead = true
      await network.run(600)
      assert.equal(rolesOf(second), 'front active')
      running.host.dead = false
      running = start(network, 0, [front], { resumed: memory.resume(undefined) })
      await network.run(2_000)
      preemptions += changesOf(running).filter((line) => line.includes('-> active, preempts')).length
    }
    assert.ok(preemptions <= 4, `${preemptions} preemptions`)
    assert.match(known(routerOf(running).holdsBack), /its role changed too often/)
  })
})
