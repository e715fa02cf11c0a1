/**
 * How a director gets the peer's table, as a pure machine. First it reads its own, to leave alone what it
 * holds; then it asks; then rows come, of which those count that no live record has overtaken; then it reads
 * its own table again and believes that it holds the peer's sessions when they are in it.
 *
 * The sets of a run are grown in place: a copy for each of 100,000 rows would take for ever.
 */
import type { SyncReadiness } from '../../base/facts.js'
import { unreachable } from '../../base/result.js'
import { after, type Millis, millis } from '../../base/units.js'
import { connectionKey } from '../kernel-record.js'

export const askTimes = {
  /** Until a request that nothing answers is sent again, and how often that is done. */
  answer: millis(500),
  requests: 4,
  /** Nothing more came for this long: asked again, from the beginning. */
  silence: millis(2000),
  /** Between the last row and the look whether the kernel has them. */
  settle: millis(200),
  /** After a run that failed. */
  retry: millis(3000),
  /** How often losses of the live stream are looked at while all is well. */
  recheck: millis(10_000),
} as const

/** Of a thousand rows the kernel must hold this many: some end while they travel. */
const enoughPerMille = 990

interface Run {
  readonly id: number
  /** Live messages of the peer's that had not come when it began. */
  readonly lost: number
  /** In our own table before the peer was asked. */
  readonly held: ReadonlySet<string>
  /** Heard live since then: newer than any row. */
  readonly live: Set<string>
  readonly rows: Set<string>
  /** Records in messages of rows, those included that were not wanted. */
  received: number
}

export type AskState =
  | { readonly name: 'waiting'; readonly runs: number }
  | { readonly name: 'reading'; readonly runs: number; readonly run: Run }
  | {
      readonly name: 'receiving'
      readonly runs: number
      readonly run: Run
      readonly requests: number
      readonly deadline: Millis
    }
  | { readonly name: 'settling'; readonly runs: number; readonly run: Run; readonly deadline: Millis }
  | { readonly name: 'verifying'; readonly runs: number; readonly run: Run }
  | { readonly name: 'failed'; readonly runs: number; readonly deadline: Millis; readonly reason: string }
  | {
      readonly name: 'held'
      readonly runs: number
      readonly sessions: number
      readonly lost: number
      readonly deadline: Millis
    }

export type AskEvent =
  /** The kernel's daemons run and a session with the peer began: what was held before may be old. */
  | { readonly type: 'begin'; readonly lost: number }
  /** Our own table, that `readTable` asked for; undefined when it could not be read. */
  | { readonly type: 'table'; readonly id: number; readonly keys: ReadonlySet<string> | undefined }
  | { readonly type: 'live'; readonly records: readonly Uint8Array[] }
  | { readonly type: 'rows'; readonly id: number; readonly records: readonly Uint8Array[] }
  | { readonly type: 'end'; readonly id: number; readonly rows: number }
  /** `waiting`: datagrams that the kernel has not been given yet; `lost`: live messages that never came. */
  | { readonly type: 'tick'; readonly waiting: number; readonly lost: number }

export type AskEffect =
  | { readonly type: 'readTable'; readonly id: number }
  | { readonly type: 'request'; readonly id: number }
  | { readonly type: 'inject'; readonly records: readonly Uint8Array[] }

type Step = readonly [AskState, readonly AskEffect[]]

export const startAsking: AskState = { name: 'waiting', runs: 0 }

export function askDeadline(state: AskState): Millis | undefined {
  return 'deadline' in state ? state.deadline : undefined
}

/** `asOf` says when, for a person. */
export function readinessOf(state: AskState, asOf: string): SyncReadiness {
  switch (state.name) {
    case 'waiting':
      return { ready: false, reason: 'no snapshot from the peer yet' }
    case 'reading':
    case 'receiving':
    case 'settling':
    case 'verifying':
      return { ready: false, reason: "a snapshot of the peer's sessions is under way" }
    case 'failed':
      return { ready: false, reason: state.reason }
    case 'held':
      return { ready: true, reason: `holds the peer's ${state.sessions} sessions as of ${asOf}` }
    default:
      return unreachable(state)
  }
}

export function stepAsk(state: AskState, event: AskEvent, now: Millis): Step {
  switch (event.type) {
    case 'begin':
      return begin(state, event.lost)
    case 'table':
      return onTable(state, event.id, event.keys, now)
    case 'live':
      if ('run' in state) for (const record of event.records) state.run.live.add(connectionKey(record))
      return [state, []]
    case 'rows':
      return onRows(state, event.id, event.records, now)
    case 'end':
      return onEnd(state, event.id, event.rows, now)
    case 'tick':
      return onTick(state, event.waiting, event.lost, now)
    default:
      return unreachable(event)
  }
}

function begin(state: AskState, lost: number): Step {
  const id = state.runs + 1
  const run: Run = { id, lost, held: new Set(), live: new Set(), rows: new Set(), received: 0 }
  return [{ name: 'reading', runs: id, run }, [{ type: 'readTable', id }]]
}

const failed = (state: AskState, reason: string, now: Millis): Step => [
  { name: 'failed', runs: state.runs, reason, deadline: after(now, askTimes.retry) },
  [],
]

function onTable(state: AskState, id: number, keys: ReadonlySet<string> | undefined, now: Millis): Step {
  if ((state.name !== 'reading' && state.name !== 'verifying') || state.run.id !== id) return [state, []]
  if (!keys) return failed(state, 'the connection table cannot be read', now)
  const { runs, run } = state
  if (state.name === 'reading') {
    const asking = { requests: 1, deadline: after(now, askTimes.answer) }
    return [{ name: 'receiving', runs, run: { ...run, held: keys }, ...asking }, [{ type: 'request', id }]]
  }
  let missing = 0
  for (const key of run.rows) if (!keys.has(key) && !run.live.has(key)) missing++
  const { size } = run.rows
  if ((size - missing) * 1000 < size * enoughPerMille) {
    return failed(state, `the kernel holds ${size - missing} of the peer's ${size} sessions`, now)
  }
  const deadline = after(now, askTimes.recheck)
  return [{ name: 'held', runs, sessions: size - missing, lost: run.lost, deadline }, []]
}

function onRows(state: AskState, id: number, records: readonly Uint8Array[], now: Millis): Step {
  if (state.name !== 'receiving' || state.run.id !== id) return [state, []]
  const { run } = state
  run.received += records.length
  const wanted: Uint8Array[] = []
  for (const record of records) {
    const key = connectionKey(record)
    if (run.live.has(key)) continue
    run.rows.add(key)
    if (!run.held.has(key)) wanted.push(record)
  }
  const next = { ...state, deadline: after(now, askTimes.silence) }
  return [next, wanted.length > 0 ? [{ type: 'inject', records: wanted }] : []]
}

function onEnd(state: AskState, id: number, rows: number, now: Millis): Step {
  if (state.name !== 'receiving' || state.run.id !== id) return [state, []]
  const { runs, run } = state
  if (run.received !== rows) {
    return failed(state, `${run.received} of the peer's ${rows} sessions arrived; asking again`, now)
  }
  return [{ name: 'settling', runs, run, deadline: after(now, askTimes.settle) }, []]
}

function onTick(state: AskState, waiting: number, lost: number, now: Millis): Step {
  if (!('deadline' in state) || now < state.deadline) return [state, []]
  const { runs } = state
  switch (state.name) {
    case 'receiving': {
      const { run, requests } = state
      if (run.received > 0) return failed(state, 'the peer stopped in the middle of a snapshot', now)
      if (requests >= askTimes.requests) return failed(state, 'the peer sends no snapshot', now)
      const again = { requests: requests + 1, deadline: after(now, askTimes.answer) }
      return [{ ...state, ...again }, [{ type: 'request', id: run.id }]]
    }
    case 'settling':
      return waiting > 0
        ? [{ ...state, deadline: after(now, askTimes.settle) }, []]
        : [{ name: 'verifying', runs, run: state.run }, [{ type: 'readTable', id: state.run.id }]]
    case 'failed':
      return begin(state, lost)
    case 'held':
      return lost > state.lost
        ? begin(state, lost)
        : [{ ...state, deadline: after(now, askTimes.recheck) }, []]
    default:
      return unreachable(state)
  }
}
