import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex, Writer } from '../../src/base/bytes.js'
import { decodeAncillary, encodeIpv6 } from '../../src/platform/ipv6-header.js'
import { ip } from './addresses.js'

/** struct cmsghdr with its data, padded as the kernel does. */
const ancillary = (level: number, type: number, data: Uint8Array): Uint8Array =>
  new Writer()
    .u64host(BigInt(16 + data.length))
    .u32host(level)
    .u32host(type)
    .bytes(data)
    .zeros(-data.length & 7)
    .finish()
const packetInfo = ancillary(41, 50, new Writer().bytes(ip('ff02::12').bytes).u32host(7).finish())
const hopLimit = ancillary(41, 52, new Writer().u32host(255).finish())
const foreign = ancillary(1, 29, new Uint8Array(16))
const facts = { destination: ip('ff02::12'), hopLimit: 255 }

describe('IPv6 header', () => {
  it('is written with hop limit 255 and traffic class 0xc0', () => {
    const packet = encodeIpv6(ip('fe80::1'), ip('ff02::12'), 112, Uint8Array.of(0x31, 51, 100))
    const addresses = 'fe800000000000000000000000000001 ff020000000000000000000000000012'
    assert.equal(toHex(packet), `6c000000 0003 70 ff ${addresses} 313364`.replaceAll(' ', ''))
  })

  const table: readonly (readonly [string, readonly Uint8Array[], typeof facts | undefined])[] = [
    ['both', [packetInfo, hopLimit], facts],
    ['the other order, among others', [foreign, hopLimit, foreign, packetInfo], facts],
    ['no hop limit', [packetInfo, foreign], undefined],
    ['no packet info', [hopLimit], undefined],
    ['nothing', [], undefined],
    ['cut off', [hopLimit, packetInfo.slice(0, 30)], undefined],
    ['a length of zero', [new Uint8Array(32), packetInfo, hopLimit], undefined],
  ]
  for (const [name, messages, expected] of table) {
    it(`is told beside the payload: ${name}`, () => {
      assert.deepEqual(decodeAncillary(Buffer.concat(messages)), expected)
    })
  }

  it('answers to random bytes without throwing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => void decodeAncillary(bytes)))
  })
})
