/** Backup: RFC 9568 section 6.4.2, with the rules about late timers and about holding back. */
import type { SyncReadiness } from '../base/facts.js'
import { unreachable } from '../base/result.js'
import type { Millis } from '../base/units.js'
import { after, resignPriority } from '../base/units.js'
import type { Backup, Event, Heard, RouterParams } from './state.js'
import { activeDownInterval, skewTime } from './timers.js'
import { ignored, type Step, stop, takeOver, toFault } from './transitions.js'

export function stepBackup(params: RouterParams, state: Backup, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'advertisementReceived':
      return advertisement(params, state, event, now)
    case 'deadlineReached':
      return deadline(params, state, event.inputRead, now)
    case 'shutdown':
      return stop(state)
    case 'linkDown':
      return toFault(state, { linkDown: event.reason }, event.reason)
    case 'syncReadiness':
      return [syncReadiness(params, state, event.readiness, now), []]
    case 'startup':
    case 'linkUp':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'parametersChanged':
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
  const { sender, source, priority } = event
  const last: Heard = { sender, source, priority, at: now }
  if (priority === resignPriority) {
    const activeDownAt = after(now, skewTime(params.priority, state.activeAdverInterval))
    return [{ ...state, last, graced: false, activeDownAt }, []]
  }
  if (priority >= params.priority || !mayPreempt(params, state, now)) {
    const activeDownAt = after(now, activeDownInterval(params.priority, event.interval))
    return [{ ...state, last, graced: false, activeDownAt, activeAdverInterval: event.interval }, []]
  }
  // The RFC discards it: the timer runs on and ends in our preempting the sender.
  return [{ ...state, last }, []]
}

function syncReadiness(params: RouterParams, state: Backup, sync: SyncReadiness, now: Millis): Backup {
  const next = { ...state, known: { ...state.known, sync } }
  if (params.preempt !== 'when_synced' || sync.ready === state.known.sync.ready) return next
  if (sync.ready) return { ...next, ableSince: now }
  // A preemption under way is called off: what the Active has advertised meanwhile counts after all.
  const { last, activeAdverInterval } = state
  if (!last || last.priority === resignPriority) return next
  const activeDownAt = after(last.at, activeDownInterval(params.priority, activeAdverInterval))
  return activeDownAt > state.activeDownAt ? { ...next, activeDownAt } : next
}

function deadline(params: RouterParams, state: Backup, inputRead: boolean, now: Millis): Step {
  const late = now - state.activeDownAt
  if (late < 0) return ignored(state)
  // A stalled process must not elect itself over advertisements that it has not read yet, and Node runs
  // timers before the datagrams that wait. How late the timer is does not tell how long the stall was, so
  // no election goes without a look into the socket: it costs one turn of the event loop.
  if (!inputRead) return [state, [{ type: 'readPendingInput' }]]
  // What held this process up for a whole interval (a starved host, a paused guest) may have held up the
  // Active as well: it gets one interval to speak.
  if (late >= state.activeAdverInterval && !state.graced)
    return [{ ...state, graced: true, activeDownAt: after(now, state.activeAdverInterval) }, []]
  return takeOver(params, state, now, takeOverReason(params, state, now))
}

function takeOverReason(params: RouterParams, { last, activeAdverInterval }: Backup, now: Millis): string {
  if (!last) return 'active-down timer (nobody heard)'
  if (last.priority === resignPriority) return `${last.sender} resigned`
  const silence = Math.round(now - last.at)
  if (last.priority < params.priority && silence < 2 * activeAdverInterval)
    return `preempts ${last.sender} (priority ${params.priority} over ${last.priority})`
  return `active-down timer (${last.sender} silent for ${silence} ms)`
}

/** Preempt_Mode of section 6.1 at this moment. */
function mayPreempt(params: RouterParams, state: Backup, now: Millis): boolean {
  return holdBack(params, state, now) === undefined
}

/** Why a Backup would not preempt a lower priority now; undefined when it would. */
export function holdBack(params: RouterParams, state: Backup, now: Millis): string | undefined {
  if (params.preempt === 'never') return 'preempt = "never"'
  if (params.preempt === 'when_synced' && !state.known.sync.ready) return state.known.sync.reason
  const wait = state.ableSince + params.preemptDelay - now
  return wait > 0 ? `preempt_delay for another ${Math.ceil(wait / 1000)} s` : undefined
}
