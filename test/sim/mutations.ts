/** Broken machines: each the real one with one rule missing. The simulation must notice every one. */
import type { Millis } from '../../src/base/units.js'
import { millis, resignPriority } from '../../src/base/units.js'
import { type StepFunction, step } from '../../src/vrrp/machine.js'
import type { Effect, Event, RouterParams, State } from '../../src/vrrp/state.js'
import { skewTime } from '../../src/vrrp/timers.js'

type Result = ReturnType<StepFunction>

/** The real step after some rule was taken out of what goes in. */
const given =
  (change: (params: RouterParams, state: State, event: Event, now: Millis) => Parameters<StepFunction>) =>
  (...args: Parameters<StepFunction>): Result =>
    step(...change(...args))

/** The real step with something taken out of what comes out. */
const without =
  (dropped: (effect: Effect, before: State, after: State) => boolean): StepFunction =>
  (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    return [next, effects.filter((effect) => !dropped(effect, state, next))]
  }

export const mutations: Readonly<Record<string, StepFunction>> = {
  'skew ignored': (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    const moved =
      next.name === 'backup' && (state.name !== 'backup' || next.activeDownAt !== state.activeDownAt)
    if (!moved) return [next, effects]
    const skew = skewTime(params.priority, next.activeAdverInterval)
    return [{ ...next, activeDownAt: millis(next.activeDownAt - skew) }, effects]
  },
  'tie-break inverted': given((params, state, event, now) =>
    event.type === 'advertisementReceived' && event.priority === params.priority
      ? [{ ...params, source: event.source }, state, { ...event, source: params.source }, now]
      : [params, state, event, now],
  ),
  'lease check dropped': given((params, state, event, now) => [
    params,
    state.name === 'active' ? { ...state, leaseUntil: undefined } : state,
    event,
    now,
  ]),
  'late-timer rule dropped': given((params, state, event, now) => [
    params,
    state,
    event.type === 'deadlineReached' ? { ...event, inputRead: true } : event,
    now,
  ]),
  // Seen in an early version: a stall that ends just after the deadline makes the timer hardly late.
  'a timer that is hardly late believed': given((params, state, event, now) => {
    const hardlyLate = state.name === 'backup' && now - state.activeDownAt < 5
    return [
      params,
      state,
      event.type === 'deadlineReached' && hardlyLate ? { ...event, inputRead: true } : event,
      now,
    ]
  }),
  // Likewise: what was announced only while the cable was out stays unknown after it is back.
  'no announcements after the first seconds': given((params, state, event, now) => [
    { ...params, garp: { ...params.garp, refresh: undefined } },
    state,
    event,
    now,
  ]),
  'higher priority ignored by an Active': given((params, state, event, now) =>
    event.type === 'advertisementReceived' && state.name === 'active' && event.priority > params.priority
      ? [params, state, { type: 'linkUp' }, now]
      : [params, state, event, now],
  ),
  'resignation ignored': given((params, state, event, now) =>
    event.type === 'advertisementReceived' && event.priority === resignPriority
      ? [params, state, { type: 'startup', linkDown: undefined }, now]
      : [params, state, event, now],
  ),
  'no resignation sent': without(
    (effect) => effect.type === 'sendAdvertisement' && effect.priority === resignPriority,
  ),
  'address kept on the way to Backup': without(
    (effect, before) => effect.type === 'releaseAddresses' && before.name === 'active',
  ),
  'announced once and never again': without(
    (effect, before) => effect.type === 'announceAddresses' && before.name === 'active',
  ),
  'lease never refreshed': without((effect) => effect.type === 'refreshLease'),
  'preempt = "never" ignored': given((params, state, event, now) => [
    { ...params, preempt: 'always' },
    state,
    event,
    now,
  ]),
  'takes over after one lost advertisement': (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    const moved =
      next.name === 'backup' && (state.name !== 'backup' || next.activeDownAt !== state.activeDownAt)
    const early = moved ? millis(next.activeDownAt - 2.9 * next.activeAdverInterval) : undefined
    return [early !== undefined && next.name === 'backup' ? { ...next, activeDownAt: early } : next, effects]
  },
}
