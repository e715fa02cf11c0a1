/**
 * Advertisements over the pair's link whose addresses are more than a datagram holds: the first of them, how
 * many there are in all, and a digest of the whole list, which is as good as the list for a peer that has the
 * same one. Wire format in docs/pair-protocol.md.
 */
import { createHash } from 'node:crypto'
import { equalBytes, Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import { fail, ok, type Result } from '../base/result.js'
import {
  type Advertisement,
  advertisementLength,
  decodeAdvertisement,
  encodeAdvertisement,
  type PacketError,
} from './packet.js'

/** 255 addresses of IPv4 fit a message of the link, and of IPv6 84, with what follows them here. */
export const mostListed = { 4: 255, 6: 80 } as const
const digestLength = 32

/** The advertisement of the first addresses, the number of all, and their digest. */
export function encodeAbridged(advertisement: Advertisement, family: IpAddress['family']): Uint8Array {
  const { addresses } = advertisement
  const pdu = encodeAdvertisement({ ...advertisement, addresses: addresses.slice(0, mostListed[family]) })
  return new Writer(pdu.length + 1 + digestLength)
    .bytes(pdu)
    .u8(addresses.length)
    .bytes(digestOf(addresses))
    .finish()
}

/** With all addresses when they are `own`, in any order; else with the first ones and the number of the others. */
export function decodeAbridged(
  bytes: Uint8Array,
  family: IpAddress['family'],
  own: readonly IpAddress[],
): Result<Advertisement, PacketError> {
  const decoded = decodeAdvertisement(bytes, family)
  if (!decoded.ok) return decoded
  const advertisement = decoded.value
  const reader = new Reader(bytes)
  reader.skip(advertisementLength(advertisement.addresses.length, family))
  const total = reader.u8()
  const digest = reader.take(digestLength)
  if (reader.failed || total < advertisement.addresses.length) return fail('truncated')
  if (total === own.length && equalBytes(digest, digestOf(own)))
    return ok({ ...advertisement, addresses: own })
  return ok({ ...advertisement, unlisted: total - advertisement.addresses.length })
}

/** A router's list is one object as long as it is configured so. */
const digests = new WeakMap<readonly IpAddress[], Uint8Array>()

/** SHA-256 of the addresses in ascending order: two files may have them in different ones. */
function digestOf(addresses: readonly IpAddress[]): Uint8Array {
  const known = digests.get(addresses)
  if (known) return known
  const hash = createHash('sha256')
  for (const bytes of addresses.map(({ bytes }) => bytes).sort(Buffer.compare)) hash.update(bytes)
  const digest = new Uint8Array(hash.digest())
  digests.set(addresses, digest)
  return digest
}
