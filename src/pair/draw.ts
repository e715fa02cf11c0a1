/**
 * Unpredictable values from one secret drawn at random when the process starts, so that the machine itself
 * stays pure: HMAC-SHA256 of what the value is for and its number.
 */
import { createHmac } from 'node:crypto'
import { Writer } from '../base/bytes.js'
import { nonceLength } from './aead.js'
import { epochLength } from './derive.js'

export const lifeSecretLength = 32

/** The epoch of this life's `number`th offer. */
export const drawOfferEpoch = (lifeSecret: Uint8Array, number: number): Uint8Array =>
  draw(lifeSecret, 'offer', number, new Uint8Array(0)).slice(0, epochLength)

/**
 * The epoch with which an offer under `peerEpoch` is answered. Being a function, it needs no memory: however
 * many recorded offers are played to us, nothing fills up and nothing pushes the true peer out.
 */
export const drawAnswerEpoch = (
  lifeSecret: Uint8Array,
  generation: number,
  peerEpoch: Uint8Array,
): Uint8Array => draw(lifeSecret, 'answer', generation, peerEpoch).slice(0, epochLength)

/** The nonce of this life's `number`th hello: among lives, as good as 96 random bits. */
export const drawNonce = (lifeSecret: Uint8Array, number: number): Uint8Array =>
  draw(lifeSecret, 'nonce', number, new Uint8Array(0)).slice(0, nonceLength)

function draw(lifeSecret: Uint8Array, purpose: string, number: number, subject: Uint8Array): Uint8Array {
  const numbered = new Writer().u64be(BigInt(number)).bytes(subject).finish()
  return createHmac('sha256', lifeSecret).update(`${purpose}:`).update(numbered).digest()
}
