/** What a virtual router accepts: the checks of RFC 9568 section 7.1, in its order, one reason each. */
import type { IpAddress } from '../base/ip.js'
import { equalIp, parseIp } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { Millis, Vrid } from '../base/units.js'
import { vrid as toVrid } from '../base/units.js'
import { type Advertisement, decodeAdvertisement, type PacketError } from './packet.js'

/** Why an advertisement was thrown away. */
export type DiscardReason =
  /** An IP header that does not fit the packet. */
  | 'ip_header'
  | 'ttl'
  | PacketError
  /** No virtual router of ours has this vrid on this transport and interface. */
  | 'unknown_vrid'
  /** Our own address as source: reflected, or a duplicate address on the LAN. */
  | 'own_address'
  /** Protocol 112 sent to something else than 224.0.0.18. */
  | 'destination'
  /** A message of the pair channel that is not an advertisement. */
  | 'message_type'

/** Believed, but worth a line in the log: the two directors' files differ. */
export type ReceiveNote = 'address_list_mismatch' | 'interval_mismatch'

export interface Received {
  readonly advertisement: Advertisement
  readonly source: IpAddress
}

/** 224.0.0.18 (section 5.1.1.2). */
export const vrrpGroup: IpAddress = parseIp('224.0.0.18') ?? { family: 4, bytes: new Uint8Array(4) }
const requiredTtl = 255

/** A packet of IP protocol 112. */
export function receiveMulticast(packet: RawPacket, own: IpAddress): Result<Received, DiscardReason> {
  const { payload, source, destination } = packet
  if (packet.ttl !== requiredTtl) return fail('ttl')
  if (!equalIp(destination, vrrpGroup)) return fail('destination')
  if (equalIp(source, own)) return fail('own_address')
  const decoded = decodeAdvertisement(payload, { source, destination })
  return decoded.ok ? ok({ advertisement: decoded.value, source }) : decoded
}

/** First byte of a message on the pair's vrrp channel. */
const advertisementMessage = 1

/**
 * The `udp` transport: an authenticated message that holds the same PDU after one byte of type. Its
 * checksum has no pseudo-header (RFC 9568 section 5.2.8): the sender's address is what its key proves, and
 * must not depend on what a network between the two makes of the IP header.
 */
export function wrapAdvertisement(pdu: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + pdu.length)
  message[0] = advertisementMessage
  message.set(pdu, 1)
  return message
}

/** `peer` is the configured address of the director whose key authenticated the message. */
export function receiveFromPeer(message: Uint8Array, peer: IpAddress): Result<Received, DiscardReason> {
  if (message[0] !== advertisementMessage) return fail('message_type')
  const decoded = decodeAdvertisement(message.subarray(1))
  return decoded.ok ? ok({ advertisement: decoded.value, source: peer }) : decoded
}

/** The checks of section 7.1 whose failure is only reported. */
export function notesOn(
  advertisement: Advertisement,
  own: { readonly interval: Millis; readonly addresses: readonly IpAddress[] },
): readonly ReceiveNote[] {
  const notes: ReceiveNote[] = []
  if (advertisement.interval !== own.interval) notes.push('interval_mismatch')
  const same =
    advertisement.addresses.length === own.addresses.length &&
    own.addresses.every((mine) => advertisement.addresses.some((theirs) => equalIp(mine, theirs)))
  if (!same) notes.push('address_list_mismatch')
  return notes
}

/** The vrid that a message claims before anything is verified: for counting a discard where it belongs. */
export const claimedVrid = (pdu: Uint8Array): Vrid | undefined => toVrid(pdu[1] ?? 0)
