/**
 * The IPv4 header around what a raw socket sends and receives (RFC 791 section 3.1).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |Version|  IHL  |Type of Service|          Total Length         |
 * +-------+-------+---------------+-----+-------------------------+
 * |         Identification        |Flags|     Fragment Offset     |
 * +---------------+---------------+-----+-------------------------+
 * |  Time to Live |    Protocol   |        Header Checksum        |
 * +---------------+---------------+-------------------------------+
 * |                        Source Address                         |
 * |                      Destination Address                      |
 * +---------------------------------------------------------------+
 */
import { Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import { fail, ok, type Result } from '../base/result.js'
import { networkControlTos } from './linux.js'

export type Ipv4Problem = 'truncated' | 'version' | 'headerLength' | 'totalLength'

const minimumLength = 20
const dontFragment = 0x4000

/**
 * A header of 20 bytes, TTL 255, TOS 0xc0, followed by the payload. The kernel fills in the checksum and,
 * because it is zero, the identification (raw(7), IP_HDRINCL).
 */
export function encodeIpv4(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  const total = minimumLength + payload.length
  const writer = new Writer(total)
    .u8((4 << 4) | 5)
    .u8(networkControlTos)
    .u16be(total)
  writer.u16be(0).u16be(dontFragment).u8(255).u8(protocol).u16be(0)
  return writer.bytes(source.bytes).bytes(destination.bytes).bytes(payload).finish()
}

/** Takes a received packet apart; the lengths must agree with what was received, to the byte. */
export function decodeIpv4(bytes: Uint8Array): Result<RawPacket, Ipv4Problem> {
  const reader = new Reader(bytes)
  const first = reader.u8()
  reader.skip(1)
  const total = reader.u16be()
  reader.skip(4)
  const ttl = reader.u8()
  reader.skip(3)
  const source = reader.take(4)
  const destination = reader.take(4)
  if (reader.failed) return fail('truncated')
  if (first >> 4 !== 4) return fail('version')
  const headerLength = (first & 0xf) * 4
  if (headerLength < minimumLength || headerLength > bytes.length) return fail('headerLength')
  if (total !== bytes.length) return fail('totalLength')
  return ok({
    // Not `slice`: on a Buffer that is a view.
    payload: new Uint8Array(bytes.subarray(headerLength)),
    source: { family: 4, bytes: source },
    destination: { family: 4, bytes: destination },
    ttl,
  })
}
