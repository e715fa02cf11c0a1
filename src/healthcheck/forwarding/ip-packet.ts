/**
 * IP packets with the shortest header: RFC 791 section 3.1 and RFC 8200 section 3.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |   4   |  IHL  |Type of Service|          Total Length         |
 * +-------+-------+---------------+-----+-------------------------+
 * |         Identification        |Flags|     Fragment Offset     |
 * +---------------+---------------+-----+-------------------------+
 * |  Time to Live |    Protocol   |        Header Checksum        |
 * +---------------+---------------+-------------------------------+
 * |              Source Address, Destination Address              |
 *
 * +-------+---------------+---------------------------------------+
 * |   6   | Traffic Class |              Flow Label               |
 * +-------+---------------+-------+---------------+---------------+
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * +-------------------------------+---------------+---------------+
 * |              Source Address, Destination Address              |
 */
import { Reader, Writer } from '../../base/bytes.js'
import { internetChecksum } from '../../base/checksum.js'
import { type IpAddress, ipFromBytes } from '../../base/ip.js'

/** IP in IP, of either family, has the number of what is inside. IANA, Assigned Internet Protocol Numbers. */
export const protocols = { ip4: 4, tcp: 6, udp: 17, ip6: 41, gre: 47 } as const

export interface IpPacket {
  /** Both of one family. */
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly hopLimit: number
  readonly payload: Uint8Array
}

const headerLength4 = 20
const checksumAt = 10
const dontFragment = 0x4000

export function encodeIp({ source, destination, protocol, hopLimit, payload }: IpPacket): Uint8Array {
  const writer = new Writer(40 + payload.length)
  if (source.family === 6) {
    writer.u32be(0x60000000).u16be(payload.length).u8(protocol).u8(hopLimit)
    return writer.bytes(source.bytes).bytes(destination.bytes).bytes(payload).finish()
  }
  writer
    .u8(0x45)
    .u8(0)
    .u16be(headerLength4 + payload.length)
  writer.u16be(0).u16be(dontFragment).u8(hopLimit).u8(protocol).u16be(0)
  const packet = writer.bytes(source.bytes).bytes(destination.bytes).bytes(payload).finish()
  const sum = internetChecksum(packet.subarray(0, headerLength4))
  packet.set([sum >> 8, sum & 0xff], checksumAt)
  return packet
}

/**
 * Undefined for what is no IP packet, is shorter than it says, or has extension headers. What follows it, as
 * on short Ethernet frames, is left out; header checksums are the kernel's to judge.
 */
export function decodeIp(packet: Uint8Array): IpPacket | undefined {
  const version = (packet[0] ?? 0) >> 4
  return version === 4 ? decode4(packet) : version === 6 ? decode6(packet) : undefined
}

function decode4(packet: Uint8Array): IpPacket | undefined {
  const reader = new Reader(packet)
  const headerLength = (reader.u8() & 0xf) * 4
  reader.skip(1)
  const total = reader.u16be()
  reader.skip(4)
  const hopLimit = reader.u8()
  const protocol = reader.u8()
  reader.skip(2)
  const source = ipFromBytes(reader.take(4))
  const destination = ipFromBytes(reader.take(4))
  if (reader.failed || !source || !destination) return undefined
  if (headerLength < headerLength4 || headerLength > total || total > packet.length) return undefined
  return { source, destination, protocol, hopLimit, payload: packet.slice(headerLength, total) }
}

function decode6(packet: Uint8Array): IpPacket | undefined {
  const reader = new Reader(packet)
  reader.skip(4)
  const length = reader.u16be()
  const protocol = reader.u8()
  const hopLimit = reader.u8()
  const source = ipFromBytes(reader.take(16))
  const destination = ipFromBytes(reader.take(16))
  const payload = reader.take(length)
  if (reader.failed || !source || !destination) return undefined
  return { source, destination, protocol, hopLimit, payload }
}
