/**
 * Asks an IPv6 neighbour whether it is there: a neighbour solicitation (RFC 4861 section 4.3) in a frame of
 * our own, so that no cache of the kernel answers in its place.
 *
 *      0              14                                             54        58        62
 *      +--------------+----------------------------------------------+---------+---------+----------------+
 *      | Ethernet     | IPv6: next header 58, hop limit 255          |135,0,sum| 0       | target, 16     |
 *      +--------------+----------------------------------------------+---------+---------+----------------+
 *      | option 1, length 1, our MAC                                                                      |
 *      +--------------------------------------------------------------------------------------------------+
 */
import { Reader, Writer } from '../../base/bytes.js'
import { equalIp, type IpAddress } from '../../base/ip.js'
import { fail, ok, type Result } from '../../base/result.js'
import type { ProbeAnswerError } from './arp-probe.js'

export const etherTypeIpv6 = 0x86dd
const icmpV6 = 58
const neighbourSolicitation = 135
const neighbourAdvertisement = 136
const sourceLinkLayerAddress = 1
/** Section 7.1: a packet with another has passed a router and is no neighbour's. */
const hopLimit = 255
/** S, section 4.4: an answer to a solicitation. */
const solicitedFlag = 0x40
const icmpOffset = 54

/** Neighbour advertisements only, for a socket's filter. */
export const neighbourAdvertisementBytes = [
  { offset: 20, value: icmpV6 },
  { offset: icmpOffset, value: neighbourAdvertisement },
] as const

/** `source`: an address of this interface, link-local where the target is. */
export function encodeNeighbourSolicitation(
  mac: Uint8Array,
  source: IpAddress,
  target: IpAddress,
): Uint8Array {
  const low = target.bytes.subarray(13)
  // The solicited-node multicast address (RFC 4291 section 2.7.1), and its Ethernet address (RFC 2464 section 7).
  const group = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...low)
  const icmp = new Writer(32)
    .u8(neighbourSolicitation)
    .zeros(7)
    .bytes(target.bytes)
    .u8(sourceLinkLayerAddress)
    .u8(1)
    .bytes(mac)
  icmp.setU16be(2, icmpChecksum(source.bytes, group, icmp.finish()))
  return new Writer(86)
    .bytes(Uint8Array.of(0x33, 0x33, 0xff, ...low))
    .bytes(mac)
    .u16be(etherTypeIpv6)
    .u32be(0x60000000)
    .u16be(icmp.length)
    .u8(icmpV6)
    .u8(hopLimit)
    .bytes(source.bytes)
    .bytes(group)
    .bytes(icmp.finish())
    .finish()
}

/** The address that a solicited advertisement is about, when it is `target`; its checksum is verified. */
export function decodeNeighbourAdvertisement(
  frame: Uint8Array,
  target: IpAddress,
): Result<IpAddress, ProbeAnswerError> {
  const reader = new Reader(frame)
  reader.skip(12)
  const etherType = reader.u16be()
  reader.skip(4)
  const length = reader.u16be()
  const nextHeader = reader.u8()
  const limit = reader.u8()
  const source = reader.take(16)
  const destination = reader.take(16)
  const icmp = reader.take(length)
  if (reader.failed || icmp.length < 24) return fail('truncated')
  if (etherType !== etherTypeIpv6 || nextHeader !== icmpV6 || limit !== hopLimit) return fail('kind')
  if (icmp[0] !== neighbourAdvertisement || icmp[1] !== 0) return fail('kind')
  if (icmpChecksum(source, destination, icmp) !== 0) return fail('kind')
  if (((icmp[4] ?? 0) & solicitedFlag) === 0) return fail('not_for_us')
  const subject: IpAddress = { family: 6, bytes: icmp.slice(8, 24) }
  return equalIp(subject, target) ? ok(subject) : fail('another')
}

/** RFC 8200 section 8.1: over the pseudo-header too. Zero over a message that carries its right checksum. */
function icmpChecksum(source: Uint8Array, destination: Uint8Array, icmp: Uint8Array): number {
  const all = new Writer(40 + icmp.length)
    .bytes(source)
    .bytes(destination)
    .u32be(icmp.length)
    .u32be(icmpV6)
    .bytes(icmp)
    .zeros(icmp.length % 2)
    .finish()
  const reader = new Reader(all)
  let sum = 0
  while (reader.remaining > 0) sum += reader.u16be()
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
