import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import type { PseudoHeader } from '../../src/base/checksum.js'
import { type IpAddress, ipFromBytes } from '../../src/base/ip.js'
import { millis, priority, vrid } from '../../src/base/units.js'
import {
  type Advertisement,
  decodeAdvertisement,
  encodeAdvertisement,
  type PacketError,
} from '../../src/vrrp/packet.js'
import { ip, known } from './support.js'

const address: fc.Arbitrary<IpAddress> = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((bytes) => known(ipFromBytes(bytes)))

const advertisement: fc.Arbitrary<Advertisement> = fc.record(
  {
    vrid: fc.integer({ min: 1, max: 255 }).map((n) => known(vrid(n))),
    priority: fc.integer({ min: 0, max: 255 }).map((n) => known(priority(n))),
    interval: fc.integer({ min: 1, max: 4095 }).map((n) => millis(n * 10)),
    addresses: fc.array(address, { minLength: 1, maxLength: 255 }),
  },
  { noNullPrototype: true },
)

const pseudoHeader: fc.Arbitrary<PseudoHeader> = fc.record({ source: address, destination: address })

const example: Advertisement = {
  vrid: known(vrid(51)),
  priority: known(priority(150)),
  interval: millis(100),
  addresses: [ip('10.0.0.100')],
}
const pseudo = { source: ip('10.0.0.11'), destination: ip('224.0.0.18') }

/** `at` and `value`: one byte of the example overwritten; its checksum made right again. */
const damaged: readonly (readonly [name: string, at: number, value: number, error: PacketError])[] = [
  ['version 2', 0, 0x21, 'version'],
  ['version 4', 0, 0x41, 'version'],
  ['type 2', 0, 0x32, 'type'],
  ['vrid 0', 1, 0, 'vrid_zero'],
  ['no addresses', 3, 0, 'no_addresses'],
  ['one address more than there is', 3, 2, 'truncated'],
  ['interval 0', 5, 0, 'interval_zero'],
]

describe('vrrp/packet', () => {
  it('decodes what it encodes, with and without pseudo-header', () => {
    fc.assert(
      fc.property(advertisement, fc.option(pseudoHeader, { nil: undefined }), (advert, header) => {
        assert.deepEqual(decodeAdvertisement(encodeAdvertisement(advert, header), 4, header), {
          ok: true,
          value: advert,
        })
      }),
    )
  })

  it('answers to random bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1100 }), (bytes) => {
        assert.equal(typeof decodeAdvertisement(bytes, 4).ok, 'boolean')
      }),
    )
  })

  it('answers to a damaged message without throwing, and never with another message', () => {
    fc.assert(
      fc.property(advertisement, fc.nat(), fc.integer({ min: 1, max: 255 }), (advert, at, flip) => {
        const bytes = encodeAdvertisement(advert, pseudo)
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
        const decoded = decodeAdvertisement(bytes, 4, pseudo)
        // A change of one byte always changes the sum.
        assert.equal(decoded.ok, false)
      }),
    )
  })

  it('writes the fields where section 5.2 has them', () => {
    assert.equal(toHex(encodeAdvertisement(example)), '31339601000a2e5d0a000064')
  })

  it('clamps an interval that the twelve bits cannot hold', () => {
    const decoded = decodeAdvertisement(encodeAdvertisement({ ...example, interval: millis(90_000) }), 4)
    assert.ok(decoded.ok)
    assert.equal(decoded.value.interval, 40_950)
  })

  for (const [name, at, value, error] of damaged) {
    it(`refuses ${name}: ${error}`, () => {
      const bytes = encodeAdvertisement(example)
      bytes[at] = value
      repairChecksum(bytes)
      assert.deepEqual(decodeAdvertisement(bytes, 4), { ok: false, error })
    })
  }

  it('refuses every proper prefix of a message', () => {
    const bytes = encodeAdvertisement(example)
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(decodeAdvertisement(bytes.subarray(0, length), 4), { ok: false, error: 'truncated' })
    }
  })

  it('keeps no view of the buffer that it read', () => {
    const bytes = encodeAdvertisement(example)
    const decoded = decodeAdvertisement(bytes, 4)
    bytes.fill(0)
    assert.deepEqual(decoded, { ok: true, value: example })
  })
})

function repairChecksum(bytes: Uint8Array): void {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) {
    if (i !== 6) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  bytes[6] = (~sum >> 8) & 0xff
  bytes[7] = ~sum & 0xff
}
