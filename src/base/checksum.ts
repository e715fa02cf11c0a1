/** The Internet checksum (RFC 1071), with and without a pseudo-header. */
import type { IpAddress } from './ip.js'

/** The fields of the IP header that a checksum covers besides the message; both addresses of one family. */
export interface PseudoHeader {
  readonly source: IpAddress
  readonly destination: IpAddress
}

/**
 * Zero over a message that carries its right checksum. The message is under 64 KiB, so
 * that the pseudo-headers of RFC 5798 section 5.2.8 (IPv4) and RFC 8200 section 8.1 (IPv6) come to the same sum.
 */
export function internetChecksum(message: Uint8Array, pseudo?: PseudoHeader, protocol = 0): number {
  let sum = sumOf(message)
  if (pseudo) sum += sumOf(pseudo.source.bytes) + sumOf(pseudo.destination.bytes) + protocol + message.length
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  return sum
}
