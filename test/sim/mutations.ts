/** Broken machines: each the real one with one rule missing. The simulation must notice every one. */
import type { Millis } from '../../src/base/units.js'
import { millis, resignPriority } from '../../src/base/units.js'
import { step } from '../../src/vrrp/machine.js'
import type { Effect, Event, RouterParams, State } from '../../src/vrrp/state.js'
import { skewTime } from '../../src/vrrp/timers.js'
import type { SimStep } from './sim-step.js'

type Arguments = Parameters<typeof step>

/** The real step after some rule was taken out of what goes in. */
const given =
  (change: (params: RouterParams, state: State, event: Event, now: Millis) => Arguments): SimStep =>
  (params, state, event, now) =>
    step(...change(params, state, event, now))

/** The real step with something taken out of what comes out. */
const without =
  (dropped: (effect: Effect, before: State, after: State, event: Event) => boolean): SimStep =>
  (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    return [next, effects.filter((effect) => !dropped(effect, state, next, event))]
  }

export const mutations: Readonly<Record<string, SimStep>> = {
  'skew ignored': (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    const moved =
      next.name === 'backup' && (state.name !== 'backup' || next.activeDownAt !== state.activeDownAt)
    if (!moved) return [next, effects]
    const skew = skewTime(params.priority, next.activeAdverInterval, params.skew)
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
  // Seen: dark after every second heal, until the next `garp.refresh`.
  'gives way without a word': without(
    (effect, before, after, { type }) =>
      effect.type === 'sendAdvertisement' &&
      type === 'advertisementReceived' &&
      before.name === 'active' &&
      after.name === 'backup',
  ),
  'rival not answered': without(
    (effect, before, after, { type }) =>
      effect.type === 'sendAdvertisement' &&
      type === 'advertisementReceived' &&
      before.name === 'active' &&
      after.name === 'active',
  ),
  'not announced again after a rival': (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    if (event.type !== 'advertisementReceived' || state.name !== 'active' || next.name !== 'active')
      return [next, effects]
    const { announceAt, announcementsLeft, announceUntil, announcedAt } = state
    return [
      { ...next, announceAt, announcementsLeft, announceUntil, announcedAt },
      effects.filter(({ type }) => type !== 'announceAddresses'),
    ]
  },
  'learnt interval ignored': given((params, state, event, now) => [
    params,
    state,
    event.type === 'advertisementReceived' ? { ...event, interval: params.advertisementInterval } : event,
    now,
  ]),
  'wall clock believed': (params, state, event, _now, wall) => step(params, state, event, wall),
  // Seen in an early version: the sessions are lost again while a preemption is under way.
  'preempts although the sessions are lost': (params, state, event, now) => {
    const [next, effects] = step(params, state, event, now)
    const lost = event.type === 'syncReadiness' && state.name === 'backup' && next.name === 'backup'
    return lost ? [{ ...next, activeDownAt: state.activeDownAt }, effects] : [next, effects]
  },
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
