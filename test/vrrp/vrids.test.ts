import assert from 'node:assert/strict'
import { back, front, pairOf, rolesOf, routerOf, settingOf } from './pair.js'

describe('vrrp/vrids', () => {
  const multicast = { ...front, transport: 'multicast' } as const

  it('two routers of one vrid that meet on one interface: the later is in fault, the first undisturbed', async () => {
    const other = { ...back, vrid: front.vrid, interface: 'eth0', transport: 'multicast' } as const
    const { first, second } = await pairOf(multicast, other)
    assert.equal(rolesOf(first), 'front active, back fault')
    assert.equal(rolesOf(second), 'front backup, back fault')
    assert.equal(routerOf(first, 'back').reason, 'vrid 51 on eth0 is that of front: give it another')
    assert.deepEqual(routerOf(second).advertisements.noted, {})
  })

  it('on two interfaces over multicast both are what they are', async () => {
    const other = { ...back, vrid: front.vrid, transport: 'multicast' } as const
    const { first } = await pairOf(multicast, other)
    assert.equal(rolesOf(first), 'front active, back active')
  })

  it('over udp one vrid is one router, whatever the interfaces', async () => {
    const { first } = await pairOf(front, { ...back, vrid: front.vrid })
    assert.equal(rolesOf(first), 'front active, back fault')
    assert.match(routerOf(first, 'back').reason, /^vrid 51 over udp is that of front/)
  })

  it('takes part once the other is gone', async () => {
    const other = { ...back, vrid: front.vrid, interface: 'eth0', transport: 'multicast' } as const
    const { network, first } = await pairOf(multicast, other)
    first.runtime.configure(settingOf(0, [other]))
    await network.run(1_000)
    assert.match(rolesOf(first), /^back active$/)
  })
})
