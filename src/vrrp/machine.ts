/**
 * The election of one virtual router: RFC 9568 section 6.4 as a pure function, with the rules that the
 * RFC leaves open. Effects are in the order in which the RFC wants them done.
 */
import { unreachable } from '../base/result.js'
import type { Millis } from '../base/units.js'
import { stepActive } from './active.js'
import { stepBackup } from './backup.js'
import type { Effect, Event, Fault, Initialize, RouterParams, State } from './state.js'
import { ignored, join, type Step, stop, toFault } from './transitions.js'

export type StepFunction = typeof step

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
    default:
      return unreachable(state)
  }
}

/** Section 6.4.1. */
function stepInitialize(params: RouterParams, state: Initialize, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'startup':
      return event.linkDown === undefined
        ? join(params, state, now, 'started')
        : toFault(state, { linkDown: event.linkDown }, event.linkDown)
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'shutdown':
    case 'advertisementReceived':
    case 'deadlineReached':
    case 'linkUp':
    case 'linkDown':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'parametersChanged':
      return ignored(state)
    default:
      return unreachable(event)
  }
}

/** Not in the RFC: out of the election until the link and the kernel let it own the addresses. */
function stepFault(params: RouterParams, state: Fault, event: Event, now: Millis): Step {
  switch (event.type) {
    case 'shutdown':
      return stop(state)
    case 'linkUp':
      if (state.linkDown === undefined) return ignored(state)
      return state.retryAt === undefined || now >= state.retryAt
        ? join(params, state, now, 'link up')
        : [{ ...state, linkDown: undefined }, []]
    case 'linkDown':
      return state.linkDown === event.reason ? ignored(state) : [{ ...state, linkDown: event.reason }, []]
    case 'deadlineReached':
      return state.linkDown === undefined && state.retryAt !== undefined && now >= state.retryAt
        ? join(params, state, now, 'tries again after a refused address')
        : ignored(state)
    case 'syncReadiness':
      return [{ ...state, known: { ...state.known, sync: event.readiness } }, []]
    case 'startup':
    case 'advertisementReceived':
    case 'claimSucceeded':
    case 'claimFailed':
    case 'parametersChanged':
      return ignored(state)
    default:
      return unreachable(event)
  }
}
