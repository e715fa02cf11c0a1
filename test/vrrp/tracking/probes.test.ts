import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { fromHex, toHex } from '../../../src/base/bytes.js'
import { arpReplyBytes, decodeArpReply, encodeArpRequest } from '../../../src/vrrp/tracking/arp-probe.js'
import {
  decodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
  neighbourAdvertisementBytes,
} from '../../../src/vrrp/tracking/neighbour-probe.js'
import { ip, known } from '../support.js'

const ours = Uint8Array.of(2, 0, 0, 0, 0, 1)
const theirs = Uint8Array.of(2, 0, 0, 0, 0, 9)
const gateway = ip('10.0.0.1')
const bytes = (hex: string): Uint8Array => known(fromHex(hex.replaceAll(' ', '')))
const arpReply = bytes(
  '020000000001 020000000009 0806 0001 0800 06 04 0002 020000000009 0a000001 020000000001 0a00000b',
)

describe('vrrp/tracking ARP probe', () => {
  it('is the request of RFC 826, broadcast', () => {
    equal(
      toHex(encodeArpRequest(ours, ip('10.0.0.11'), gateway)),
      'ffffffffffff02000000000108060001080006040001' + '0200000000010a00000b0000000000000a000001',
    )
    equal(toHex(encodeArpRequest(ours, undefined, gateway)).slice(56, 64), '00000000')
  })
  it('takes the reply of the one that was asked, and nothing else', () => {
    deepEqual(decodeArpReply(arpReply, ours, gateway), { ok: true, value: theirs })
    const refused = (at: number, value: number): string => {
      const frame = arpReply.slice()
      frame[at] = value
      const answer = decodeArpReply(frame, ours, gateway)
      return answer.ok ? 'ok' : answer.error
    }
    equal(refused(21, 1), 'kind')
    equal(refused(13, 0), 'kind')
    equal(refused(37, 7), 'not_for_us')
    equal(refused(31, 7), 'another')
    deepEqual(decodeArpReply(arpReply.subarray(0, 41), ours, gateway), { ok: false, error: 'truncated' })
    ok(arpReplyBytes.every(({ offset, value }) => arpReply[offset] === value))
  })
})

/** From fe80::1 to fe80::11, solicited and override, its checksum by the definition. */
function advertisement(): Uint8Array {
  const solicitation = encodeNeighbourSolicitation(ours, ip('fe80::11'), ip('fe80::1'))
  const frame = solicitation.slice()
  frame.set(ip('fe80::1').bytes, 22)
  frame.set(ip('fe80::11').bytes, 38)
  frame[54] = 136
  frame[58] = 0x60
  frame[78] = 2
  frame.set([0, 0], 56)
  let sum = 58 + 32
  const add = (part: Uint8Array): void => {
    for (let i = 0; i < part.length; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0)
  }
  add(frame.subarray(22, 54))
  add(frame.subarray(54))
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  frame[56] = (~sum >> 8) & 0xff
  frame[57] = ~sum & 0xff
  return frame
}

describe('vrrp/tracking neighbour probe', () => {
  it('is the solicitation of RFC 4861 to the solicited-node group', () => {
    const frame = encodeNeighbourSolicitation(ours, ip('fe80::11'), ip('2001:db8::12:3456'))
    equal(toHex(frame.subarray(0, 14)), '3333ff12345602000000000186dd')
    equal(toHex(frame.subarray(14, 22)), '6000000000203aff')
    deepEqual(frame.slice(38, 54), ip('ff02::1:ff12:3456').bytes)
    equal(frame[54], 135)
    deepEqual(frame.slice(62, 78), ip('2001:db8::12:3456').bytes)
    equal(toHex(frame.subarray(78)), '0101020000000001')
  })
  it('takes a solicited advertisement of the one that was asked, and nothing else', () => {
    ok(decodeNeighbourAdvertisement(advertisement(), ip('fe80::1')).ok)
    ok(neighbourAdvertisementBytes.every(({ offset, value }) => advertisement()[offset] === value))
    deepEqual(decodeNeighbourAdvertisement(advertisement(), ip('fe80::2')), { ok: false, error: 'another' })
    const changed = (at: number, value: number): string => {
      const frame = advertisement()
      frame[at] = value
      const answer = decodeNeighbourAdvertisement(frame, ip('fe80::1'))
      return answer.ok ? 'ok' : answer.error
    }
    equal(changed(21, 64), 'kind', 'hop limit')
    equal(changed(56, 1), 'kind', 'checksum')
    equal(changed(19, 200), 'truncated')
  })
})

describe('vrrp/tracking probes', () => {
  it('survive anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (frame) => {
        decodeArpReply(frame, ours, gateway)
        decodeNeighbourAdvertisement(frame, ip('fe80::1'))
      }),
    )
  })
})
