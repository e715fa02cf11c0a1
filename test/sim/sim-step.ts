import type { Millis } from '../../src/base/units.js'
import type { Effect, Event, RouterParams, State } from '../../src/vrrp/state.js'

/** The machine as the simulation calls it; the wall clock is there for mutations that believe it. */
export type SimStep = (
  params: RouterParams,
  state: State,
  event: Event,
  now: Millis,
  wall: Millis,
) => readonly [State, readonly Effect[]]
