/**
 * The IPv6 header around what a raw socket sends (RFC 8200 section 3), and what the kernel tells of the
 * header of a packet that it hands over without it (RFC 3542 section 6).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+---------------+---------------------------------------+
 * |Version| Traffic Class |              Flow Label               |
 * +-------+---------------+-------+---------------+---------------+
 * |        Payload Length         |  Next Header  |   Hop Limit   |
 * +-------------------------------+---------------+---------------+
 * |              Source Address, then Destination Address         |
 * +---------------------------------------------------------------+
 */
import { Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import { CMSG_V6, IPPROTO, networkControlTos } from './linux.js'

const headerLength = 40

/** Hop limit 255, traffic class 0xc0, flow label 0, followed by the payload: nothing is left to the kernel. */
export function encodeIpv6(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  return new Writer(headerLength + payload.length)
    .u32be(((6 << 28) | (networkControlTos << 20)) >>> 0)
    .u16be(payload.length)
    .u8(protocol)
    .u8(255)
    .bytes(source.bytes)
    .bytes(destination.bytes)
    .bytes(payload)
    .finish()
}

export interface Ipv6Facts {
  readonly destination: IpAddress
  readonly hopLimit: number
}

/**
 * Struct cmsghdr of a 64-bit kernel (include/linux/socket.h): u64 length, the header's 16 bytes included,
 * int level, int type, data; the next begins at a multiple of 8. Undefined unless both facts are there.
 */
export function decodeAncillary(control: Uint8Array): Ipv6Facts | undefined {
  let destination: IpAddress | undefined
  let hopLimit: number | undefined
  for (let at = 0; at + 16 <= control.length; ) {
    const reader = new Reader(control.subarray(at))
    const length = Number(reader.u64host())
    const level = reader.u32host()
    const type = reader.u32host()
    if (length < 16) break
    if (level === IPPROTO.IPV6 && type === CMSG_V6.PKTINFO) {
      destination = { family: 6, bytes: reader.take(16) }
    } else if (level === IPPROTO.IPV6 && type === CMSG_V6.HOPLIMIT) hopLimit = reader.u32host()
    if (reader.failed) break
    at += (length + 7) & ~7
  }
  if (destination?.bytes.length !== 16 || hopLimit === undefined) return undefined
  return { destination, hopLimit }
}
