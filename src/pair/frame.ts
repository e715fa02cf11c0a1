/**
 * What a datagram of the pair channel looks like from outside. All numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+---------------+---------------+
 *    |  Magic 0x56   |   Version 1   |    Channel    |     Type      |
 *    +---------------+---------------+---------------+---------------+
 *    |                        Key id (64 bits)                       |
 *    +---------------------------------------------------------------+   Type 1, hello
 *    |                        Nonce (96 bits)                        |
 *    +---------------------------------------------------------------+
 *    |                Sealed hello, then tag (128 bits)              |
 *    +---------------------------------------------------------------+   Type 2, data
 *    |                      Session tag (64 bits)                    |
 *    +---------------------------------------------------------------+
 *    |                        Counter (64 bits)                      |
 *    +---------------------------------------------------------------+
 *    |               Sealed message, then tag (128 bits)             |
 *    +---------------------------------------------------------------+
 *
 * Everything before the sealed part is authenticated with it. The kernel hands a datagram to the right
 * process by the channel, which therefore stays at offset 2 in every version.
 */
import { equalBytes, Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { aeadTagLength, nonceLength } from './aead.js'
import { keyIdLength, sessionTagLength } from './derive.js'
import type { PairChannel } from './link.js'

export const frameMagic = 0x56
export const frameVersion = 1
export const channelNumbers = { vrrp: 0, sync: 1 } as const satisfies Record<PairChannel, number>
const frameTypes = { hello: 1, data: 2 } as const

const commonLength = 4 + keyIdLength
const helloHeaderLength = commonLength + nonceLength
const dataHeaderLength = commonLength + sessionTagLength + 8

/** What `send` may carry: with headers of UDP and IPv6 around it, a frame of it fits 1,500 bytes. */
export const maxMessageLength = 1400
const maxFrameLength = dataHeaderLength + maxMessageLength + aeadTagLength

/** Why the outside of a datagram is refused, in the order in which it is looked at. */
export type FrameProblem = 'truncated' | 'oversize' | 'magic' | 'version' | 'channel' | 'type' | 'key'

export interface HelloFrame {
  readonly type: 'hello'
  readonly header: Uint8Array
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

export interface DataFrame {
  readonly type: 'data'
  readonly header: Uint8Array
  readonly tag: Uint8Array
  /** Exact up to 2^53 - 1, which a million frames a second reach after 285 years; more is no counter of ours. */
  readonly counter: number
  readonly sealed: Uint8Array
}

export type Frame = HelloFrame | DataFrame

export function encodeHelloHeader(channel: PairChannel, keyId: Uint8Array, nonce: Uint8Array): Uint8Array {
  return common(channel, frameTypes.hello, keyId).bytes(nonce).finish()
}

export function encodeDataHeader(
  channel: PairChannel,
  keyId: Uint8Array,
  tag: Uint8Array,
  counter: number,
): Uint8Array {
  return common(channel, frameTypes.data, keyId).bytes(tag).u64be(BigInt(counter)).finish()
}

function common(channel: PairChannel, type: number, keyId: Uint8Array): Writer {
  return new Writer(dataHeaderLength)
    .u8(frameMagic)
    .u8(frameVersion)
    .u8(channelNumbers[channel])
    .u8(type)
    .bytes(keyId)
}

/**
 * Looks at fixed bytes only and allocates nothing: a flood of garbage ends here. The key is not compared
 * yet, because a foreign key is news only when the source is the peer.
 */
export function inspectFrame(datagram: Uint8Array, channel: PairChannel): FrameProblem | undefined {
  if (datagram.length < commonLength) return 'truncated'
  if (datagram.length > maxFrameLength) return 'oversize'
  if (datagram[0] !== frameMagic) return 'magic'
  if (datagram[1] !== frameVersion) return 'version'
  if (datagram[2] !== channelNumbers[channel]) return 'channel'
  if (datagram[3] === frameTypes.hello) return shorter(datagram, helloHeaderLength)
  if (datagram[3] === frameTypes.data) return shorter(datagram, dataHeaderLength)
  return 'type'
}

function shorter(datagram: Uint8Array, headerLength: number): 'truncated' | undefined {
  return datagram.length < headerLength + aeadTagLength ? 'truncated' : undefined
}

/** Never throws; the frame keeps no view of `datagram`. */
export function decodeFrame(
  datagram: Uint8Array,
  channel: PairChannel,
  keyId: Uint8Array,
): Result<Frame, FrameProblem> {
  const problem = inspectFrame(datagram, channel)
  if (problem) return fail(problem)
  const reader = new Reader(datagram)
  reader.skip(4)
  if (!equalBytes(reader.take(keyIdLength), keyId)) return fail('key')
  if (datagram[3] === frameTypes.hello) {
    const nonce = reader.take(nonceLength)
    const header = new Uint8Array(datagram.subarray(0, helloHeaderLength))
    return ok({ type: 'hello', header, nonce, sealed: reader.take(reader.remaining) })
  }
  const tag = reader.take(sessionTagLength)
  const counter = Number(reader.u64be())
  const header = new Uint8Array(datagram.subarray(0, dataHeaderLength))
  return ok({ type: 'data', header, tag, counter, sealed: reader.take(reader.remaining) })
}

/** The nonce of a data frame: its counter, unique under a session's key because the counter never returns. */
export function dataNonce(counter: number): Uint8Array {
  return new Writer(nonceLength).zeros(4).u64be(BigInt(counter)).finish()
}
