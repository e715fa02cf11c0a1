/**
 * TCP segments without data, in the IP packets that carry them (RFC 9293 section 3.1).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source Port          |       Destination Port        |
 * +-------------------------------+-------------------------------+
 * |                        Sequence Number                        |
 * +---------------------------------------------------------------+
 * |                    Acknowledgment Number                      |
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 * +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 * |           Checksum            |         Urgent Pointer        |
 * +-------------------------------+-------------------------------+
 */
import { Reader, Writer } from '../../base/bytes.js'
import { internetChecksum } from '../../base/checksum.js'
import type { Endpoint } from '../../base/ip.js'
import { port as toPort } from '../../base/units.js'
import { decodeIp, encodeIp, protocols } from './ip-packet.js'

export const flag = { syn: 0x02, rst: 0x04, ack: 0x10 } as const

export interface Segment {
  /** Of one family. */
  readonly source: Endpoint
  readonly destination: Endpoint
  /** Of `flag`. */
  readonly flags: number
  readonly sequence: number
  readonly acknowledged: number
}

const headerLength = 20
const checksumAt = 16
/** What a Linux host begins with on Ethernet; nothing is ever sent within it. */
const window = 64_240

export function encodeSegment(segment: Segment, hopLimit: number): Uint8Array {
  const { source, destination, flags, sequence, acknowledged } = segment
  const tcp = new Writer(headerLength)
    .u16be(source.port)
    .u16be(destination.port)
    .u32be(sequence)
    .u32be(acknowledged)
    .u8((headerLength / 4) << 4)
    .u8(flags)
    .u16be(window)
    .u32be(0)
    .finish()
  const addresses = { source: source.address, destination: destination.address }
  const sum = internetChecksum(tcp, addresses, protocols.tcp)
  tcp.set([sum >> 8, sum & 0xff], checksumAt)
  return encodeIp({ ...addresses, protocol: protocols.tcp, hopLimit, payload: tcp })
}

/**
 * Undefined for what is no whole segment. The checksum is not looked at: what never leaves the machine, as
 * between a host and its guests, has none yet.
 */
export function decodeSegment(packet: Uint8Array): Segment | undefined {
  const ip = decodeIp(packet)
  if (ip?.protocol !== protocols.tcp) return undefined
  const reader = new Reader(ip.payload)
  const ports = [toPort(reader.u16be()), toPort(reader.u16be())]
  const sequence = reader.u32be()
  const acknowledged = reader.u32be()
  reader.skip(1)
  const flags = reader.u8()
  const [sourcePort, destinationPort] = ports
  if (reader.failed || sourcePort === undefined || destinationPort === undefined) return undefined
  return {
    source: { address: ip.source, port: sourcePort },
    destination: { address: ip.destination, port: destinationPort },
    flags,
    sequence,
    acknowledged,
  }
}
