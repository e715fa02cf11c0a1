/**
 * The inside of a hello: one step of the handshake. All numbers are big-endian.
 *
 *     0                   1                   2                   3
 *    +---------------+---------------+---------------+---------------+
 *    |     Stage     |   Flags (0)   |  Lowest ver.  | Highest ver.  |
 *    +---------------+---------------+---------------+---------------+
 *    |                  Epoch of the sender (128 bits)               |
 *    +---------------------------------------------------------------+
 *    |      Epoch of the receiver, echoed; 0 if not known (128)      |
 *    +---------------------------------------------------------------+
 *    |            Config hash of the sender, 0 = not said (64)       |
 *    +---------------------------------------------------------------+
 *
 * The names of sender and receiver are not written out: the key that opens a hello is derived from them.
 * Bytes behind the last field belong to later versions and are skipped.
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { epochLength } from './derive.js'
import { frameVersion } from './frame.js'

/** `offer` asks for a session, `answer` accepts under an epoch of its own, `confirm` proves to have read that. */
export type HelloStage = 'offer' | 'answer' | 'confirm'

export interface Hello {
  readonly stage: HelloStage
  readonly epoch: Uint8Array
  readonly echo: Uint8Array
  readonly configHash: Uint8Array
}

export type HelloProblem = 'truncated' | 'type' | 'version'

export const configHashLength = 8
export const noEpoch = new Uint8Array(epochLength)
export const noConfigHash = new Uint8Array(configHashLength)

const stages: readonly (HelloStage | undefined)[] = [undefined, 'offer', 'answer', 'confirm']

export function encodeHello(hello: Hello): Uint8Array {
  return new Writer()
    .u8(stages.indexOf(hello.stage))
    .u8(0)
    .u8(frameVersion)
    .u8(frameVersion)
    .bytes(hello.epoch)
    .bytes(hello.echo)
    .bytes(hello.configHash)
    .finish()
}

export function decodeHello(body: Uint8Array): Result<Hello, HelloProblem> {
  const reader = new Reader(body)
  const stage = stages[reader.u8()]
  reader.skip(1)
  const lowest = reader.u8()
  const highest = reader.u8()
  const epoch = reader.take(epochLength)
  const echo = reader.take(epochLength)
  const configHash = reader.take(configHashLength)
  if (reader.failed) return fail('truncated')
  if (!stage) return fail('type')
  if (frameVersion < lowest || frameVersion > highest) return fail('version')
  return ok({ stage, epoch, echo, configHash })
}
