/** Pairs that speak the protocols other than version 3 over IPv4 multicast, on the fake network. */
import assert from 'node:assert/strict'
import type { VirtualRouterConfig } from '../../src/config/model.js'
import { front, pairOf, rolesOf, routerOf } from './pair.js'
import { ms, prefix } from './support.js'

const multicast: VirtualRouterConfig = { ...front, transport: 'multicast' }
const six = [prefix('2001:db8::100/64'), prefix('fe80::100/64')]
const version2: VirtualRouterConfig = {
  ...multicast,
  version: 2,
  password: 'secret',
  advertisementInterval: ms(1000),
}

const cases: readonly (readonly [name: string, routers: readonly VirtualRouterConfig[]])[] = [
  ['version 2 with a password', [version2]],
  ['version 3 with the plain checksum', [{ ...multicast, checksum: 'plain' }]],
  ['unicast', [{ ...front, transport: 'unicast' }]],
  ['IPv6 multicast', [{ ...multicast, addresses: six }]],
  ['IPv6 over the pair link', [{ ...front, addresses: six }]],
  ['one vrid for both families, multicast', [multicast, { ...multicast, name: 'six', addresses: six }]],
  ['one vrid for both families, over the pair link', [front, { ...front, name: 'six', addresses: six }]],
]

describe('vrrp/protocols', () => {
  for (const [name, routers] of cases) {
    it(`${name}: one Active, which holds and announces every address`, async () => {
      const { first, second, network } = await pairOf(...routers)
      await network.run(4_000)
      assert.equal(rolesOf(first), routers.map((router) => `${router.name} active`).join(', '))
      assert.equal(rolesOf(second), routers.map((router) => `${router.name} backup`).join(', '))
      const addresses = routers.flatMap((router) => router.addresses.length)
      assert.equal(
        first.host.held.length,
        addresses.reduce((sum, count) => sum + count, 0),
      )
      assert.deepEqual(second.host.held, [])
      const announced = new Set(network.announced)
      assert.equal(announced.size, first.host.held.length)
      assert.ok([...announced].every((text) => text.startsWith('lb1 ')))
      for (const { name } of routers) {
        assert.deepEqual(routerOf(second, name).advertisements.discarded, {})
        assert.deepEqual(routerOf(second, name).advertisements.noted, {})
      }
      const stopping = first.runtime.stop()
      await network.run(2_500)
      await stopping
      assert.equal(rolesOf(second), routers.map((router) => `${router.name} active`).join(', '))
    })
  }
})
