/**
 * Every key of the pair channel, by HKDF-SHA256 (RFC 5869) from the pair key. The pair's name is the
 * salt; channel, sender and receiver are in each `info`, so a datagram reflected to its sender, or carried
 * to another channel or another pair with the same key, never authenticates.
 */
import { hkdfSync } from 'node:crypto'
import { Writer } from '../base/bytes.js'
import type { PairKey } from './key.js'
import type { PairChannel } from './link.js'

export interface PairIdentity {
  readonly key: PairKey
  readonly pairName: string
  readonly channel: PairChannel
  readonly localName: string
  readonly peerName: string
}

export const keyIdLength = 8
export const epochLength = 16
export const sessionTagLength = 8

const cipherKeyLength = 32

/** What stays the same for as long as the pair key does. */
export interface StaticKeys {
  /** In clear in every header: tells "another key" from "damaged or forged" without decrypting. */
  readonly keyId: Uint8Array
  readonly helloSend: Uint8Array
  readonly helloReceive: Uint8Array
}

/** One direction of one session. */
export interface DirectionKeys {
  readonly key: Uint8Array
  /** In clear in every data header: which session this is. */
  readonly tag: Uint8Array
}

export interface SessionKeys {
  readonly send: DirectionKeys
  readonly receive: DirectionKeys
}

export function deriveStaticKeys(identity: PairIdentity): StaticKeys {
  const { channel, localName, peerName } = identity
  return {
    keyId: expand(identity, ['key id'], keyIdLength),
    helloSend: expand(identity, ['hello', channel, localName, peerName], cipherKeyLength),
    helloReceive: expand(identity, ['hello', channel, peerName, localName], cipherKeyLength),
  }
}

/** Each epoch was drawn at random by the side that it names, for this one session. */
export function deriveSessionKeys(
  identity: PairIdentity,
  localEpoch: Uint8Array,
  peerEpoch: Uint8Array,
): SessionKeys {
  const { localName, peerName } = identity
  return {
    send: direction(identity, localName, peerName, localEpoch, peerEpoch),
    receive: direction(identity, peerName, localName, peerEpoch, localEpoch),
  }
}

function direction(
  identity: PairIdentity,
  sender: string,
  receiver: string,
  senderEpoch: Uint8Array,
  receiverEpoch: Uint8Array,
): DirectionKeys {
  const info = ['session', identity.channel, sender, receiver, senderEpoch, receiverEpoch]
  const bytes = expand(identity, info, cipherKeyLength + sessionTagLength)
  return { key: bytes.slice(0, cipherKeyLength), tag: bytes.slice(cipherKeyLength) }
}

function expand(
  identity: PairIdentity,
  fields: readonly (string | Uint8Array)[],
  length: number,
): Uint8Array {
  const info = new Writer()
  // Every field carries its length: ("ab", "c") and ("a", "bc") must not meet.
  for (const field of ['vipair pair 1', ...fields]) {
    const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field
    info.u16be(bytes.length).bytes(bytes)
  }
  return new Uint8Array(hkdfSync('sha256', identity.key, identity.pairName, info.finish(), length))
}
