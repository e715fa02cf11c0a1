/**
 * The VRRP version 2 advertisement, IPv4 only: RFC 3768 section 5.1, with the simple password of RFC 2338
 * section 5.3.6.2, which is all that some installed peers know.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   0 |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   4 |   Auth Type   |   Adver Int   |          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   8 |                   IP Address(es), 4 bytes each                |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                 Authentication Data, 8 bytes                  |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { equalBytes, Reader, Writer } from '../base/bytes.js'
import { internetChecksum } from '../base/checksum.js'
import type { IpAddress } from '../base/ip.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import {
  maxAdverSeconds,
  millisToSeconds,
  seconds,
  secondsToMillis,
  priority as toPriority,
  vrid as toVrid,
} from '../base/units.js'
import { type Advertisement, type PacketError, typeAdvertisement } from './packet.js'

const version2 = 2
const fixedLength = 8
const checksumOffset = 6
const addressLength = 4
/** Longest password, in bytes. */
export const passwordLength = 8
const authType = { none: 0, simplePassword: 1 } as const

export type Version2Error =
  | PacketError
  /** Another authentication method than ours. */
  | 'auth_type'
  /** Another password than ours. */
  | 'auth_data'

/** `password` of up to eight bytes, in clear on the wire. The interval is rounded to 1 to 255 s. */
export function encodeVersion2(advertisement: Advertisement, password: string | undefined): Uint8Array {
  const interval = Math.min(Math.max(millisToSeconds(advertisement.interval), 1), maxAdverSeconds)
  const { addresses } = advertisement
  const writer = new Writer(fixedLength + addresses.length * addressLength + passwordLength)
    .u8((version2 << 4) | typeAdvertisement)
    .u8(advertisement.vrid)
    .u8(advertisement.priority)
    .u8(addresses.length)
    .u8(password === undefined ? authType.none : authType.simplePassword)
    .u8(interval)
    .u16be(0)
  for (const address of addresses) writer.bytes(address.bytes)
  writer.bytes(authData(password))
  return writer.setU16be(checksumOffset, internetChecksum(writer.finish())).finish()
}

/** The checks of RFC 3768 section 7.1 in its order, as far as they need no more than our password. */
export function decodeVersion2(
  bytes: Uint8Array,
  password: string | undefined,
): Result<Advertisement, Version2Error> {
  const reader = new Reader(bytes)
  const versionAndType = reader.u8()
  const vrid = toVrid(reader.u8())
  const priority = toPriority(reader.u8())
  const count = reader.u8()
  const method = reader.u8()
  const interval = seconds(reader.u8())
  reader.skip(2)
  if (bytes.length > 0 && versionAndType >> 4 !== version2) return fail('version')
  if (bytes.length > 0 && (versionAndType & 0x0f) !== typeAdvertisement) return fail('type')
  const length = fixedLength + count * addressLength + passwordLength
  if (reader.failed || bytes.length < length) return fail('truncated')
  if (count === 0) return fail('no_addresses')
  if (internetChecksum(bytes.subarray(0, length)) !== 0) return fail('checksum')
  if (vrid === undefined || priority === undefined) return fail('vrid_zero')
  const addresses: IpAddress[] = []
  for (let i = 0; i < count; i++) addresses.push({ family: 4, bytes: reader.take(addressLength) })
  const data = reader.take(passwordLength)
  if (method !== (password === undefined ? authType.none : authType.simplePassword)) return fail('auth_type')
  if (password !== undefined && !equalBytes(data, authData(password))) return fail('auth_data')
  if (interval === 0) return fail('interval_zero')
  return ok({ vrid, priority, interval: secondsToMillis(interval), addresses })
}

/** Padded with zeros on the right (RFC 2338 section 5.3.6.2). */
function authData(password = ''): Uint8Array {
  const data = new Uint8Array(passwordLength)
  new TextEncoder().encodeInto(password, data)
  return data
}
