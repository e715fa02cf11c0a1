/**
 * The election of one virtual router: RFC 9568 section 6.4 as a pure function, with the rules that the
 * RFC leaves open. Effects are in the order in which the RFC wants them done.
 */
import { unreachable } from '../base/result.js'
import { type Millis, ownerPriority } from '../base/units.js'
import { stepActive } from './active.js'
import { stepBackup } from './backup.js'
import {
  type Effect,
  type Event,
  type Fault,
  type Initialize,
  isBlocked,
  type Maintenance,
  type RouterParams,
  type State,
} from './state.js'
import {
  ignored,
  join,
  type Step,
  stop,
  toAdopting,
  toFault,
  toMaintenance,
  withBlock,
  withoutRefusal,
} from './transitions.js'

/** `now` must not run backwards from one call to the next. An ignored event returns the same state object. */
export function step(
  params: RouterParams,
  state: State,
  event: Event,
  now: Millis,
): readonly [State, readonly Effect[]] {
  switch (state.name) {
    case 'initialize':
      return stepInitialize(params, state, event, now)
    case 'backup':
      return stepBackup(params, state, event, now)
    case 'active':
      return stepActive(params, state, event, now)
    case 'fault':
      return stepFault(params, state, event, now)
    case 'maintenance':
      return stepMaintenance(params, state, event, now)
    default:
      return unreachable(state)
  }
}

/** Section 6.4.1. */
function stepInitialize(params: RouterParams, state: Initialize, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'startup':
      return startup(params, state, event, now)
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'peerReported':
      return [{ ...state, known: { ...state.known, peer: event.peer } }, []]
    case 'blocked':
      return [withBlock(state, event), []]
    case 'maintenance':
      return [{ ...state, known: { ...state.known, maintenance: event.reason } }, []]
    case 'handedOver':
      return event.stay
        ? [{ ...state, known: { ...state.known, handedOver: event.to, handedOverAt: undefined } }, []]
        : ignored(state)
    case 'shutdown':
    case 'advertisementReceived':
    case 'deadlineReached':
    case 'linkUp':
    case 'linkDown':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'parametersChanged':
    case 'handingOver':
    case 'takeOverAsked':
    case 'takeOverComplete':
    case 'groupTakeOver':
    case 'groupStepDown':
      return ignored(state)
    default:
      return unreachable(event)
  }
}

function startup(
  params: RouterParams,
  state: Initialize,
  { linkDown, adoptAfter }: Extract<Event, { type: 'startup' }>,
  now: Millis,
): Step {
  const { maintenance, blocked } = state.known
  if (maintenance !== undefined) return toMaintenance(state, linkDown, maintenance)
  if (linkDown !== undefined) return toFault(state, { linkDown }, linkDown)
  // The address owner needs no election, and who is alone has nobody to listen for.
  const contested = params.priority !== ownerPriority && !params.alone
  const free = blocked.tracking === undefined && blocked.group === undefined
  return adoptAfter !== undefined && contested && free
    ? toAdopting(params, state, now, adoptAfter)
    : join(params, state, now, 'started')
}

/** Not in the RFC: out of the election until link, kernel, tracking and group let it own the addresses. */
function stepFault(params: RouterParams, state: Fault, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'shutdown':
      return stop(state)
    case 'linkUp':
      return state.linkDown === undefined
        ? ignored(state)
        : recovered(params, { ...state, linkDown: undefined }, 'link up', now)
    case 'linkDown':
      return state.linkDown === event.reason ? ignored(state) : [{ ...state, linkDown: event.reason }, []]
    case 'blocked': {
      const was = state.known.blocked[event.cause]
      if (was === event.reason) return ignored(state)
      const next = withBlock(state, event)
      return event.reason === undefined ? recovered(params, next, `no longer: ${was}`, now) : [next, []]
    }
    case 'maintenance':
      return event.reason === undefined
        ? ignored(state)
        : toMaintenance(
            { ...state, known: { ...state.known, maintenance: event.reason } },
            state.linkDown,
            event.reason,
          )
    case 'deadlineReached':
      return state.retryAt === undefined
        ? ignored(state)
        : recovered(params, state, 'tries again after a refused address', now)
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'peerReported':
      return [{ ...state, known: { ...state.known, peer: event.peer } }, []]
    case 'handedOver':
      return event.stay
        ? [{ ...state, known: { ...state.known, handedOver: event.to, handedOverAt: undefined } }, []]
        : ignored(state)
    case 'parametersChanged':
      return event.claim && state.retryAt !== undefined
        ? recovered(params, { ...withoutRefusal(state), retryAt: undefined }, 'has other settings', now)
        : ignored(state)
    case 'startup':
    case 'advertisementReceived':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'handingOver':
    case 'takeOverAsked':
    case 'takeOverComplete':
    case 'groupTakeOver':
    case 'groupStepDown':
      return ignored(state)
    default:
      return unreachable(event)
  }
}

/** Back into the election when this was the last thing that kept it out. */
function recovered(params: RouterParams, state: Fault, why: string, now: Millis): Step {
  const waits = state.retryAt !== undefined && now < state.retryAt
  return isBlocked(state) || waits ? [state, []] : join(params, state, now, why)
}

function stepMaintenance(params: RouterParams, state: Maintenance, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'shutdown':
      return stop(state)
    case 'maintenance': {
      if (event.reason !== undefined) return ignored(state)
      const next = { ...state, known: { ...state.known, maintenance: undefined } }
      return state.linkDown === undefined
        ? join(params, next, now, 'maintenance is over')
        : toFault(next, { linkDown: state.linkDown }, state.linkDown)
    }
    case 'linkUp':
      return state.linkDown === undefined ? ignored(state) : [{ ...state, linkDown: undefined }, []]
    case 'linkDown':
      return state.linkDown === event.reason ? ignored(state) : [{ ...state, linkDown: event.reason }, []]
    case 'blocked':
      return [withBlock(state, event), []]
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'peerReported':
      return [{ ...state, known: { ...state.known, peer: event.peer } }, []]
    case 'startup':
    case 'advertisementReceived':
    case 'deadlineReached':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'parametersChanged':
    case 'handingOver':
    case 'handedOver':
    case 'takeOverAsked':
    case 'takeOverComplete':
    case 'groupTakeOver':
    case 'groupStepDown':
      return ignored(state)
    default:
      return unreachable(event)
  }
}
