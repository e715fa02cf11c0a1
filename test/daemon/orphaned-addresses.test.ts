import assert from 'node:assert/strict'
import type { VirtualRouterConfig } from '../../src/config/model.js'
import { OrphanedAddresses, patienceOf } from '../../src/daemon/orphaned-addresses.js'
import { VirtualClock } from '../sim/virtual-clock.js'
import { front, lb2 } from '../vrrp/pair.js'
import { ms, prio } from '../vrrp/support.js'

const slow: VirtualRouterConfig = { ...front, name: 'slow', advertisementInterval: ms(1_000) }
const fast: VirtualRouterConfig = { ...front, name: 'fast', advertisementInterval: ms(10) }

const follows = { follower: lb2, successor: true }

function started() {
  const clock = new VirtualClock()
  const released: string[] = []
  const orphans = new OrphanedAddresses(clock, async (routers) => {
    for (const { name } of routers) released.push(`${name} at ${Math.round(clock.now())}`)
  })
  return { clock, released, orphans }
}

/** An eighth of the interval, and a quarter of version 3's Skew_Time. */
const overPair = 300 + 100 / 8 + (156 * 100) / 256 / 4

describe('daemon/orphaned-addresses', () => {
  for (const [what, router, outlook, patience] of [
    ['a follower takes over by then', front, follows, overPair],
    ['by its priority for this router', { ...front, priority: { lb2: prio(192) } }, follows, 318.75],
    [
      'by version 3 among other routers',
      { ...front, transport: 'multicast' },
      follows,
      300 + (156 * 100) / 256,
    ],
    ['a successor is quicker than a slow follower', slow, follows, 1_000],
    ['nobody else takes over', front, { follower: undefined, successor: true }, 1_000],
    ['neither a follower nor a successor', front, { follower: undefined, successor: false }, 0],
    ['a follower after many deaths', front, { follower: lb2, successor: false }, overPair],
  ] as const) {
    it(`${what}: ${patience} ms`, () => assert.equal(patienceOf(router, outlook), patience))
  }
  it('each router’s addresses go when its follower takes over, and late where there is none', async () => {
    const { clock, released, orphans } = started()
    const alone = { follower: undefined, successor: true }
    orphans.release([front, slow, fast], ({ name }) => (name === 'front' ? alone : follows))
    clock.runUntil(3_000)
    await orphans.settled
    assert.deepEqual(released, ['fast at 33', 'front at 1000', 'slow at 1000'])
  })
  it('stay with a successor that has taken charge', () => {
    const { clock, released, orphans } = started()
    orphans.release([front], () => follows)
    clock.runUntil(200)
    orphans.keep()
    clock.runUntil(3_000)
    assert.deepEqual(released, [])
  })
  it('another death counts anew', () => {
    const { clock, released, orphans } = started()
    orphans.release([front], () => follows)
    clock.runUntil(200)
    orphans.release([front], () => follows)
    clock.runUntil(3_000)
    assert.deepEqual(released, ['front at 528'])
  })
})
