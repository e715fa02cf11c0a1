/**
 * The relay between the kernel's sync daemons on `lo` and the peer, as a pure machine. What the master says
 * is packed into messages of the pair channel; what the peer says is checked and handed to the backup, not
 * faster than its socket can take.
 */
import { unreachable } from '../base/result.js'
import { after, type Millis, millis } from '../base/units.js'
import { type Budget, type BudgetLimits, fullBudget, spend } from '../pair/budget.js'
import { emptyFifo, type Fifo, push, shift } from './fifo.js'
import { decodeKernelMessage, encodeKernelMessage, type KernelMessageProblem } from './kernel-message.js'
import { clientPortOf, isMarker } from './kernel-record.js'
import {
  encodeRelayMessage,
  type LiveRecords,
  type RelayMessageProblem,
  relayHeaderLength,
} from './relay-message.js'

export const relayLimits = {
  /** Bytes of a message to the peer: with what the channel and UDP add it passes an MTU of 1,400. */
  messageLength: 1300,
  /** A record waits at most this long for company. */
  batchDelay: millis(20),
  /** Datagrams of up to 1,300 bytes that wait for the kernel's backup. */
  queueLength: 4096,
} as const

/** Thirty-two such datagrams fit a receive buffer of default size several times over. */
const pace: BudgetLimits = { burst: 32, perSecond: 4000 }
const paceRetry = millis(2)

export type RelayDiscard =
  | `kernel_${KernelMessageProblem | 'sync_id'}`
  | `peer_${RelayMessageProblem | 'sync_id'}`
  | 'kernel_oversize'
  | 'overflow'

export interface RelayParams {
  /** What our kernel's master daemon signs its messages with. */
  readonly syncId: number
  /** What the peer's does, and our backup daemon listens for. */
  readonly peerSyncId: number
}

interface Batch {
  readonly records: readonly Uint8Array[]
  readonly length: number
  readonly due: Millis
}

export interface RelayState {
  readonly batch: Batch | undefined
  /** Of the next message to the peer, in the present session. */
  readonly nextSequence: number
  /** Of the peer's messages in the present session: the highest, -1 before the first, and how many came. */
  readonly highest: number
  readonly heard: number
  /** Messages of the peer's that never came, in sessions that are over. */
  readonly lostBefore: number
  readonly kernelReady: boolean
  readonly queue: Fifo<Injection>
  readonly budget: Budget
}

interface Injection {
  readonly datagram: Uint8Array
  readonly records: number
}

export type RelayEvent =
  | { readonly type: 'kernelDatagram'; readonly bytes: Uint8Array }
  | { readonly type: 'live'; readonly message: LiveRecords }
  /** Records of a snapshot that shall go into our kernel. */
  | { readonly type: 'rows'; readonly records: readonly Uint8Array[] }
  /** A new session with the peer: sequences start again on both sides. */
  | { readonly type: 'sessionBegan' }
  /** The kernel's daemons run. */
  | { readonly type: 'kernelReady' }
  /** What waits for company goes now. */
  | { readonly type: 'flush' }
  | { readonly type: 'tick' }

export type RelayEffect =
  | { readonly type: 'send'; readonly message: Uint8Array; readonly records: number }
  | { readonly type: 'inject'; readonly datagram: Uint8Array; readonly records: number }
  /** Our kernel has told of a connection to our own marker, from this port. */
  | { readonly type: 'marker'; readonly clientPort: number }
  /** Our kernel told these; they are on their way. */
  | { readonly type: 'told'; readonly records: readonly Uint8Array[] }
  | { readonly type: 'discard'; readonly reason: RelayDiscard }

type Step = readonly [RelayState, readonly RelayEffect[]]

export function startRelay(now: Millis): RelayState {
  return {
    batch: undefined,
    nextSequence: 0,
    highest: -1,
    heard: 0,
    lostBefore: 0,
    kernelReady: false,
    queue: emptyFifo,
    budget: fullBudget(pace, now),
  }
}

/** Messages of the peer's that never came; one that is only late counts until it comes. */
export const lostMessages = (state: RelayState): number => state.lostBefore + state.highest + 1 - state.heard

/** When `tick` has work to do next; undefined when nothing waits. */
export function relayDeadline(state: RelayState, now: Millis): Millis | undefined {
  const inject = state.kernelReady && state.queue.length > 0 ? after(now, paceRetry) : undefined
  const send = state.batch?.due
  return inject === undefined || (send !== undefined && send < inject) ? send : inject
}

export function step(params: RelayParams, state: RelayState, event: RelayEvent, now: Millis): Step {
  switch (event.type) {
    case 'kernelDatagram':
      return onKernelDatagram(params, state, event.bytes, now)
    case 'live':
      return onLive(params, state, event.message, now)
    case 'rows':
      return enqueue(params, state, event.records, now)
    case 'sessionBegan': {
      const lostBefore = lostMessages(state)
      return [{ ...state, nextSequence: 0, highest: -1, heard: 0, lostBefore }, []]
    }
    case 'kernelReady':
      return inject({ ...state, kernelReady: true }, now)
    case 'flush':
      return flush(params, state)
    case 'tick': {
      const due = state.batch !== undefined && now >= state.batch.due
      const [flushed, sends] = due ? flush(params, state) : [state, []]
      const [injected, injections] = inject(flushed, now)
      return [injected, [...sends, ...injections]]
    }
    default:
      return unreachable(event)
  }
}

function onKernelDatagram(params: RelayParams, state: RelayState, bytes: Uint8Array, now: Millis): Step {
  const message = decodeKernelMessage(bytes)
  if (!message.ok) return [state, [{ type: 'discard', reason: `kernel_${message.error}` }]]
  const { syncId, records } = message.value
  // What we inject comes back to us, for we listen where the backup does: it carries the peer's id.
  if (syncId === params.peerSyncId) return [state, []]
  if (syncId !== params.syncId) return [state, [{ type: 'discard', reason: 'kernel_sync_id' }]]
  let next = state
  const told: Uint8Array[] = []
  const effects: RelayEffect[] = []
  for (const record of records) {
    if (isMarker(record)) {
      effects.push({ type: 'marker', clientPort: clientPortOf(record) })
      continue
    }
    told.push(record)
    const length = (record.length + 3) & ~3
    if (relayHeaderLength + length > relayLimits.messageLength) {
      effects.push({ type: 'discard', reason: 'kernel_oversize' })
      continue
    }
    if (next.batch && next.batch.length + length > relayLimits.messageLength) {
      const [flushed, sends] = flush(params, next)
      next = flushed
      effects.push(...sends)
    }
    next = { ...next, batch: grown(next.batch, record, length, now) }
  }
  return [next, told.length > 0 ? [{ type: 'told', records: told }, ...effects] : effects]
}

function grown(batch: Batch | undefined, record: Uint8Array, length: number, now: Millis): Batch {
  if (batch) return { ...batch, records: [...batch.records, record], length: batch.length + length }
  const due = after(now, relayLimits.batchDelay)
  return { records: [record], length: relayHeaderLength + length, due }
}

function flush(params: RelayParams, state: RelayState): Step {
  if (!state.batch) return [state, []]
  const { records } = state.batch
  const message = encodeRelayMessage({
    kind: 'live',
    syncId: params.syncId,
    sequence: state.nextSequence,
    records,
  })
  const next = { ...state, batch: undefined, nextSequence: state.nextSequence + 1 }
  return [next, [{ type: 'send', message, records: records.length }]]
}

function onLive(params: RelayParams, state: RelayState, message: LiveRecords, now: Millis): Step {
  const { sequence, records } = message
  const counted = { ...state, heard: state.heard + 1, highest: Math.max(state.highest, sequence) }
  return enqueue(params, counted, records, now)
}

function enqueue(params: RelayParams, state: RelayState, records: readonly Uint8Array[], now: Millis): Step {
  if (state.queue.length >= relayLimits.queueLength) return [state, [{ type: 'discard', reason: 'overflow' }]]
  const datagram = encodeKernelMessage({ syncId: params.peerSyncId, records })
  const queue = push<Injection>(state.queue, { datagram, records: records.length })
  return inject({ ...state, queue }, now)
}

/** Hands to the kernel what the pace allows now. */
function inject(state: RelayState, now: Millis): Step {
  if (!state.kernelReady) return [state, []]
  let { queue, budget } = state
  const effects: RelayEffect[] = []
  while (queue.length > 0) {
    const left = spend(budget, pace, now, 0)
    const taken = left && shift(queue)
    if (!taken) break
    budget = left
    queue = taken[1]
    effects.push({ type: 'inject', ...taken[0] })
  }
  return [{ ...state, queue, budget }, effects]
}
