import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import {
  restartDelay,
  type Supervision,
  type SupervisionEvent,
  stopped,
  superviseStep,
} from '../../src/daemon/supervision.js'

/** Feeds events at their moments and answers the last state with every effect on the way. */
function play(...script: readonly (readonly [number, SupervisionEvent['type']])[]): {
  state: Supervision
  effects: string[]
} {
  let state = stopped
  const effects: string[] = []
  for (const [at, type] of script) {
    const [next, made] = superviseStep(state, { type }, millis(at))
    state = next
    effects.push(...made.map((effect) => effect.type))
  }
  return { state, effects }
}

describe('supervision', () => {
  it('starts again at once after the first death, then later and later, never later than 5 s', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map((failures) => restartDelay(failures)),
      [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000],
    )
  })

  it('spawns on start, waits after a death, spawns again at the deadline and counts it', () => {
    const { state, effects } = play([0, 'start'], [10, 'exited'], [10, 'deadlineReached'])
    assert.deepEqual(effects, ['spawn', 'spawn'])
    assert.deepEqual(state, { name: 'running', since: 10, failures: 1, restarts: 1 })
  })

  it('does not spawn before the deadline', () => {
    const { state, effects } = play(
      [0, 'start'],
      [1, 'exited'],
      [1, 'deadlineReached'],
      [2, 'exited'],
      [101, 'deadlineReached'],
    )
    assert.deepEqual(effects, ['spawn', 'spawn'])
    assert.equal(state.name, 'waiting')
  })

  it('forgets old deaths once a child has lived for 10 s', () => {
    const { state } = play([0, 'start'], [1, 'exited'], [1, 'deadlineReached'], [10_001, 'exited'])
    assert.deepEqual(state, { name: 'waiting', until: 10_001, failures: 1, restarts: 1 })
  })

  it('terminates on stop and does not start again what then exits', () => {
    const { state, effects } = play([0, 'start'], [5, 'stop'], [6, 'exited'], [7, 'deadlineReached'])
    assert.deepEqual(effects, ['spawn', 'terminate'])
    assert.equal(state.name, 'stopped')
  })

  it('stops waiting on stop', () => {
    const { state, effects } = play([0, 'start'], [1, 'exited'], [1, 'stop'], [2, 'deadlineReached'])
    assert.deepEqual(effects, ['spawn'])
    assert.equal(state.name, 'stopped')
  })
})
