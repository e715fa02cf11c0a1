/** The address owner: the director whose interface has the virtual address for good. */
import assert from 'node:assert/strict'
import type { VirtualRouterConfig } from '../../src/config/model.js'
import { FakeNetwork } from './fake-network.js'
import { front, rolesOf, routerOf, start } from './pair.js'
import { advert, known, Machine, params, prefix, prio, route, startup } from './support.js'

const owned: VirtualRouterConfig = {
  ...front,
  preempt: 'never',
  priority: { lb1: prio(255) },
  routes: [route],
}
const forGood = { interfaceIndex: 2, prefix: prefix('10.0.0.100/24') }
const ofAddresses = (text: string): boolean => text.includes('address')

describe('vrrp/owner', () => {
  for (const transport of ['udp', 'multicast'] as const) {
    it(`${transport}: announces its address, and neither adds nor removes it; the rest comes and goes`, async () => {
      const network = new FakeNetwork()
      const host = known(network.hosts[0])
      host.left = [forGood]
      const first = start(network, 0, [{ ...owned, transport }])
      await network.run(2_000)
      assert.equal(routerOf(first).reason, 'started, owns the addresses (priority 255)')
      assert.ok(network.announced.includes('lb1 10.0.0.100'))
      assert.deepEqual([...host.routing.held], ['route 0.0.0.0/0 via 10.0.0.1'])
      const stopped = first.runtime.stop()
      await network.run(2_000)
      await stopped
      assert.deepEqual(host.did.filter(ofAddresses), [])
      assert.deepEqual([...host.routing.held], [])
    })
  }

  it('is backed up by the other director, which gives it back at once whatever `preempt` says', async () => {
    const network = new FakeNetwork()
    const [host] = network.hosts
    known(host).left = [forGood]
    const second = start(network, 1, [owned])
    await network.run(2_000)
    assert.deepEqual([rolesOf(second), second.host.held], ['front active', ['10.0.0.100/24']])
    const first = start(network, 0, [owned])
    await network.run(50)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
    assert.deepEqual(second.host.held, [])
    known(host).dead = true
    await network.run(500)
    assert.deepEqual([rolesOf(second), second.host.held], ['front active', ['10.0.0.100/24']])
  })

  it('an address that somebody puts on a Backup for ever is removed and warned of', async () => {
    const network = new FakeNetwork()
    const [, host] = network.hosts
    start(network, 0, [front])
    const second = start(network, 1, [front])
    await network.run(2_000)
    assert.equal(rolesOf(second), 'front backup')
    assert.deepEqual(second.runtime.status().warnings, [])
    const { did } = known(host)
    did.length = 0
    known(host).left = [forGood]
    known(host).setInterfaces(known(host).interfaces)
    await network.run(100)
    assert.deepEqual(did.filter(ofAddresses), ['-address 10.0.0.100/24'])
    assert.match(
      second.runtime.status().warnings.join(),
      /^front: somebody put 10\.0\.0\.100\/24 here for ever/,
    )
  })

  it('with priority 255 and without the address: claims it like any other', async () => {
    const network = new FakeNetwork()
    const first = start(network, 0, [owned])
    await network.run(100)
    assert.deepEqual(first.host.held, ['10.0.0.100/24'])
  })

  it('does not hand over what it would take back', async () => {
    const network = new FakeNetwork()
    known(network.hosts[0]).left = [forGood]
    const first = start(network, 0, [owned])
    start(network, 1, [owned])
    await network.run(1_000)
    const [answer] = await first.runtime.handOver('front', { force: true, stay: true })
    assert.deepEqual(answer?.result, {
      ok: false,
      error: 'front has priority 255 here: the address owner takes back at once what it gives',
    })
  })

  it('gives way to nobody, however long it was silent', () => {
    const silent = (priority: number) =>
      new Machine({ ...params, priority: prio(priority), lease: undefined, alone: true })
        .at(0, startup)
        .at(5_000, advert(90))
    assert.equal(silent(200).state.name, 'backup')
    assert.equal(silent(255).state.name, 'active')
  })
})
