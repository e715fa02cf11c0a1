/** Backup: RFC 9568 section 6.4.2, with the rules about late timers and about holding back. */
import type { SyncReadiness } from '../base/facts.js'
import { unreachable } from '../base/result.js'
import type { Millis } from '../base/units.js'
import { after, millis, ownerPriority, resignPriority } from '../base/units.js'
import { aliveFor, type Opinion, secondOpinion } from './second-opinion.js'
import type { Backup, Effect, Event, Heard, RouterParams } from './state.js'
import { activeDownInterval, skewTime } from './timers.js'
import {
  ignored,
  type Step,
  stop,
  takeOver,
  toFault,
  toMaintenance,
  unplanned,
  withBlock,
  withoutRefusal,
} from './transitions.js'

export function stepBackup(params: RouterParams, state: Backup, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'advertisementReceived':
      return advertisement(params, state, event, now)
    case 'deadlineReached':
      return deadline(params, state, event.inputRead, now)
    case 'shutdown':
      return stop(state)
    case 'linkDown':
      return toFault(unplanned(params, state, now), { linkDown: event.reason }, event.reason)
    case 'syncReadiness':
      return [syncReadiness(params, state, event.readiness, now), []]
    case 'peerReported': {
      // Nothing is heard of it since this is a Backup, and yet it says so: they do not hear each other.
      if (event.peer.active && event.peer.every !== undefined && state.last) return ignored(state)
      const next = confirmed(params, { ...state, known: { ...state.known, peer: event.peer } }, now)
      // Another owner is alive, though its advertisements do not arrive.
      return state.adopting && event.peer.active
        ? [{ ...next, adopting: false }, [{ type: 'releaseAddresses' }]]
        : [next, []]
    }
    case 'parametersChanged': {
      // In a group no longer, it waits for nobody.
      const alone = state.expired && !params.grouped ? { ...state, expired: false } : state
      const next = preemptionCalledOff(params, event.claim ? withoutRefusal(alone) : alone, now)
      return next === state ? ignored(state) : [next, []]
    }
    case 'blocked': {
      if (state.known.blocked[event.cause] === event.reason) return ignored(state)
      const next = withBlock(state, event)
      if (event.reason === undefined) return [next, []]
      // What is wrong with another router of the group is counted there.
      return toFault(event.cause === 'group' ? next : unplanned(params, next, now), {}, event.reason)
    }
    case 'maintenance': {
      const { reason } = event
      if (reason === undefined) return ignored(state)
      const next = { ...state, known: { ...state.known, maintenance: reason } }
      return toMaintenance(next, undefined, reason)
    }
    case 'takeOverAsked':
      return takeOverAsked(params, state, event, now)
    case 'handedOver':
      return event.stay
        ? [
            preemptionCalledOff(
              params,
              { ...state, known: { ...state.known, handedOver: event.to, handedOverAt: undefined } },
              now,
            ),
            [],
          ]
        : ignored(state)
    case 'groupTakeOver':
      return takeOver(params, unplanned(params, state, now), now, event.reason)
    case 'groupStepDown':
      return state.adopting ? [{ ...state, adopting: false }, [{ type: 'releaseAddresses' }]] : ignored(state)
    case 'startup':
    case 'linkUp':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'handingOver':
    case 'takeOverComplete':
      return ignored(state)
    default:
      return unreachable(event)
  }
}

function advertisement(
  params: RouterParams,
  state: Backup,
  event: Extract<Event, { type: 'advertisementReceived' }>,
  now: Millis,
): Step {
  if (state.linkFault !== undefined) {
    const [next, effects] = advertisement(params, { ...state, linkFault: undefined }, event, now)
    return [next, [{ type: 'reportLinkFault', reason: undefined }, ...effects]]
  }
  const { sender, source, priority } = event
  const last: Heard = { sender, source, priority, at: now }
  if (state.known.peer?.every !== undefined)
    return advertisement(params, { ...state, known: { ...state.known, peer: undefined } }, event, now)
  if (priority === resignPriority) {
    const activeDownAt = after(now, skewTime(params.priority, state.activeAdverInterval, params.skew))
    return [{ ...state, last, graced: false, expired: false, activeDownAt }, []]
  }
  // Another owner is alive: what a predecessor left here goes at once, whoever should be Active.
  const effects: readonly Effect[] = state.adopting ? [{ type: 'releaseAddresses' }] : []
  const next = { ...afterHandover(params, state, last), last, adopting: false }
  if (priority >= params.priority || state.adopting || !mayPreempt(params, next, now)) {
    const activeDownAt = after(now, activeDownInterval(params.priority, event.interval, params.skew))
    const activeAdverInterval = event.interval
    return [{ ...next, graced: false, expired: false, activeDownAt, activeAdverInterval }, effects]
  }
  // The RFC discards it: the timer runs on and ends in our preempting the sender.
  return [next, effects]
}

/** A resignation that was doubted, and the peer's word that it is one: no time more is lost. */
function confirmed(params: RouterParams, state: Backup, now: Millis): Backup {
  const { last, known, activeAdverInterval } = state
  if (known.peer?.active !== false || last?.priority !== resignPriority) return state
  const skewed = after(last.at, skewTime(params.priority, activeAdverInterval, params.skew))
  const activeDownAt = skewed > now ? skewed : now
  return activeDownAt < state.activeDownAt ? { ...state, activeDownAt } : state
}

/**
 * Whoever was handed the addresses is left alone as what it was then. Once it advertises less (of what it
 * tracks, something has gone), the priorities decide again.
 */
function afterHandover(params: RouterParams, state: Backup, { sender, priority }: Heard): Backup {
  const { handedOver, handedOverAt } = state.known
  if (handedOver === undefined) return state
  if (handedOverAt === undefined) return { ...state, known: { ...state.known, handedOverAt: priority } }
  if (priority >= handedOverAt || priority >= params.priority) return state
  return {
    ...state,
    known: { ...state.known, handedOver: undefined, handedOverAt: undefined },
    noLongerLeft: `${sender} advertised ${handedOverAt} when it was handed over`,
  }
}

function syncReadiness(params: RouterParams, state: Backup, sync: SyncReadiness, now: Millis): Backup {
  const next = { ...state, known: { ...state.known, sync } }
  if (params.preempt !== 'when_synced' || sync.ready === state.known.sync.ready) return next
  if (sync.ready) return { ...next, ableSince: now }
  return preemptionCalledOff(params, next, now)
}

/** What the Active has advertised meanwhile counts after all, unless it may (still) be preempted. */
function preemptionCalledOff(params: RouterParams, state: Backup, now: Millis): Backup {
  const { last, activeAdverInterval } = state
  if (!last || last.priority === resignPriority) return state
  if (last.priority < params.priority && mayPreempt(params, state, now)) return state
  const activeDownAt = after(last.at, activeDownInterval(params.priority, activeAdverInterval, params.skew))
  return activeDownAt > state.activeDownAt ? { ...state, activeDownAt, expired: false } : state
}

/** By a planned handover: at once, without skew. The address is there before anybody hears of it. */
function takeOverAsked(
  params: RouterParams,
  state: Backup,
  { from, priority, until }: Extract<Event, { type: 'takeOverAsked' }>,
  now: Millis,
): Step {
  const [active, effects] = takeOver(params, state, now, `${from} handed over`)
  const isAdvertisement = ({ type }: Effect): boolean => type === 'sendAdvertisement'
  return [
    { ...active, takingFrom: { priority, until } },
    [...effects.filter((effect) => !isAdvertisement(effect)), ...effects.filter(isAdvertisement)],
  ]
}

function deadline(params: RouterParams, state: Backup, inputRead: boolean, now: Millis): Step {
  const late = now - state.activeDownAt
  if (late < 0 || state.expired) return ignored(state)
  // A stalled process must not elect itself over advertisements that it has not read yet, and Node runs
  // timers before the datagrams that wait. How late the timer is does not tell how long the stall was, so
  // no election goes without a look into the socket: it costs one turn of the event loop.
  if (!inputRead) return [state, [{ type: 'readPendingInput' }]]
  // What held this process up for a whole interval (a starved host, a paused guest) may have held up the
  // Active as well: it gets one interval to speak.
  if (late >= state.activeAdverInterval && !state.graced)
    return [{ ...state, graced: true, activeDownAt: after(now, state.activeAdverInterval) }, []]
  const opinion = isSilent(state, now) ? opinionOf(params, state, now) : undefined
  if (opinion?.verdict === 'stay')
    return state.last?.priority === resignPriority
      ? doubt(state, state.last, now)
      : stay(state, opinion.text, now)
  const why = opinion?.verdict === 'takeOver' ? `; ${opinion.text}` : ''
  const reason = `${takeOverReason(params, state, now)}${why}`
  return params.grouped
    ? [{ ...state, expired: true }, [{ type: 'requestTakeOver', reason }]]
    : takeOver(params, unplanned(params, state, now), now, reason)
}

/**
 * Nothing was heard where something should have been, or a resignation, which anybody can forge: beside a true
 * one the peer says over the pair link that it is no longer Active.
 */
const isSilent = ({ last, activeAdverInterval }: Backup, now: Millis): boolean =>
  !last || last.priority === resignPriority || now - last.at >= 2 * activeAdverInterval

const opinionOf = ({ lost }: RouterParams, { known, activeAdverInterval }: Backup, now: Millis): Opinion =>
  secondOpinion({ peer: known.peer, lost, interval: activeAdverInterval }, now)

/** The peer keeps the addresses; it is looked at again in one interval, so that its death costs little more. */
function stay(state: Backup, text: string, now: Millis): Step {
  const activeDownAt = after(now, state.activeAdverInterval)
  const next = { ...state, graced: false, activeDownAt, linkFault: text }
  return [next, state.linkFault === text ? [] : [{ type: 'reportLinkFault', reason: text }]]
}

/** Between the two sockets: what came with the resignation may be read after it. */
const togetherFor = 5

/**
 * The peer resigned on the LAN and has not said so over the pair link. If its word was only lost, it ends with
 * the time for which the last one counts.
 */
function doubt(state: Backup, { sender, at }: Heard, now: Millis): Step {
  const { peer } = state.known
  const soon = after(now, state.activeAdverInterval)
  const ends = peer ? after(peer.at, millis(aliveFor * state.activeAdverInterval)) : soon
  const next = { ...state, graced: false, activeDownAt: ends < soon ? ends : soon }
  if (!peer || peer.at - at <= togetherFor) return [next, []]
  const reason = `${sender} resigned on the LAN, and ${peer.name} says over the pair link that it is Active: somebody forges its advertisements`
  return [next, [{ type: 'reportForgery', reason }]]
}

function takeOverReason(
  params: RouterParams,
  { last, activeAdverInterval, adopting, noLongerLeft }: Backup,
  now: Millis,
): string {
  if (!last && adopting) return 'takes up the addresses of its predecessor (nobody else heard)'
  if (!last) return 'active-down timer (nobody heard)'
  if (last.priority === resignPriority) return `${last.sender} resigned`
  const silence = Math.round(now - last.at)
  if (last.priority < params.priority && silence < 2 * activeAdverInterval)
    return `preempts ${last.sender} (priority ${params.priority} over ${last.priority})${noLongerLeft === undefined ? '' : `; ${noLongerLeft}`}`
  return `active-down timer (${last.sender} silent for ${silence} ms)`
}

/** Preempt_Mode of section 6.1 at this moment. */
function mayPreempt(params: RouterParams, state: Backup, now: Millis): boolean {
  return holdBack(params, state, now) === undefined
}

/** Why a Backup would not preempt a lower priority now; undefined when it would. */
export function holdBack(params: RouterParams, state: Backup, now: Millis): string | undefined {
  const { handedOver, stability, refusal } = state.known
  // Section 6.1: the address owner always preempts.
  if (params.priority === ownerPriority) return undefined
  const opinion = opinionOf(params, state, now)
  if (opinion.verdict === 'stay' && opinion.suspect === 'own') return opinion.text
  // To try again would take the addresses from who can have them all.
  if (refusal !== undefined) return `was refused what it needs: ${refusal}`
  if (handedOver !== undefined) return `until ${handedOver} goes or hands back`
  if (params.preempt === 'never') return 'preempt = "never"'
  if (params.preempt === 'when_synced' && !state.known.sync.ready) return state.known.sync.reason
  const held = (stability.heldUntil ?? now) - now
  if (held > 0) return `its role changed too often, held down for another ${Math.ceil(held / 1000)} s`
  const wait = state.ableSince + params.preemptDelay - now
  return wait > 0 ? `preempt_delay for another ${Math.ceil(wait / 1000)} s` : undefined
}
