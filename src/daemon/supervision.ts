/**
 * When to start a child process again: at once after the first death, then later and later, and from
 * the beginning once it has lived for a while. Pure; `supervisor.ts` does what it says.
 */
import type { Millis } from '../base/units.js'
import { after, millis } from '../base/units.js'

export type Supervision =
  | { readonly name: 'stopped'; readonly failures: number; readonly restarts: number }
  | { readonly name: 'running'; readonly since: Millis; readonly failures: number; readonly restarts: number }
  | { readonly name: 'waiting'; readonly until: Millis; readonly failures: number; readonly restarts: number }

export type SupervisionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'exited' }
  | { readonly type: 'deadlineReached' }
  | { readonly type: 'stop' }

export type SupervisionEffect = { readonly type: 'spawn' } | { readonly type: 'terminate' }

/** A child that lived this long has recovered: its next death is its first. */
const settled = millis(10_000)
const firstDelay = 100
const longestDelay = 5_000

export const stopped: Supervision = { name: 'stopped', failures: 0, restarts: 0 }

/** 0, 100, 200, 400 … 5,000 ms after the first, second, third … death in a row. */
export function restartDelay(failures: number): Millis {
  return millis(failures <= 1 ? 0 : Math.min(longestDelay, firstDelay * 2 ** (failures - 2)))
}

export function superviseStep(
  state: Supervision,
  event: SupervisionEvent,
  now: Millis,
): readonly [Supervision, readonly SupervisionEffect[]] {
  switch (event.type) {
    case 'start':
      if (state.name !== 'stopped') return [state, []]
      return [{ name: 'running', since: now, failures: 0, restarts: state.restarts }, [{ type: 'spawn' }]]
    case 'exited': {
      if (state.name !== 'running') return [state, []]
      const failures = now - state.since >= settled ? 1 : state.failures + 1
      return [
        { name: 'waiting', until: after(now, restartDelay(failures)), failures, restarts: state.restarts },
        [],
      ]
    }
    case 'deadlineReached':
      if (state.name !== 'waiting' || now < state.until) return [state, []]
      return [
        { name: 'running', since: now, failures: state.failures, restarts: state.restarts + 1 },
        [{ type: 'spawn' }],
      ]
    case 'stop':
      if (state.name === 'stopped') return [state, []]
      return [
        { name: 'stopped', failures: 0, restarts: state.restarts },
        state.name === 'running' ? [{ type: 'terminate' }] : [],
      ]
  }
}
