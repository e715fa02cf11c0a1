/**
 * The VRRP version 3 advertisement: RFC 9568 section 5.2.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   0 |Version| Type  | Virtual Rtr ID|   Priority    |IPvX Addr Count|
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   4 |Reserve| Max Advertise Interval|          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   8 |         IPvX Address(es): 4 bytes each, or 16 each            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { Reader, Writer } from '../base/bytes.js'
import { internetChecksum, type PseudoHeader } from '../base/checksum.js'
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
export const typeAdvertisement = 1
const fixedLength = 8
const checksumOffset = 6
const addressLength = { 4: 4, 6: 16 } as const

/** In bytes. */
export const advertisementLength = (addresses: number, family: IpAddress['family']): number =>
  fixedLength + addresses * addressLength[family]

export interface Advertisement {
  readonly vrid: Vrid
  /** 0 resigns. */
  readonly priority: Priority
  /** Max Advertise Interval, 10 to 40,950 ms in steps of 10: the wire has 12 bits of centiseconds. */
  readonly interval: Millis
  /** 1 to 255 addresses of one family; of IPv6, a link-local one first (section 5.2.9). */
  readonly addresses: readonly IpAddress[]
  /** Only of one received over the pair's link: so many more than `addresses`, and the list is not ours. */
  readonly unlisted?: number
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
 * With a pseudo-header the checksum is what RFC 9568 section 5.2.8 has for IPv6 and what RFC 5798 was read
 * to have for IPv4; without, it covers the message alone, as RFC 9568 has it for IPv4.
 */
export function encodeAdvertisement(advertisement: Advertisement, pseudo?: PseudoHeader): Uint8Array {
  const interval = Math.min(Math.max(millisToCentis(advertisement.interval), 1), maxAdverCentis)
  const writer = new Writer(fixedLength + advertisement.addresses.length * addressLength[6])
    .u8((version3 << 4) | typeAdvertisement)
    .u8(advertisement.vrid)
    .u8(advertisement.priority)
    .u8(advertisement.addresses.length)
    .u16be(interval)
    .u16be(0)
  for (const address of advertisement.addresses) writer.bytes(address.bytes)
  const checksum = internetChecksum(writer.finish(), pseudo, vrrpProtocol)
  return writer.setU16be(checksumOffset, checksum).finish()
}

/**
 * `family` is that of the addresses, which no field names: on the wire it is that of the IP header. With a
 * pseudo-header the checksum must cover it; of IPv4 one over the message alone is right as well. Bytes after
 * the last address are ignored: section 7.1 asks for a complete message, not for an exact length.
 */
export function decodeAdvertisement(
  bytes: Uint8Array,
  family: IpAddress['family'],
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
  const size = addressLength[family]
  if (reader.failed || reader.remaining < count * size) return fail('truncated')
  if (count === 0) return fail('no_addresses')
  const message = bytes.subarray(0, advertisementLength(count, family))
  if (!checksumHolds(message, family, pseudo)) return fail('checksum')
  if (vrid === undefined || priority === undefined) return fail('vrid_zero')
  if (interval === 0) return fail('interval_zero')
  const addresses: IpAddress[] = []
  for (let i = 0; i < count; i++) addresses.push({ family, bytes: reader.take(size) })
  return ok({ vrid, priority, interval: centisToMillis(interval), addresses })
}

function checksumHolds(message: Uint8Array, family: IpAddress['family'], pseudo?: PseudoHeader): boolean {
  if (pseudo && internetChecksum(message, pseudo, vrrpProtocol) === 0) return true
  return (family === 4 || !pseudo) && internetChecksum(message) === 0
}
