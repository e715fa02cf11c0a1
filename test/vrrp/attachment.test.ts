import assert from 'node:assert/strict'
import { formatIp } from '../../src/base/ip.js'
import { type AttachmentWish, attach, type LinkView } from '../../src/vrrp/attachment.js'
import { ip, prefix } from './support.js'

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
    address(5, 'fe80::1/64'),
  ],
}
const director = ip('10.0.0.11')
const virtual = [ip('192.0.2.100')]

const cases: readonly (readonly [
  AttachmentWish['interface'],
  AttachmentWish['transport'],
  expected: string,
])[] = [
  [undefined, 'multicast', 'eth0 from 10.0.0.11'],
  [undefined, 'udp', 'eth0 from 10.0.0.11'],
  // Never from a virtual address, though the kernel lists it first.
  ['eth1', 'multicast', 'eth1 from 192.0.2.1'],
  ['eth1', 'udp', 'eth1 from 10.0.0.11'],
  ['eth2', 'multicast', 'link of eth2 is down'],
  ['eth3', 'multicast', 'eth3 has no IPv4 address to advertise from'],
  ['eth3', 'udp', 'eth3 from 10.0.0.11'],
  ['eth9', 'udp', 'interface eth9 does not exist'],
]

describe('vrrp/attachment', () => {
  for (const [name, transport, expected] of cases) {
    it(`${name ?? 'the interface of the director'}, ${transport}: ${expected}`, () => {
      const result = attach({ interface: name, transport, virtual }, director, view)
      const text = result.ok
        ? `${result.value.interface.name} from ${formatIp(result.value.source)}`
        : result.error
      assert.equal(text, expected)
    })
  }

  it('says that nobody holds the address of the director', () => {
    const result = attach({ interface: undefined, transport: 'udp', virtual }, ip('10.9.9.9'), view)
    assert.deepEqual(result, { ok: false, error: 'no interface holds 10.9.9.9' })
  })
})
