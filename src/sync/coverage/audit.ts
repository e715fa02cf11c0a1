/**
 * What share of this director's sessions the peer holds: asked, not assumed. In rounds, a few buckets at a time:
 *
 *     here                               peer
 *     digests of some buckets     ->     compares with its own
 *                                 <-     those that differ
 *     the hashes of each of them  ->
 *                                 <-     the hashes that it has not got
 *     those sessions, again       ->     takes what it still has not got
 *
 * Sessions that are too young to have arrived are left out, so that what travels is not counted as missing. As a
 * pure machine, but for the mirror, which it reads.
 */
import { unreachable } from '../../base/result.js'
import { after, type Millis, millis } from '../../base/units.js'
import { bucketCount, hashOf, type Mirror, type Session } from './mirror.js'

export const auditTimes = {
  /** Between two rounds. */
  pause: millis(250),
  /** An answer that takes longer is none. */
  answer: millis(1500),
  /** A session that was heard of later may still be on its way. */
  young: millis(750),
} as const

/** Buckets of a round at most: all of them within two seconds. */
export const bucketsPerRound = 32
/** Sessions of a round: 10 ms of work on either side. Half a million take seven seconds in all. */
const sessionsPerRound = 20_000
/** Of a bucket that differs; a larger one is asked about in part, another part each time. */
export const hashesPerMessage = 300

export interface BucketDigest {
  readonly count: number
  /** All hashes, exclusive or. */
  readonly sum: number
}

export type AuditMessage =
  | {
      readonly kind: 'digests'
      readonly round: number
      readonly seed: number
      readonly first: number
      readonly digests: readonly BucketDigest[]
    }
  /** Answer to `digests`. */
  | { readonly kind: 'differs'; readonly round: number; readonly buckets: readonly number[] }
  | {
      readonly kind: 'hashes'
      readonly round: number
      readonly seed: number
      readonly bucket: number
      readonly hashes: readonly number[]
    }
  /** Answer to `hashes`. */
  | {
      readonly kind: 'lacks'
      readonly round: number
      readonly bucket: number
      readonly hashes: readonly number[]
    }

interface Round {
  readonly number: number
  readonly seed: number
  readonly first: number
  readonly until: Millis
  /** What each of its buckets held when it was told. */
  readonly told: ReadonlyMap<number, readonly Session[]>
  /** Told in hashes, and not answered yet. */
  readonly open: ReadonlyMap<number, readonly Session[]>
}

/** Latest finding of one bucket. */
interface Finding {
  readonly sessions: number
  readonly lacking: number
}

export interface AuditState {
  readonly round: Round | undefined
  readonly rounds: number
  /** First bucket of the next round. */
  readonly next: number
  readonly nextAt: Millis
  readonly findings: ReadonlyMap<number, Finding>
  /** Since when something that the peer lacks is known to be lacking. */
  readonly lackingSince: Millis | undefined
}

export type AuditEvent =
  /** A session with the peer began: what it holds is not known. */
  | { readonly type: 'begin' }
  | { readonly type: 'message'; readonly message: AuditMessage }
  | { readonly type: 'tick' }

export type AuditEffect =
  | { readonly type: 'send'; readonly message: AuditMessage }
  /** The peer lacks these: once more. */
  | { readonly type: 'repair'; readonly records: readonly Uint8Array[] }

type Step = readonly [AuditState, readonly AuditEffect[]]

export const startAudit = (now: Millis): AuditState => ({
  round: undefined,
  rounds: 0,
  next: 0,
  nextAt: after(now, auditTimes.pause),
  findings: new Map(),
  lackingSince: undefined,
})

export interface Coverage {
  /** Of this director's sessions, those that the peer holds: 0 to 1; undefined before all were asked about. */
  readonly share: number | undefined
  readonly sessions: number
  readonly lacking: number
}

export function coverageOf({ findings }: AuditState): Coverage {
  let sessions = 0
  let lacking = 0
  for (const finding of findings.values()) {
    sessions += finding.sessions
    lacking += finding.lacking
  }
  const whole = findings.size === bucketCount
  const share = !whole ? undefined : sessions === 0 ? 1 : (sessions - lacking) / sessions
  return { share, sessions, lacking }
}

export const auditDeadline = ({ round, nextAt }: AuditState): Millis => round?.until ?? nextAt

/** `random`: a whole number from 0 to 2^32 - 1, another each time. */
export function stepAudit(
  mirror: Mirror,
  state: AuditState,
  event: AuditEvent,
  now: Millis,
  random: () => number,
): Step {
  switch (event.type) {
    case 'begin':
      return [{ ...startAudit(now), rounds: state.rounds }, []]
    case 'tick':
      return onTick(mirror, state, now, random)
    case 'message':
      return onMessage(mirror, state, event.message, now)
    default:
      return unreachable(event)
  }
}

function onTick(mirror: Mirror, state: AuditState, now: Millis, random: () => number): Step {
  if (now < auditDeadline(state)) return [state, []]
  // What was answered need not be asked again.
  if (state.round && state.round.open.size > 0) {
    const round = { ...state.round, until: after(now, auditTimes.answer) }
    return [{ ...state, round }, hashesOf(round)]
  }
  const first = state.round?.first ?? state.next
  const number = state.rounds + 1
  const seed = random()
  const told = new Map<number, readonly Session[]>()
  const digests: BucketDigest[] = []
  const fit = Math.floor((sessionsPerRound * bucketCount) / Math.max(1, mirror.size))
  const buckets = Math.min(bucketCount - first, bucketsPerRound, Math.max(1, fit))
  for (let bucket = first; bucket < first + buckets; bucket++) {
    const sessions = mirror.bucket(bucket, now).filter(({ since }) => after(since, auditTimes.young) <= now)
    told.set(bucket, sessions)
    digests.push(digestOf(sessions, seed))
  }
  const round = { number, seed, first, until: after(now, auditTimes.answer), told, open: new Map() }
  const message: AuditMessage = { kind: 'digests', round: number, seed, first, digests }
  return [{ ...state, round, rounds: number }, [{ type: 'send', message }]]
}

function digestOf(sessions: readonly Session[], seed: number): BucketDigest {
  let sum = 0
  for (const { key } of sessions) sum = (sum ^ hashOf(key, seed)) >>> 0
  return { count: sessions.length, sum }
}

function onMessage(mirror: Mirror, state: AuditState, message: AuditMessage, now: Millis): Step {
  switch (message.kind) {
    case 'digests':
      return [state, [{ type: 'send', message: compare(mirror, message, now) }]]
    case 'hashes':
      return [state, [{ type: 'send', message: lookUp(mirror, message, now) }]]
    case 'differs':
      return onDiffers(state, message, now)
    case 'lacks':
      return onLacks(state, message, now)
    default:
      return unreachable(message)
  }
}

/** The listener's own young ones count: they may be old enough over there. */
function compare(mirror: Mirror, told: AuditMessage & { kind: 'digests' }, now: Millis): AuditMessage {
  const buckets: number[] = []
  for (const [i, digest] of told.digests.entries()) {
    const own = digestOf(mirror.bucket(told.first + i, now), told.seed)
    if (own.count !== digest.count || own.sum !== digest.sum) buckets.push(told.first + i)
  }
  return { kind: 'differs', round: told.round, buckets }
}

function lookUp(mirror: Mirror, asked: AuditMessage & { kind: 'hashes' }, now: Millis): AuditMessage {
  const held = new Set(mirror.bucket(asked.bucket, now).map(({ key }) => hashOf(key, asked.seed)))
  const { round, bucket } = asked
  return { kind: 'lacks', round, bucket, hashes: asked.hashes.filter((hash) => !held.has(hash)) }
}

function onDiffers(state: AuditState, answer: AuditMessage & { kind: 'differs' }, now: Millis): Step {
  const { round } = state
  if (round?.number !== answer.round || round.open.size > 0) return [state, []]
  const differing = new Set(answer.buckets)
  const findings = new Map(state.findings)
  const open = new Map<number, readonly Session[]>()
  for (const [bucket, sessions] of round.told) {
    // What the peer has beyond ours costs nothing.
    if (!differing.has(bucket) || sessions.length === 0) {
      findings.set(bucket, { sessions: sessions.length, lacking: 0 })
      continue
    }
    open.set(bucket, partOf(sessions, round.number))
  }
  const asking = { ...round, open, until: after(now, auditTimes.answer) }
  const next = { ...state, findings, round: asking }
  return open.size > 0 ? [next, hashesOf(asking)] : [concluded(next, now), []]
}

const hashesOf = ({ number, seed, open }: Round): readonly AuditEffect[] =>
  [...open].map(([bucket, sessions]) => {
    const hashes = sessions.map(({ key }) => hashOf(key, seed))
    return { type: 'send', message: { kind: 'hashes', round: number, seed, bucket, hashes } }
  })

function partOf(sessions: readonly Session[], turn: number): readonly Session[] {
  if (sessions.length <= hashesPerMessage) return sessions
  const parts = Math.ceil(sessions.length / hashesPerMessage)
  return sessions.filter((_, i) => i % parts === turn % parts)
}

function onLacks(state: AuditState, answer: AuditMessage & { kind: 'lacks' }, now: Millis): Step {
  const { round } = state
  const asked = round?.open.get(answer.bucket)
  if (!round || round.number !== answer.round || !asked) return [state, []]
  const lacks = new Set(answer.hashes)
  const missing = asked.filter(({ key }) => lacks.has(hashOf(key, round.seed)))
  const whole = round.told.get(answer.bucket)?.length ?? asked.length
  const findings = new Map(state.findings)
  // A part stands for the whole.
  const lacking = Math.round((missing.length * whole) / asked.length)
  findings.set(answer.bucket, { sessions: whole, lacking })
  const open = new Map(round.open)
  open.delete(answer.bucket)
  const next = { ...state, findings, round: { ...round, open } }
  const records = missing.map(({ record }) => record)
  const effects: readonly AuditEffect[] = records.length > 0 ? [{ type: 'repair', records }] : []
  return [open.size > 0 ? next : concluded(next, now), effects]
}

function concluded(state: AuditState, now: Millis): AuditState {
  const { first = 0, told } = state.round ?? {}
  const next = (first + (told?.size ?? 0)) % bucketCount
  const lacking = [...state.findings.values()].some((finding) => finding.lacking > 0)
  return {
    ...state,
    round: undefined,
    next,
    nextAt: after(now, auditTimes.pause),
    lackingSince: lacking ? (state.lackingSince ?? now) : undefined,
  }
}
