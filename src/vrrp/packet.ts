/**
 * The VRRP version 3 advertisement, IPv4: RFC 9568 section 5.2.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   0 |Version| Type  | Virtual Rtr ID|   Priority    |IPvX Addr Count|
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   4 |Reserve| Max Advertise Interval|          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   8 |                   IPv4 Address(es), 4 bytes each              |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { Millis, Priority, Vrid } from '../base/units.js'
import {
  centis,
  centisToMillis,
  maxAdverCentis,
  millisToCentis,
  priority as toPriority,
  vrid as toVrid,
} from '../base/units.js'

/** IP protocol number of VRRP (section 5.1.1.4). */
export const vrrpProtocol = 112

const version3 = 3
const typeAdvertisement = 1
const fixedLength = 8
const checksumOffset = 6
const addressLength = 4

export interface Advertisement {
  readonly vrid: Vrid
  /** 0 resigns. */
  readonly priority: Priority
  /** Max Advertise Interval, 10 to 40,950 ms in steps of 10: the wire has 12 bits of centiseconds. */
  readonly interval: Millis
  /** 1 to 255 IPv4 addresses. */
  readonly addresses: readonly IpAddress[]
}

/** The IPv4 header fields that the checksum of RFC 5798 covers besides the message. */
export interface PseudoHeader {
  readonly source: IpAddress
  readonly destination: IpAddress
}

/** Why a message is no advertisement, in the order in which section 7.1 checks. */
export type PacketError =
  | 'version'
  | 'type'
  | 'truncated'
  | 'no_addresses'
  | 'checksum'
  | 'vrid_zero'
  | 'interval_zero'

/**
 * With a pseudo-header the checksum is RFC 5798's, which keepalived and most of the installed base insist
 * on; without, it covers the message alone, as RFC 9568 section 5.2.8 has it for IPv4.
 */
export function encodeAdvertisement(advertisement: Advertisement, pseudo?: PseudoHeader): Uint8Array {
  const interval = Math.min(Math.max(millisToCentis(advertisement.interval), 1), maxAdverCentis)
  const writer = new Writer(fixedLength + advertisement.addresses.length * addressLength)
    .u8((version3 << 4) | typeAdvertisement)
    .u8(advertisement.vrid)
    .u8(advertisement.priority)
    .u8(advertisement.addresses.length)
    .u16be(interval)
    .u16be(0)
  for (const address of advertisement.addresses) writer.bytes(address.bytes)
  return writer.setU16be(checksumOffset, checksum(writer.finish(), pseudo)).finish()
}

/**
 * Accepts either checksum (see `encodeAdvertisement`). Bytes after the last address are ignored: section
 * 7.1 asks for a complete message, not for an exact length.
 */
export function decodeAdvertisement(
  bytes: Uint8Array,
  pseudo?: PseudoHeader,
): Result<Advertisement, PacketError> {
  const reader = new Reader(bytes)
  const versionAndType = reader.u8()
  const vrid = toVrid(reader.u8())
  const priority = toPriority(reader.u8())
  const count = reader.u8()
  const interval = centis(reader.u16be() & maxAdverCentis)
  reader.skip(2)
  if (bytes.length > 0 && versionAndType >> 4 !== version3) return fail('version')
  if (bytes.length > 0 && (versionAndType & 0x0f) !== typeAdvertisement) return fail('type')
  if (reader.failed || reader.remaining < count * addressLength) return fail('truncated')
  if (count === 0) return fail('no_addresses')
  const message = bytes.subarray(0, fixedLength + count * addressLength)
  if (checksum(message) !== 0 && (!pseudo || checksum(message, pseudo) !== 0)) return fail('checksum')
  if (vrid === undefined || priority === undefined) return fail('vrid_zero')
  if (interval === 0) return fail('interval_zero')
  const addresses: IpAddress[] = []
  for (let i = 0; i < count; i++) addresses.push({ family: 4, bytes: reader.take(addressLength) })
  return ok({ vrid, priority, interval: centisToMillis(interval), addresses })
}

/** RFC 1071; zero over a message that carries its right checksum. The message's length is even. */
function checksum(message: Uint8Array, pseudo?: PseudoHeader): number {
  let sum = pseudo
    ? sumOf(pseudo.source.bytes) + sumOf(pseudo.destination.bytes) + vrrpProtocol + message.length
    : 0
  sum += sumOf(message)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  return sum
}
