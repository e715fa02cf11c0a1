import assert from 'node:assert/strict'
import { formatIp } from '../../src/base/ip.js'
import { type Attachment, type AttachmentWish, attach, type LinkView } from '../../src/vrrp/attachment.js'
import { ip, prefix, route } from './support.js'

const link = (name: string, index: number, up = true) => ({
  name,
  index,
  up,
  mac: new Uint8Array(6),
  mtu: 1500,
})
const address = (interfaceIndex: number, text: string) => ({ interfaceIndex, prefix: prefix(text) })

const view: LinkView = {
  interfaces: [link('lo', 1), link('eth0', 2), link('eth1', 3), link('eth2', 4, false), link('eth3', 5)],
  addresses: [
    address(1, '127.0.0.1/8'),
    address(2, '10.0.0.5/24'),
    address(2, '10.0.0.11/24'),
    address(3, '192.0.2.100/24'),
    address(3, '192.0.2.1/24'),
    address(4, '198.51.100.1/24'),
    address(2, '2001:db8::11/64'),
    { ...address(2, 'fe80::9/64'), tentative: true },
    address(2, 'fe80::a/64'),
    address(2, 'fe80::100/64'),
    address(5, '2001:db8:5::1/64'),
    { ...address(5, 'fe80::1/64'), tentative: true },
  ],
}
const director = ip('10.0.0.11')
const virtual = [ip('192.0.2.100'), ip('fe80::100')]

const plain = { addresses: [], routes: [], owner: false, virtual }

const cases: readonly (readonly [
  AttachmentWish['interface'],
  AttachmentWish['transport'],
  family: AttachmentWish['family'],
  expected: string,
])[] = [
  [undefined, 'multicast', 4, 'eth0 from 10.0.0.11'],
  [undefined, 'udp', 4, 'eth0 from 10.0.0.11'],
  // Never from a virtual address, though the kernel lists it first.
  ['eth1', 'multicast', 4, 'eth1 from 192.0.2.1'],
  ['eth1', 'udp', 4, 'eth1 from 10.0.0.11'],
  ['eth2', 'multicast', 4, 'link of eth2 is down'],
  ['eth3', 'multicast', 4, 'eth3 has no IPv4 address to advertise from'],
  ['eth3', 'udp', 4, 'eth3 from 10.0.0.11'],
  // Unicast goes to the peer's address, wherever ours is.
  ['eth1', 'unicast', 4, 'eth1 over eth0 from 10.0.0.11'],
  // Neither an address that may be another machine's, nor a virtual one, nor one that is not link-local.
  ['eth0', 'multicast', 6, 'eth0 from fe80::a'],
  ['eth3', 'multicast', 6, 'eth3 has no IPv6 link-local address to advertise from'],
  ['eth3', 'udp', 6, 'eth3 from 10.0.0.11'],
  ['eth9', 'udp', 4, 'interface eth9 does not exist'],
]

function textOf({ interface: home, via, source }: Attachment): string {
  const over = via.index === home.index ? '' : ` over ${via.name}`
  return `${home.name}${over} from ${formatIp(source)}`
}

describe('vrrp/attachment', () => {
  for (const [name, transport, family, expected] of cases) {
    it(`${name ?? 'the interface of the director'}, ${transport}, IPv${family}: ${expected}`, () => {
      const result = attach({ ...plain, interface: name, transport, family }, director, view)
      assert.equal(result.ok ? textOf(result.value) : result.error, expected)
    })
  }

  it('says that nobody holds the address of the director', () => {
    const result = attach(
      { ...plain, interface: undefined, transport: 'udp', family: 4 },
      ip('10.9.9.9'),
      view,
    )
    assert.deepEqual(result, { ok: false, error: 'no interface holds 10.9.9.9' })
  })

  it('wants every interface that an address or a route names', () => {
    const wish = { ...plain, interface: 'eth0', transport: 'udp', family: 4 } as const
    const on = (name: string) => ({ ...prefix('10.0.0.100/24'), interface: name })
    const errorOf = (more: Partial<AttachmentWish>): string => {
      const result = attach({ ...wish, ...more }, director, view)
      return result.ok ? 'fine' : result.error
    }
    assert.equal(errorOf({ addresses: [on('eth1')] }), 'fine')
    assert.equal(errorOf({ addresses: [on('eth1'), on('eth2')] }), 'link of eth2 is down')
    assert.equal(errorOf({ routes: [{ ...route, interface: 'eth9' }] }), 'interface eth9 does not exist')
  })

  describe('the address owner', () => {
    const leased: LinkView = {
      ...view,
      addresses: view.addresses.map((one) => ({ ...one, validSeconds: 3 })),
    }
    const wish: AttachmentWish = {
      ...plain,
      addresses: [prefix('192.0.2.1/24'), prefix('192.0.2.77/24')],
      interface: 'eth1',
      transport: 'multicast',
      family: 4,
      virtual: [ip('192.0.2.1'), ip('192.0.2.77')],
      owner: true,
    }
    const ownedOf = (one: AttachmentWish, seen: LinkView) => {
      const result = attach(one, director, seen)
      return result.ok ? result.value.owned.map(formatIp) : result.error
    }

    it('owns what is on its interface for good, and nothing else', () => {
      assert.deepEqual(ownedOf(wish, view), ['192.0.2.1'])
      assert.deepEqual(ownedOf({ ...wish, transport: 'udp' }, leased), [])
      assert.deepEqual(ownedOf({ ...wish, interface: 'eth0' }, view), [])
      assert.deepEqual(ownedOf({ ...wish, owner: false }, view), [])
    })

    it('advertises from another address of its interface, and from its own when there is none', () => {
      const sourceOf = (one: AttachmentWish) => {
        const result = attach(one, director, view)
        return result.ok ? formatIp(result.value.source) : result.error
      }
      assert.equal(sourceOf(wish), '192.0.2.100')
      assert.equal(sourceOf({ ...wish, virtual: [...wish.virtual, ip('192.0.2.100')] }), '192.0.2.1')
    })
  })
})
