/** What a hostile neighbour may send to a director: every kind of packet, and the reason it must be counted under. */
import { Writer } from '../../src/base/bytes.js'
import type { IpAddress } from '../../src/base/ip.js'
import { vrid } from '../../src/base/units.js'
import { encodeIpv4 } from '../../src/platform/ipv4-header.js'
import { decodeAdvertisement, encodeAdvertisement } from '../../src/vrrp/packet.js'
import { ip } from '../platform/addresses.js'

export interface HostilePacket {
  /** The whole IPv4 packet. */
  readonly bytes: Uint8Array
  /** Undefined: depends on what the handshake was when the original was recorded. */
  readonly reason: string | undefined
}

/** A director under attack, and what was recorded of it. */
export interface Victim {
  readonly address: IpAddress
  readonly peer: IpAddress
  /** Payloads of what it received from the peer, and of what it sent itself; oldest first. */
  readonly received: readonly Uint8Array[]
  readonly sent: readonly Uint8Array[]
}

export const pairPort = 8849
const udp = 17
const vrrp = 112
const foreign = ip('10.9.0.66')
const group = ip('224.0.0.18')

/** `bytes` with others written over it. */
function patched(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy.set(values, offset)
  return copy
}

const flipped = (bytes: Uint8Array, offset: number): Uint8Array =>
  patched(bytes, offset, (bytes[offset] ?? 0) ^ 0x10)

function first(payloads: readonly Uint8Array[], what: string, wanted: (payload: Uint8Array) => boolean) {
  const found = payloads.find(wanted)
  if (!found) throw new Error(`nothing recorded: ${what}`)
  return found
}

/** Recorded frames of the pair channel, whole, damaged and forged. */
export function hostileDatagrams({ address: to, peer, received, sent }: Victim): HostilePacket[] {
  const isHello = (payload: Uint8Array): boolean => payload[3] === 1
  const isData = (payload: Uint8Array): boolean => payload[3] === 2
  const offer = first(received, 'a hello', isHello)
  const data = first([...received].reverse(), 'data', isData)
  const noise = Uint8Array.from({ length: 300 }, (_, index) => (index * 151 + 7) & 0xff)
  const packet = (from: IpAddress, payload: Uint8Array, reason: string | undefined): HostilePacket => {
    const datagram = new Writer(8 + payload.length).u16be(pairPort).u16be(pairPort)
    // A UDP checksum of zero is none (RFC 768).
    datagram
      .u16be(8 + payload.length)
      .u16be(0)
      .bytes(payload)
    return { bytes: encodeIpv4(from, to, udp, datagram.finish()), reason }
  }
  const fromAnybody: readonly (readonly [Uint8Array, string])[] = [
    [noise.subarray(0, 0), 'truncated'],
    [data.subarray(0, 3), 'truncated'],
    [data.subarray(0, 40), 'truncated'],
    [offer.subarray(0, offer.length >> 1), 'truncated'],
    [noise, 'magic'],
    [patched(data, 0, 0x57), 'magic'],
    [patched(data, 1, 2), 'version'],
    [patched(data, 2, 1), 'channel'],
    [patched(data, 2, 200), 'channel'],
    [patched(data, 3, 9), 'type'],
    [patched(new Uint8Array(1460), 0, ...data), 'oversize'],
  ]
  const forged: readonly (readonly [Uint8Array, string])[] = [
    [flipped(data, 5), 'key'],
    [flipped(offer, 11), 'key'],
    [flipped(data, 14), 'stale_session'],
    // A counter far ahead passes the replay window, and only the cipher tells.
    [patched(data, 21, 0x77), 'authentication'],
    [flipped(offer, offer.length - 1), 'authentication'],
    [flipped(offer, 50), 'authentication'],
  ]
  const replayed = received.filter(isData).slice(-8)
  const own = sent.slice(-2)
  return [
    ...fromAnybody.flatMap(([bytes, reason]) => [
      packet(foreign, bytes, reason),
      packet(peer, bytes, reason),
    ]),
    ...forged.map(([bytes, reason]) => packet(peer, bytes, reason)),
    ...[data, offer, flipped(data, 14)].map((bytes) => packet(foreign, bytes, 'source')),
    ...replayed.map((bytes) => packet(peer, bytes, 'replay')),
    ...own.map((bytes) => packet(peer, bytes, isData(bytes) ? 'stale_session' : 'authentication')),
    // More of one offer than the budget has answers for.
    ...Array.from({ length: 6 }, () => packet(peer, offer, 'rate')),
    ...received.filter(isHello).map((bytes) => packet(peer, bytes, undefined)),
  ]
}

/** Writes a 16-bit field of an advertisement and keeps its checksum right (RFC 1624). */
function rewritten(pdu: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = new Uint8Array(pdu)
  const view = new DataView(copy.buffer)
  let sum = (~view.getUint16(6) & 0xffff) + (~view.getUint16(offset) & 0xffff) + value
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(offset, value)
  view.setUint16(6, ~sum & 0xffff)
  return copy
}

/** Recorded advertisements of protocol 112, damaged, misdirected and foreign. */
export function hostileAdvertisements({ address: to, peer, received, sent }: Victim): HostilePacket[] {
  const recorded = [...received, ...sent]
  const genuine = first(recorded, 'an advertisement', (pdu) => pdu.length > 0)
  const decoded = decodeAdvertisement(genuine, 4, {
    source: received.length > 0 ? peer : to,
    destination: group,
  })
  const otherVrid = vrid(99)
  if (!decoded.ok || !otherVrid) throw new Error('the recorded advertisement is none')
  // RFC 9568's checksum does not depend on the source.
  const pdu = encodeAdvertisement(decoded.value)
  const multicast = (from: IpAddress, bytes: Uint8Array) => encodeIpv4(from, group, vrrp, bytes)
  const kinds: readonly (readonly [Uint8Array, string])[] = [
    [pdu.subarray(0, 0), 'truncated'],
    [pdu.subarray(0, 3), 'truncated'],
    [pdu.subarray(0, 10), 'truncated'],
    [patched(pdu, 3, 200), 'truncated'],
    [patched(pdu, 3, 0), 'no_addresses'],
    [patched(pdu, 0, 0x21), 'version'],
    [new Uint8Array(300).fill(0xa7), 'version'],
    [patched(pdu, 0, 0x32), 'type'],
    [flipped(pdu, 6), 'checksum'],
    [flipped(pdu, 9), 'checksum'],
    [patched(pdu, 2, 255), 'checksum'],
    [rewritten(pdu, 0, 0x3100), 'vrid_zero'],
    [rewritten(pdu, 4, 0), 'interval_zero'],
    [encodeAdvertisement({ ...decoded.value, vrid: otherVrid }), 'unknown_vrid'],
  ]
  return [
    ...[peer, foreign].flatMap((from) => [
      ...kinds.map(([bytes, reason]) => ({ bytes: multicast(from, bytes), reason })),
      { bytes: patched(multicast(from, pdu), 8, 254), reason: 'ttl' },
      { bytes: patched(multicast(from, pdu), 8, 1), reason: 'ttl' },
      { bytes: encodeIpv4(from, to, vrrp, pdu), reason: 'destination' },
    ]),
    { bytes: multicast(to, pdu), reason: 'own_address' },
    { bytes: multicast(to, patched(pdu, 2, 255)), reason: 'own_address' },
  ]
}
