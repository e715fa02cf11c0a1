/** What a virtual router accepts: the checks of RFC 9568 section 7.1 (version 2: RFC 3768), in its order, one reason each. */
import type { IpAddress } from '../base/ip.js'
import { equalIp, parseIp, sameAddresses } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { Millis, Vrid } from '../base/units.js'
import { vrid as toVrid } from '../base/units.js'
import { decodeAbridged, encodeAbridged, mostListed } from './abridged.js'
import { type Advertisement, decodeAdvertisement, encodeAdvertisement } from './packet.js'
import { decodeVersion2, type Version2Error } from './packet-version2.js'

/** Why an advertisement was thrown away. */
export type DiscardReason =
  /** An IP header that does not fit the packet. */
  | 'ip_header'
  /** TTL or hop limit. */
  | 'ttl'
  | Version2Error
  /** Version 2: another interval than ours. */
  | 'interval_mismatch'
  /** No virtual router of ours has this vrid on this transport, interface and family. */
  | 'unknown_vrid'
  /** Our own address as source: reflected, or a duplicate address on the LAN. */
  | 'own_address'
  /** Protocol 112 sent to something else than VRRP's group or, with unicast, than our own address. */
  | 'destination'
  /** Unicast from an address that is not the peer director's. */
  | 'unknown_sender'
  /** A stranger's, with none of our addresses: another virtual router of our vrid, and no party to our election. */
  | 'foreign'
  /** A message of the pair channel that is not an advertisement. */
  | 'message_type'

/** Believed, but worth a line in the log: the two directors' files differ. */
export type ReceiveNote = 'address_list_mismatch' | 'interval_mismatch'

export interface Received {
  readonly advertisement: Advertisement
  readonly source: IpAddress
}

type Family = IpAddress['family']

/** 224.0.0.18 (section 5.1.1.2). */
export const vrrpGroup: IpAddress = parseIp('224.0.0.18') ?? { family: 4, bytes: new Uint8Array(4) }
/** ff02::12 (section 5.1.2.2). */
export const vrrpGroup6: IpAddress = parseIp('ff02::12') ?? { family: 6, bytes: new Uint8Array(16) }
export const vrrpGroupOf = (family: Family): IpAddress => (family === 4 ? vrrpGroup : vrrpGroup6)

const requiredTtl = 255

/** What a packet of protocol 112 must agree with to be for a router of ours. */
export interface Expected {
  /** Source of what we send. */
  readonly own: IpAddress
  /** The only sender over unicast; undefined: multicast. */
  readonly peer: IpAddress | undefined
  readonly version: 2 | 3
  readonly password: string | undefined
  readonly interval: Millis
}

/** A packet of IP protocol 112. */
export function receivePacket(packet: RawPacket, expected: Expected): Result<Received, DiscardReason> {
  const { payload, source, destination } = packet
  const { own, peer } = expected
  if (packet.ttl !== requiredTtl) return fail('ttl')
  if (!equalIp(destination, peer ? own : vrrpGroupOf(own.family))) return fail('destination')
  if (equalIp(source, own)) return fail('own_address')
  if (peer && !equalIp(source, peer)) return fail('unknown_sender')
  const decoded =
    expected.version === 2
      ? decodeVersion2(payload, expected.password)
      : decodeAdvertisement(payload, source.family, { source, destination })
  if (!decoded.ok) return decoded
  const advertisement = decoded.value
  // Version 3 learns the Active's interval, version 2 must not (RFC 3768 section 7.1).
  if (expected.version === 2 && advertisement.interval !== expected.interval) return fail('interval_mismatch')
  return ok({ advertisement, source })
}

/** Why a packet for which we have no virtual router is thrown away: what is wrong with it, or just that. */
export function strayReason({ ttl, payload, source, destination }: RawPacket): DiscardReason {
  if (ttl !== requiredTtl) return 'ttl'
  const decoded =
    claimedVersion(payload) === 2
      ? decodeVersion2(payload, undefined)
      : decodeAdvertisement(payload, source.family, { source, destination })
  const authentic = decoded.ok || decoded.error === 'auth_type'
  return authentic ? 'unknown_vrid' : decoded.error
}

/** First byte of a message on the pair's vrrp channel: whose addresses the advertisement has. */
const messageOf = { 4: 1, 6: 6 } as const
/** IPv6 as well, but with a part of the addresses only. */
const abridged6 = 7

/**
 * The `udp` transport: an authenticated message that holds the same PDU after one byte of type. Its
 * checksum has no pseudo-header (RFC 9568 section 5.2.8): the sender's address is what its key proves, and
 * must not depend on what a network between the two makes of the IP header.
 */
export const wrapAdvertisement = (pdu: Uint8Array, family: Family): Uint8Array =>
  Uint8Array.of(messageOf[family], ...pdu)

/** That message, whose length the pair's link takes whatever the number of addresses. */
export const messageFor = (advertisement: Advertisement, family: Family): Uint8Array =>
  advertisement.addresses.length <= mostListed[family]
    ? wrapAdvertisement(encodeAdvertisement(advertisement), family)
    : Uint8Array.of(abridged6, ...encodeAbridged(advertisement, family))

/** Undefined: the message is not an advertisement. */
export const familyOfMessage = (message: Uint8Array): Family | undefined =>
  message[0] === messageOf[4] ? 4 : message[0] === messageOf[6] || message[0] === abridged6 ? 6 : undefined

/**
 * `peer` is the configured address of the director whose key authenticated the message, `own` what the router
 * advertises here that it is for.
 */
export function receiveFromPeer(
  message: Uint8Array,
  peer: IpAddress,
  own: readonly IpAddress[] = [],
): Result<Received, DiscardReason> {
  const family = familyOfMessage(message)
  if (family === undefined) return fail('message_type')
  const pdu = message.subarray(1)
  const decoded =
    message[0] === abridged6 ? decodeAbridged(pdu, family, own) : decodeAdvertisement(pdu, family)
  return decoded.ok ? ok({ advertisement: decoded.value, source: peer }) : decoded
}

/** The checks of section 7.1 whose failure is only reported. */
export function notesOn(
  advertisement: Advertisement,
  own: { readonly interval: Millis; readonly addresses: readonly IpAddress[] },
): readonly ReceiveNote[] {
  const notes: ReceiveNote[] = []
  if (advertisement.interval !== own.interval) notes.push('interval_mismatch')
  const same = !advertisement.unlisted && sameAddresses(own.addresses, advertisement.addresses)
  if (!same) notes.push('address_list_mismatch')
  return notes
}

/** The vrid that a message claims before anything is verified: for counting a discard where it belongs. */
export const claimedVrid = (pdu: Uint8Array): Vrid | undefined => toVrid(pdu[1] ?? 0)

/** And the version. */
export const claimedVersion = (pdu: Uint8Array): number => (pdu[0] ?? 0) >> 4
