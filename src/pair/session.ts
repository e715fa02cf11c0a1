/**
 * One side of the pair channel as a pure machine: who may talk, under which keys, and since when.
 *
 * Freshness without clocks: a session's keys come from two epochs, each drawn by one side for this session
 * alone, so whatever opens under them was sealed after both were drawn. The table of states, the races and
 * the reasons are in docs/pair-protocol.md.
 */
import { equalBytes } from '../base/bytes.js'
import { unreachable } from '../base/result.js'
import { after, type Millis, millis } from '../base/units.js'
import { open, seal } from './aead.js'
import { type Budget, type BudgetLimits, fullBudget, spend } from './budget.js'
import { deriveSessionKeys, type PairIdentity, type StaticKeys } from './derive.js'
import { drawAnswerEpoch, drawNonce, drawOfferEpoch } from './draw.js'
import {
  type DataFrame,
  decodeFrame,
  encodeHelloHeader,
  type FrameProblem,
  type HelloFrame,
  inspectFrame,
} from './frame.js'
import { decodeHello, encodeHello, type Hello, type HelloStage, noEpoch } from './hello.js'
import { newTraffic, openMessage, sealMessage, type Traffic } from './traffic.js'

export const pairTimes = {
  /** Between hellos at first; doubled after each up to `slowestHello`. */
  firstHello: millis(200),
  slowestHello: millis(1000),
  /** An idle session says something this often. */
  keepalive: millis(1000),
  /** Silent for longer: not reachable, and a new session is offered beside the old one. */
  silence: millis(3000),
  /** A repeated confirm is answered at most this often. */
  reconfirm: millis(100),
} as const

/** Answers cost two ciphers and a hash; recorded offers, played back in a flood, may not have more of them. */
const answerLimits: BudgetLimits = { burst: 120, perSecond: 500 }
/** Kept for offers that name ours, so that a flood of recorded ones cannot crowd out the living peer. */
const answerReserve = 20

export type PairDiscard = FrameProblem | 'source' | 'authentication' | 'replay' | 'stale_session' | 'rate'

export interface PairParams {
  readonly identity: PairIdentity
  readonly keys: StaticKeys
  /** Eight bytes, zero when not said. */
  readonly configHash: Uint8Array
}

/** A session that we asked for and that has not carried data yet. */
export interface Offer {
  readonly epoch: Uint8Array
  /** Set once the peer answered: we confirm until data arrives under it. */
  readonly answered: Traffic | undefined
  readonly nextHello: Millis
  readonly interval: Millis
  readonly lastHello: Millis | undefined
}

/** At least one of `current` and `offer` is there: a side that has no session is asking for one. */
export interface PairState {
  readonly lifeSecret: Uint8Array
  readonly offersMade: number
  readonly hellosSent: number
  /** Counts sessions. Answers given before the latest one began are void. */
  readonly generation: number
  readonly current: Traffic | undefined
  readonly offer: Offer | undefined
  readonly answers: Budget
  readonly peerConfigHash: Uint8Array | undefined
}

export type PairEvent =
  | { readonly type: 'datagram'; readonly bytes: Uint8Array; readonly fromPeer: boolean }
  | { readonly type: 'send'; readonly message: Uint8Array }
  | { readonly type: 'tick' }

export type PairEffect =
  | { readonly type: 'transmit'; readonly datagram: Uint8Array }
  | { readonly type: 'deliver'; readonly message: Uint8Array }
  | { readonly type: 'established' }
  | { readonly type: 'discard'; readonly reason: PairDiscard }

type Step = readonly [PairState, readonly PairEffect[]]

const empty = new Uint8Array(0)
const discard = (state: PairState, reason: PairDiscard): Step => [state, [{ type: 'discard', reason }]]

/** A new life, with an offer due at once. `lifeSecret`: 32 random bytes, never used before. */
export function startPair(lifeSecret: Uint8Array, now: Millis): PairState {
  const answers = fullBudget(answerLimits, now)
  const counters = { offersMade: 0, hellosSent: 0, generation: 0 }
  const nothing = { current: undefined, offer: undefined, peerConfigHash: undefined }
  return openOffer({ lifeSecret, ...counters, ...nothing, answers }, now)
}

/** Whether something authentic arrived lately enough. */
export const isReachable = (state: PairState, now: Millis): boolean =>
  state.current !== undefined && now - state.current.lastReceived < pairTimes.silence

/** When `tick` has work to do next. */
export function nextDeadline(state: PairState): Millis {
  const { current, offer } = state
  const deadlines: number[] = []
  if (current) deadlines.push(after(current.lastSent, pairTimes.keepalive))
  if (current && !offer) deadlines.push(after(current.lastReceived, pairTimes.silence))
  if (offer) deadlines.push(offer.nextHello)
  return millis(Math.min(...deadlines))
}

export function step(params: PairParams, state: PairState, event: PairEvent, now: Millis): Step {
  switch (event.type) {
    case 'datagram':
      return onDatagram(params, state, event.bytes, event.fromPeer, now)
    case 'send':
      return say(params, state, event.message, now)
    case 'tick':
      return onTick(params, state, now)
    default:
      return unreachable(event)
  }
}

function onTick(params: PairParams, before: PairState, now: Millis): Step {
  const silent = before.current !== undefined && !isReachable(before, now)
  const state = silent && !before.offer ? openOffer(before, now) : before
  const [greeted, hellos] =
    state.offer && now >= state.offer.nextHello ? greet(params, state, now) : [state, []]
  const idle = greeted.current && now - greeted.current.lastSent >= pairTimes.keepalive
  if (!idle) return [greeted, hellos]
  const [spoken, keepalive] = say(params, greeted, empty, now)
  return [spoken, [...hellos, ...keepalive]]
}

function onDatagram(
  params: PairParams,
  state: PairState,
  bytes: Uint8Array,
  fromPeer: boolean,
  now: Millis,
): Step {
  const { channel } = params.identity
  const problem = inspectFrame(bytes, channel) ?? (fromPeer ? undefined : 'source')
  if (problem) return discard(state, problem)
  const frame = decodeFrame(bytes, channel, params.keys.keyId)
  if (!frame.ok) return discard(state, frame.error)
  return frame.value.type === 'data'
    ? onData(params, state, frame.value, now)
    : onHelloFrame(params, state, frame.value, now)
}

function onData(params: PairParams, state: PairState, frame: DataFrame, now: Millis): Step {
  const { current, offer } = state
  if (current && equalBytes(frame.tag, current.keys.receive.tag)) {
    const opened = openMessage(current, frame, now)
    if (typeof opened === 'string') return discard(state, opened)
    // The old session lives after all. An answered offer stays: our confirm may have moved the peer already.
    const kept = offer?.answered ? offer : undefined
    return [{ ...state, current: opened[0], offer: kept }, delivery(opened[1])]
  }
  if (offer?.answered && equalBytes(frame.tag, offer.answered.keys.receive.tag)) {
    const opened = openMessage(offer.answered, frame, now)
    if (typeof opened === 'string') return discard(state, opened)
    return [establish(state, opened[0]), [{ type: 'established' }, ...delivery(opened[1])]]
  }
  const stale: PairEffect = { type: 'discard', reason: 'stale_session' }
  // The peer talks to a life before ours: tell it now rather than at the next hello.
  const mayGreet = offer && (offer.lastHello === undefined || now - offer.lastHello >= pairTimes.firstHello)
  if (!mayGreet) return [state, [stale]]
  const [greeted, hellos] = greet(params, state, now)
  return [greeted, [stale, ...hellos]]
}

function onHelloFrame(params: PairParams, state: PairState, frame: HelloFrame, now: Millis): Step {
  const body = open(params.keys.helloReceive, frame.nonce, frame.header, frame.sealed)
  if (!body) return discard(state, 'authentication')
  const hello = decodeHello(body)
  if (!hello.ok) return discard(state, hello.error)
  switch (hello.value.stage) {
    case 'offer':
      return onOffer(params, state, hello.value, now)
    case 'answer':
      return onAnswer(params, state, hello.value, now)
    case 'confirm':
      return onConfirm(params, state, hello.value, now)
    default:
      return unreachable(hello.value.stage)
  }
}

/**
 * Both sides may ask at once, and two sessions would come of it, each side preferring the other one. So the
 * first by name, while it asks, does not accept the peer's offer but puts its own in its place; the peer
 * always accepts.
 */
const leads = (params: PairParams, state: PairState): boolean =>
  state.offer !== undefined && params.identity.localName < params.identity.peerName

function onOffer(params: PairParams, state: PairState, hello: Hello, now: Millis): Step {
  const { offer } = state
  // Only a living peer can name the offer that we have open.
  const living = offer !== undefined && equalBytes(hello.echo, offer.epoch)
  const answers = spend(state.answers, answerLimits, now, living ? 0 : answerReserve)
  if (!answers) return discard(state, 'rate')
  const paid = { ...state, answers }
  return offer && !living && leads(params, state)
    ? hail(params, paid, 'offer', offer.epoch, hello.epoch)
    : accept(params, paid, hello.epoch)
}

function accept(params: PairParams, state: PairState, peerEpoch: Uint8Array): Step {
  const epoch = drawAnswerEpoch(state.lifeSecret, state.generation, peerEpoch)
  return hail(params, state, 'answer', epoch, peerEpoch)
}

function onAnswer(params: PairParams, state: PairState, hello: Hello, now: Millis): Step {
  const { offer } = state
  if (!offer || !equalBytes(hello.echo, offer.epoch)) return discard(state, 'stale_session')
  if (offer.answered) {
    if (equalBytes(hello.epoch, offer.answered.peerEpoch)) return discard(state, 'replay')
    // Two lives of the peer answered the same offer. A new one can only be answered by the living.
    return greet(params, openOffer(state, now), now)
  }
  const keys = deriveSessionKeys(params.identity, offer.epoch, hello.epoch)
  const answered = newTraffic(keys, offer.epoch, hello.epoch, now)
  const asked: Offer = { ...offer, answered, interval: pairTimes.firstHello }
  return greet(params, { ...state, offer: asked, peerConfigHash: hello.configHash }, now)
}

function onConfirm(params: PairParams, state: PairState, hello: Hello, now: Millis): Step {
  const { current } = state
  if (current && equalBytes(hello.echo, current.localEpoch) && equalBytes(hello.epoch, current.peerEpoch)) {
    // Our first data was lost, or somebody plays the confirm again: it proves nothing, so no clock moves.
    return now - current.lastSent < pairTimes.reconfirm
      ? discard(state, 'replay')
      : say(params, state, empty, now)
  }
  if (leads(params, state)) return onOffer(params, state, hello, now)
  const localEpoch = drawAnswerEpoch(state.lifeSecret, state.generation, hello.epoch)
  // Meant for a life before ours, or too late: as good as an offer, which its sender still has open.
  if (!equalBytes(hello.echo, localEpoch)) return onOffer(params, state, hello, now)
  const keys = deriveSessionKeys(params.identity, localEpoch, hello.epoch)
  const traffic = newTraffic(keys, localEpoch, hello.epoch, now)
  const established = establish({ ...state, peerConfigHash: hello.configHash }, traffic)
  // At once, because the peer does not use the session before it has heard from us under it.
  const [spoken, first] = say(params, established, empty, now)
  return [spoken, [{ type: 'established' }, ...first]]
}

const establish = (state: PairState, current: Traffic): PairState => ({
  ...state,
  current,
  offer: undefined,
  generation: state.generation + 1,
})

const delivery = (message: Uint8Array): readonly PairEffect[] =>
  message.length > 0 ? [{ type: 'deliver', message }] : []

function openOffer(state: PairState, now: Millis): PairState {
  const epoch = drawOfferEpoch(state.lifeSecret, state.offersMade)
  const offer: Offer = {
    epoch,
    answered: undefined,
    nextHello: now,
    interval: pairTimes.firstHello,
    lastHello: undefined,
  }
  return { ...state, offersMade: state.offersMade + 1, offer }
}

/** Sends what our offer is waiting to say, and sets when to say it again. */
function greet(params: PairParams, state: PairState, now: Millis): Step {
  const { offer } = state
  if (!offer) return [state, []]
  const asked: Offer = {
    ...offer,
    lastHello: now,
    nextHello: after(now, offer.interval),
    interval: millis(Math.min(offer.interval * 2, pairTimes.slowestHello)),
  }
  const next = { ...state, offer: asked }
  return offer.answered
    ? hail(params, next, 'confirm', offer.epoch, offer.answered.peerEpoch)
    : hail(params, next, 'offer', offer.epoch, noEpoch)
}

function hail(
  params: PairParams,
  state: PairState,
  stage: HelloStage,
  epoch: Uint8Array,
  echo: Uint8Array,
): Step {
  const nonce = drawNonce(state.lifeSecret, state.hellosSent)
  const header = encodeHelloHeader(params.identity.channel, params.keys.keyId, nonce)
  const body = encodeHello({ stage, epoch, echo, configHash: params.configHash })
  const datagram = seal(params.keys.helloSend, nonce, header, body)
  return [{ ...state, hellosSent: state.hellosSent + 1 }, [{ type: 'transmit', datagram }]]
}

/** Nothing happens without a session: whoever needs the message later will say it again. */
function say(params: PairParams, state: PairState, message: Uint8Array, now: Millis): Step {
  if (!state.current) return [state, []]
  const { channel } = params.identity
  const [current, datagram] = sealMessage(state.current, channel, params.keys.keyId, message, now)
  return [{ ...state, current }, [{ type: 'transmit', datagram }]]
}
