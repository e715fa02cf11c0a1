import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import {
  decodeNeighbourAdvertisement,
  encodeNeighbourAdvertisement,
  type NeighbourAdvertisementError,
} from '../../src/vrrp/neighbour-advertisement.js'
import { ip } from './support.js'

const mac = Uint8Array.of(2, 0, 0, 0, 0, 7)
const frame = encodeNeighbourAdvertisement(mac, ip('2001:db8::100'))

const others: readonly (readonly [
  what: string,
  at: number,
  value: number,
  error: NeighbourAdvertisementError,
])[] = [
  ['ARP', 12, 0x08, 'not_ipv6'],
  ['IP version 4', 14, 0x40, 'not_ipv6'],
  ['UDP', 20, 17, 'not_neighbour_advertisement'],
  ['one that was forwarded', 21, 254, 'not_neighbour_advertisement'],
  ['a solicitation', 54, 135, 'not_neighbour_advertisement'],
  ['one with a wrong checksum', 56, 0, 'checksum'],
  ['one with a wrong target', 77, 1, 'checksum'],
  ['one to a single neighbour', 0, 0, 'not_unsolicited'],
]

describe('vrrp/neighbour-advertisement', () => {
  it('goes from the address itself to all nodes, with router and override set', () => {
    const address = '20010db8000000000000000000000100'
    assert.equal(
      toHex(frame),
      `333300000001 020000000007 86dd 60000000 0020 3a ff ${address} ff020000000000000000000000000001 `
        .concat(`8800 7726 a0000000 ${address} 0201 020000000007`)
        .replaceAll(' ', ''),
    )
  })

  for (const [what, at, value, error] of others) {
    it(`is not ${what}`, () => {
      const changed = frame.slice()
      changed[at] = value
      assert.deepEqual(decodeNeighbourAdvertisement(changed), { ok: false, error })
    })
  }

  it('is not cut off', () => {
    for (let length = 0; length < frame.length; length++)
      assert.equal(decodeNeighbourAdvertisement(frame.subarray(0, length)).ok, false)
  })

  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (hardware, bytes) => {
          const address = { family: 6 as const, bytes: Uint8Array.from(bytes) }
          const sender = Uint8Array.from(hardware)
          assert.deepEqual(decodeNeighbourAdvertisement(encodeNeighbourAdvertisement(sender, address)), {
            ok: true,
            value: { mac: sender, address },
          })
        },
      ),
    )
  })

  it('answers to random bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
        assert.equal(typeof decodeNeighbourAdvertisement(bytes).ok, 'boolean')
      }),
    )
  })
})
