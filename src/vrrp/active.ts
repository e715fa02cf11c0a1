/** Active: RFC 9568 section 6.4.3, with the lease, the announcements and the rules about stalls. */
import { compareIp } from '../base/ip.js'
import { unreachable } from '../base/result.js'
import type { Millis } from '../base/units.js'
import { after, millis, ownerPriority, resignPriority } from '../base/units.js'
import { stepBackup } from './backup.js'
import { secondOpinion } from './second-opinion.js'
import type { Active, Effect, Event, Heard, Initialize, RouterParams } from './state.js'
import { nextDeadline } from './state.js'
import { activeDownInterval } from './timers.js'
import {
  announceUntil,
  claimBackOff,
  ignored,
  leased,
  nextAnnouncement,
  type Step,
  toBackup,
  toFault,
  toMaintenance,
  transition,
  unplanned,
  withBlock,
  withoutRefusal,
} from './transitions.js'

type AdvertisementReceived = Extract<Event, { type: 'advertisementReceived' }>

/** An Active whose timer is later than this has stood still and hears first what was said meanwhile. */
const lateBound = 5
/**
 * Rivals are answered at most this often, so that a flood of forged advertisements is not multiplied. It
 * is the shortest advertisement interval there is: every honest rival is answered each time.
 */
const assertEvery = 10
/** After a handover an advertisement from before it is still understood for so long. */
const leastUnderWay = 20
/** Two Actives by the peer's word alone: for longer than any exchange, and of more than two reports. */
const lasting = 1_500
/** And announcements because of them at most this often. */
const announceEvery = 50

/**
 * The lease comes first: at any event after its end this process has been frozen or starved, the kernel
 * has removed the addresses and the peer owns them. It is no longer Active, whatever its priority, and
 * must neither advertise nor announce before it has joined the election like anybody else.
 */
export function stepActive(params: RouterParams, state: Active, event: Event, now: Millis): Step {
  if (state.leaseUntil === undefined || now < state.leaseUntil) return stepLeased(params, state, event, now)
  const still = Math.round(now - state.leasedAt)
  const reason = `lease ran out (this process stood still for up to ${still} ms)`
  const backup = toBackup(params, unplanned(params, state, now), now, reason, params.joinDelay)
  return asBackup(params, backup, event, now)
}

function stepLeased(params: RouterParams, state: Active, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'advertisementReceived':
      return advertisement(params, state, event, now)
    case 'deadlineReached':
      return deadline(params, state, event.inputRead, now)
    case 'shutdown':
      return shutdown(state)
    case 'linkDown':
      return resigned(toFault(unplanned(params, state, now), { linkDown: event.reason }, event.reason))
    case 'blocked': {
      const next = withBlock(state, event)
      return event.reason === undefined
        ? ignored(state)
        : resigned(toFault(unplanned(params, next, now), {}, event.reason))
    }
    case 'maintenance': {
      const { reason } = event
      if (reason === undefined) return ignored(state)
      const next = { ...state, known: { ...state.known, maintenance: reason } }
      return resigned(toMaintenance(next, undefined, reason))
    }
    case 'handingOver':
      return handingOver(params, state, event.to, now)
    case 'handedOver':
      return handedOver(params, state, event.to, event.stay, now)
    case 'takeOverAsked':
      return [{ ...state, takingFrom: { priority: event.priority, until: event.until } }, []]
    case 'takeOverComplete':
      return takeOverComplete(params, state, now)
    case 'groupStepDown':
      return resigned(toBackup(params, unplanned(params, state, now), now, event.reason, 0))
    case 'claimSucceeded':
      return [withoutRefusal(state), []]
    case 'claimFailed': {
      const claimFailures = state.known.claimFailures + 1
      const known = { ...state.known, claimFailures, refusal: event.reason }
      const failed = unplanned(params, { ...state, known }, now)
      return resigned(toFault(failed, { retryAt: claimBackOff(now, claimFailures) }, event.reason))
    }
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'parametersChanged':
      return parametersChanged(params, state, event, now)
    case 'peerReported':
      return peerReported(params, state, event, now)
    case 'startup':
    case 'linkUp':
    case 'groupTakeOver':
      return ignored(state)
    default:
      return unreachable(event)
  }
}

function advertisement(params: RouterParams, state: Active, event: AdvertisementReceived, now: Millis): Step {
  const { sender, source, priority } = event
  if (priority === resignPriority) {
    if (!mayAssert(state, now)) return ignored(state)
    return [
      { ...state, sentAt: now, assertedAt: now, adverAt: after(now, params.advertisementInterval) },
      [{ type: 'sendAdvertisement', priority: params.priority }],
    ]
  }
  const { takingFrom, leavingTo } = state
  // Both sides of a handover advertise for a moment; it is bounded, and ends in a word over the pair link.
  if (leavingTo !== undefined) return ignored(state)
  if (takingFrom && now < takingFrom.until && priority === takingFrom.priority) return ignored(state)
  const yields = yieldReason(params, state, event, now)
  if (yields !== undefined) {
    const backup = toBackup(params, unplanned(params, state, now), now, yields, 0)
    const [next, effects] = asBackup(params, backup, event, now)
    return [next, [...lastWord(params, event), ...effects]]
  }
  return assert(params, state, { sender, source, priority, at: now }, now)
}

/**
 * Two Actives that do not hear each other on the LAN, but over the pair link. Who has lost its way gives
 * way; otherwise what was said counts like the advertisement that did not arrive.
 */
function peerReported(
  params: RouterParams,
  before: Active,
  event: Extract<Event, { type: 'peerReported' }>,
  now: Millis,
): Step {
  const { peer, source, interval } = event
  const state: Active = { ...before, known: { ...before.known, peer } }
  const handingOver = state.leavingTo !== undefined || (state.takingFrom && now < state.takingFrom.until)
  if (handingOver) return [{ ...state, peerSays: undefined }, []]
  const { name: sender, priority } = peer
  if (!peer.active) {
    if (!state.peerSays) return [state, []]
    // The LAN may have believed its announcements.
    return assert(params, { ...state, peerSays: undefined }, { sender, source, priority, at: now }, now)
  }
  if (peer.every !== undefined) return saysByTheClock(params, before, event, peer.every, now)
  const opinion = secondOpinion({ peer, lost: params.lost, interval }, now)
  if (opinion.verdict === 'takeOver') return [state, []]
  if (opinion.verdict === 'stay' && opinion.suspect === 'own')
    return toBackup(params, unplanned(params, state, now), now, opinion.text, 0)
  return advertisement(
    params,
    state,
    { type: 'advertisementReceived', source, sender, priority, interval },
    now,
  )
}

/**
 * Beside no advertisement: one moment of an exchange, or two files that differ (vrid, transport). Only what
 * goes on for `lasting` tells, and then the lesser gives way as if it had heard the greater.
 */
function saysByTheClock(
  params: RouterParams,
  before: Active,
  { peer, source, interval }: Extract<Event, { type: 'peerReported' }>,
  every: Millis,
  now: Millis,
): Step {
  const said = before.peerSays
  const since = said && now - said.at < 2.5 * every ? said.since : now
  const state: Active = { ...before, peerSays: { since, at: now } }
  if (now - since < lasting) return [state, []]
  const { name: sender, priority } = peer
  const knowing: Active = { ...state, known: { ...state.known, peer } }
  const opinion = secondOpinion({ peer, lost: params.lost, interval }, now)
  if (opinion.verdict === 'takeOver') return [knowing, []]
  const rival = { type: 'advertisementReceived', source, sender, priority, interval } as const
  const yields =
    opinion.verdict === 'stay' && opinion.suspect === 'own'
      ? opinion.text
      : yieldReason(params, state, rival, now)
  if (yields === undefined) return assert(params, knowing, { sender, source, priority, at: now }, now)
  return toBackup(params, unplanned(params, knowing, now), now, `two Actives: ${yields}`, 0)
}

/** Why an Active gives way to this advertisement; undefined: it does not. */
function yieldReason(
  params: RouterParams,
  state: Active,
  { sender, source, priority }: AdvertisementReceived,
  now: Millis,
): string | undefined {
  if (priority > params.priority)
    return `${sender} advertises priority ${priority} over ${params.priority}${why(params)}`
  if (priority === params.priority && compareIp(source, params.source) > 0)
    return `${sender} has the same priority ${priority} and the higher address`
  // Not in the RFC: we owed advertisements for longer than any Backup waits, so the sender rightly took
  // over and new sessions are there. Return by the preempt rule, not by shouting it down.
  // The address owner is asked for by nobody else's right, however long it was silent.
  if (params.priority === ownerPriority) return undefined
  const silence = now - state.sentAt
  if (silence >= activeDownInterval(params.priority, params.advertisementInterval, params.skew))
    return `${sender} took over while this process was silent for ${Math.round(silence)} ms`
  return undefined
}

const why = ({ because }: RouterParams): string => (because === undefined ? '' : ` (${because})`)

/**
 * Not in the RFC: whoever gives way to the greater advertises once more. When a split heals and the greater
 * is heard first, it would otherwise never know that it had a rival, whose announcements the LAN believes,
 * and would not announce the addresses again.
 */
const lastWord = (params: RouterParams, { source, priority }: AdvertisementReceived): readonly Effect[] =>
  priority > params.priority || (priority === params.priority && compareIp(source, params.source) > 0)
    ? [{ type: 'sendAdvertisement', priority: params.priority }]
    : []

/**
 * Section 6.4.3: a lower priority is answered at once. Its sender has announced the addresses as its own,
 * so they are announced again, for as long as its kernel may answer for them.
 */
function assert(params: RouterParams, state: Active, rival: Heard, now: Millis): Step {
  const soon = after(state.announcedAt, millis(announceEvery))
  if (!mayAssert(state, now)) {
    // Its announcement may have been later than our answer to what it said before.
    const announced = state.announceAt !== undefined && state.announceAt <= soon
    return announced ? ignored(state) : [{ ...state, announceAt: soon }, []]
  }
  const burst = {
    ...state,
    sentAt: now,
    assertedAt: now,
    rival,
    announcementsLeft: params.garp.count,
    announceUntil: announceUntil(params, now),
  }
  const effects: Effect[] = [{ type: 'sendAdvertisement', priority: params.priority }]
  return soon > now ? [{ ...burst, announceAt: soon }, effects] : announce(params, burst, effects, now)
}

const mayAssert = ({ assertedAt }: Active, now: Millis): boolean =>
  assertedAt === undefined || now - assertedAt >= assertEvery

function deadline(params: RouterParams, state: Active, inputRead: boolean, now: Millis): Step {
  const late = now - (nextDeadline(state) ?? now)
  if (late < 0) return ignored(state)
  // A rival that took over meanwhile is heard first.
  if (late > lateBound && !inputRead) return [state, [{ type: 'readPendingInput' }]]
  let next = state
  const effects: Effect[] = []
  if (now >= next.adverAt) {
    const onTime = after(next.adverAt, params.advertisementInterval)
    const adverAt = onTime > now ? onTime : after(now, params.advertisementInterval)
    next = { ...next, sentAt: now, adverAt }
    effects.push({ type: 'sendAdvertisement', priority: params.priority })
  }
  if (next.refreshAt !== undefined && now >= next.refreshAt) {
    next = { ...next, ...leased(params, now) }
    effects.push({ type: 'refreshLease' })
  }
  return next.announceAt !== undefined && now >= next.announceAt
    ? announce(params, next, effects, now)
    : [next, effects]
}

function announce(params: RouterParams, state: Active, before: readonly Effect[], now: Millis): Step {
  const announcementsLeft = Math.max(state.announcementsLeft - 1, 0)
  const next = { ...state, announcedAt: now, announcementsLeft }
  return [
    { ...next, announceAt: nextAnnouncement(params, next, now) },
    [...before, { type: 'announceAddresses' }],
  ]
}

/** Section 6.4.3: cancel the timer, resign, and only then give the addresses up. */
function shutdown(state: Active): Step {
  const next: Initialize = { name: 'initialize', known: state.known }
  return resigned([next, [{ type: 'releaseAddresses' }, transition(state, next, 'stopped')]])
}

const resigned = ([next, effects]: Step): Step => [
  next,
  [{ type: 'sendAdvertisement', priority: resignPriority }, ...effects],
]

/** While the peer takes over, advertisements go on: nobody else shall think the addresses free. */
function handingOver(params: RouterParams, state: Active, to: string | undefined, now: Millis): Step {
  if (to === state.leavingTo) return ignored(state)
  const next = { ...state, leavingTo: to }
  if (to !== undefined) return [next, []]
  return [
    { ...next, sentAt: now, adverAt: after(now, params.advertisementInterval) },
    [{ type: 'sendAdvertisement', priority: params.priority }],
  ]
}

/** The other side owns the addresses and has announced them: nothing is resigned, for nobody is to take over now. */
function handedOver(params: RouterParams, state: Active, to: string, stay: boolean, now: Millis): Step {
  const known = stay ? { ...state.known, handedOver: to, handedOverAt: undefined } : state.known
  return toBackup(params, { ...state, known }, now, `handed over to ${to}`, 0)
}

/**
 * What the former Active advertised before it released may still be under way: this word takes another way,
 * and two sockets are not read in the order in which their datagrams were sent.
 */
function takeOverComplete(params: RouterParams, state: Active, now: Millis): Step {
  const late = after(now, millis(Math.max(leastUnderWay, params.advertisementInterval / 8)))
  const { takingFrom } = state
  const next = takingFrom && late < takingFrom.until ? { ...takingFrom, until: late } : takingFrom
  return announce(params, { ...state, takingFrom: next }, [], now)
}

/** The peer learns of it at once; there is no election. */
function parametersChanged(
  params: RouterParams,
  state: Active,
  { claim = false, announce: announces = false }: Extract<Event, { type: 'parametersChanged' }>,
  now: Millis,
): Step {
  const next = {
    ...state,
    sentAt: now,
    adverAt: after(now, params.advertisementInterval),
    ...(claim ? leased(params, now) : {}),
  }
  const effects: Effect[] = [{ type: 'sendAdvertisement', priority: params.priority }]
  if (claim) effects.push({ type: 'claimAddresses' })
  return announces
    ? announce(params, { ...next, announcementsLeft: params.garp.count }, effects, now)
    : [next, effects]
}

/** The event that ended being Active is also the first that the Backup sees. */
function asBackup(params: RouterParams, [backup, effects]: Step, event: Event, now: Millis): Step {
  if (backup.name !== 'backup') return [backup, effects]
  const [next, more] = stepBackup(params, backup, event, now)
  return [next, [...effects, ...more]]
}
