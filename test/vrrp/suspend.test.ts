import assert from 'node:assert/strict'
import { changesOf, front, pairOf, rolesOf } from './pair.js'

describe('vrrp/suspend', () => {
  for (const transport of ['udp', 'multicast'] as const) {
    for (const hour of [10_000, 3_600_000]) {
      it(`${transport}: an Active that slept for ${hour / 1000} s owns nothing when it wakes, and says nothing`, async () => {
        const { network, first, second } = await pairOf({ ...front, transport, preempt: 'never' })
        first.host.suspend()
        await network.run(2_000)
        network.clock.runFor(hour - 2_000)
        assert.deepEqual(second.host.held, ['10.0.0.100/24'])
        network.announced.length = 0
        const { sent } = statusOf(first)
        first.host.resume()
        assert.deepEqual([rolesOf(first), first.host.held], ['front backup', []])
        assert.match(
          changesOf(first).at(-1) ?? '',
          /active -> backup, lease ran out \(this process stood still/,
        )
        await network.run(5_000)
        assert.deepEqual([rolesOf(first), rolesOf(second)], ['front backup', 'front active'])
        assert.deepEqual([statusOf(first).sent, changesOf(second).length], [sent, 2])
        assert.ok(!network.announced.some((line) => line.startsWith('lb1')))
      })
    }
  }

  it('a Backup that slept hears its Active before it elects itself', async () => {
    const { network, second } = await pairOf(front)
    second.host.suspend()
    await network.run(30_000)
    second.host.resume()
    await network.run(2_000)
    assert.deepEqual(changesOf(second), ['front initialize -> backup, started'])
  })
})

const statusOf = ({ runtime }: Awaited<ReturnType<typeof pairOf>>['first']) => {
  const [router] = runtime.status().routers
  assert.ok(router)
  return router.advertisements
}
