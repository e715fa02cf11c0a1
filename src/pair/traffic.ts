/** The protected traffic of one session: keys, the counter of what was sent and the window of what came. */
import type { Millis } from '../base/units.js'
import { open, seal } from './aead.js'
import type { SessionKeys } from './derive.js'
import { type DataFrame, dataNonce, encodeDataHeader } from './frame.js'
import type { PairChannel } from './link.js'
import { emptyReplayWindow, isFresh, type ReplayWindow, remember } from './replay-window.js'

export interface Traffic {
  readonly keys: SessionKeys
  readonly localEpoch: Uint8Array
  readonly peerEpoch: Uint8Array
  readonly nextCounter: number
  readonly window: ReplayWindow
  readonly lastSent: Millis
  /** When the peer last proved to be alive. */
  readonly lastReceived: Millis
}

/** A session that has carried nothing yet. */
export function newTraffic(
  keys: SessionKeys,
  localEpoch: Uint8Array,
  peerEpoch: Uint8Array,
  now: Millis,
): Traffic {
  return {
    keys,
    localEpoch,
    peerEpoch,
    nextCounter: 0,
    window: emptyReplayWindow,
    lastSent: now,
    lastReceived: now,
  }
}

/** The datagram for `message`, and the traffic after it. */
export function sealMessage(
  traffic: Traffic,
  channel: PairChannel,
  keyId: Uint8Array,
  message: Uint8Array,
  now: Millis,
): readonly [Traffic, Uint8Array] {
  const { send } = traffic.keys
  const header = encodeDataHeader(channel, keyId, send.tag, traffic.nextCounter)
  const datagram = seal(send.key, dataNonce(traffic.nextCounter), header, message)
  return [{ ...traffic, nextCounter: traffic.nextCounter + 1, lastSent: now }, datagram]
}

/** The message of a frame that carries this session's tag, or why not; the window moves only for authentic ones. */
export function openMessage(
  traffic: Traffic,
  frame: DataFrame,
  now: Millis,
): readonly [Traffic, Uint8Array] | 'replay' | 'authentication' {
  if (frame.counter > Number.MAX_SAFE_INTEGER) return 'authentication'
  // Before the cipher: a replay flood then costs a look at a bitmap.
  if (!isFresh(traffic.window, frame.counter)) return 'replay'
  const message = open(traffic.keys.receive.key, dataNonce(frame.counter), frame.header, frame.sealed)
  if (!message) return 'authentication'
  return [{ ...traffic, window: remember(traffic.window, frame.counter), lastReceived: now }, message]
}
