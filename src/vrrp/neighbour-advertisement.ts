/**
 * The unsolicited neighbour advertisement with which an Active tells the LAN where an IPv6 address now is
 * (RFC 9568 section 6.4.1; RFC 4861 sections 4.4 and 7.2.6), as a whole Ethernet frame to all nodes: router
 * and override flags set, solicited clear. Its source is the announced address itself.
 *
 *      0         6         12    14      54   55   56    58      62      78   79   80        86
 *      +---------+---------+-----+-------+----+----+-----+-------+-------+----+----+---------+
 *      |3333..01 |our MAC  |86dd |IPv6 40|136 | 0  |check|R-O 0  |target | 2  | 1  |our MAC  |
 *      +---------+---------+-----+-------+----+----+-----+-------+-------+----+----+---------+
 */
import { equalBytes, Reader, Writer } from '../base/bytes.js'
import { internetChecksum } from '../base/checksum.js'
import { equalIp, type IpAddress } from '../base/ip.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'

const macLength = 6
const etherTypeIpv6 = 0x86dd
const protocolIcmpv6 = 58
const typeNeighbourAdvertisement = 136
const flag = { router: 0x80000000, solicited: 0x40000000, override: 0x20000000 } as const
const optionTargetLinkLayerAddress = 2
/** ICMPv6 header, target and one option of eight bytes. */
const messageLength = 32
const checksumOffset = 2
/** RFC 4861 section 7.1.2: whatever has been forwarded is not from this link. */
const hopLimit = 255
/** ff02::1, and the Ethernet address that it maps to (RFC 2464 section 7). */
const allNodes: IpAddress = { family: 6, bytes: Uint8Array.of(0xff, 2, ...new Array<number>(13).fill(0), 1) }
const allNodesMac = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)

/** `mac` is the interface's own, six bytes; `address` IPv6. */
export function encodeNeighbourAdvertisement(mac: Uint8Array, address: IpAddress): Uint8Array {
  const message = new Writer(messageLength)
    .u8(typeNeighbourAdvertisement)
    .u8(0)
    .u16be(0)
    .u32be((flag.router | flag.override) >>> 0)
    .bytes(address.bytes)
    .u8(optionTargetLinkLayerAddress)
    .u8(1)
    .bytes(mac)
  const pseudo = { source: address, destination: allNodes }
  message.setU16be(checksumOffset, internetChecksum(message.finish(), pseudo, protocolIcmpv6))
  return new Writer(86)
    .bytes(allNodesMac)
    .bytes(mac)
    .u16be(etherTypeIpv6)
    .u32be((6 << 28) >>> 0)
    .u16be(messageLength)
    .u8(protocolIcmpv6)
    .u8(hopLimit)
    .bytes(address.bytes)
    .bytes(allNodes.bytes)
    .bytes(message.finish())
    .finish()
}

export interface NeighbourAdvertisement {
  readonly mac: Uint8Array
  readonly address: IpAddress
}

export type NeighbourAdvertisementError =
  | 'truncated'
  | 'not_ipv6'
  | 'not_neighbour_advertisement'
  | 'checksum'
  | 'not_unsolicited'

/** Reads what `encodeNeighbourAdvertisement` writes; any other neighbour advertisement is `not_unsolicited`. */
export function decodeNeighbourAdvertisement(
  frame: Uint8Array,
): Result<NeighbourAdvertisement, NeighbourAdvertisementError> {
  const reader = new Reader(frame)
  const destination = reader.take(macLength)
  reader.skip(macLength)
  const etherType = reader.u16be()
  const first = reader.u32be()
  const length = reader.u16be()
  const protocol = reader.u8()
  const hops = reader.u8()
  const source: IpAddress = { family: 6, bytes: reader.take(16) }
  const group: IpAddress = { family: 6, bytes: reader.take(16) }
  const start = reader.offset
  const type = reader.u8()
  const code = reader.u8()
  reader.skip(2)
  const flags = reader.u32be()
  const target: IpAddress = { family: 6, bytes: reader.take(16) }
  const option = reader.u16be()
  const mac = reader.take(macLength)
  if (reader.failed) return fail('truncated')
  if (etherType !== etherTypeIpv6 || first >>> 28 !== 6) return fail('not_ipv6')
  if (protocol !== protocolIcmpv6 || type !== typeNeighbourAdvertisement || code !== 0)
    return fail('not_neighbour_advertisement')
  if (hops !== hopLimit || length !== messageLength) return fail('not_neighbour_advertisement')
  const message = frame.subarray(start, start + messageLength)
  if (internetChecksum(message, { source, destination: group }, protocolIcmpv6) !== 0) return fail('checksum')
  const unsolicited = equalIp(group, allNodes) && equalBytes(destination, allNodesMac)
  if (!unsolicited || flags !== (flag.router | flag.override) >>> 0) return fail('not_unsolicited')
  if (option !== ((optionTargetLinkLayerAddress << 8) | 1)) return fail('not_unsolicited')
  return ok({ mac, address: target })
}
