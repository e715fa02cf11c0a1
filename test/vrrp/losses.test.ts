import assert from 'node:assert/strict'
import { changesOf, front, pairOf, rolesOf } from './pair.js'
import { ms } from './support.js'

const address = '10.0.0.100/24'

describe('vrrp/losses', () => {
  for (const lease of [ms(3_000), undefined])
    it(`an address that somebody removed is claimed and announced again, lease ${lease ?? 'none'}`, async () => {
      const { network, first } = await pairOf({ ...front, lease })
      await network.run(5_000)
      network.announced.length = 0
      first.host.takeAway(address)
      await network.run(40)
      assert.deepEqual(first.host.held, [address])
      assert.ok(network.announced.includes('lb1 10.0.0.100'))
      const told = first.host.lines.filter((line) => line.includes('somebody removed'))
      assert.deepEqual(told, [
        `warn front: somebody removed ${address} of eth0 from this machine: claimed again`,
      ])
      assert.equal(changesOf(first).length, 2)
      await network.run(11_000)
      assert.deepEqual(first.runtime.status().warnings, [])
    })

  it('nobody is fought: it is claimed once a pause, and the status says so', async () => {
    const { network, first } = await pairOf({ ...front, lease: undefined })
    first.host.did.length = 0
    for (let i = 0; i < 200; i++) {
      first.host.takeAway(address)
      await network.run(100)
    }
    const claims = first.host.did.filter((text) => text === `+address ${address}`).length
    assert.ok(claims >= 3 && claims <= 5, `${claims} claims`)
    assert.match(first.runtime.status().warnings.join(), /is removed from this machine again and again/)
    assert.equal(rolesOf(first), 'front active')
    await network.run(6_000)
    assert.deepEqual(first.host.held, [address])
  })
})
