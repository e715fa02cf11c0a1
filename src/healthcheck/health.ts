/** Outcomes to health: a verdict changes only after `rise` passes or `fall` failures in a row. */
import type { AskedBy, AskedWeight, Health } from '../base/facts.js'
import { type Outcome, outcomeText, type Pass } from './outcome.js'

export interface HealthParams {
  /** Passes in a row that make healthy, at least 1. */
  readonly rise: number
  /** Failures in a row that make unhealthy, at least 1. */
  readonly fall: number
  /** Begins every reason line: `http GET /healthz`. */
  readonly subject: string
}

/** One check's state; each holds only the run that could end it. `reason` is the line a person reads. */
export type CheckState =
  | { readonly name: 'unknown'; readonly passes: number; readonly failures: number; readonly reason: string }
  | {
      readonly name: 'healthy'
      readonly failures: number
      readonly reason: string
      /** By the last pass. */
      readonly asked?: AskedBy
    }
  | { readonly name: 'unhealthy'; readonly passes: number; readonly reason: string }

export type HealthEffect =
  /** A verdict is complete, or an unhealthy check begins to fail in another way. */
  | { readonly type: 'healthChanged'; readonly health: Health; readonly reason: string }
  /** A healthy check asks for another weight than before, or for none. */
  | { readonly type: 'askedChanged'; readonly asked: AskedBy | undefined }

const nothing: readonly HealthEffect[] = []

export const initialCheckState = (subject: string): CheckState => ({
  name: 'unknown',
  passes: 0,
  failures: 0,
  reason: `${subject}: no run has finished yet`,
})

/**
 * Counts one outcome. An inconclusive one changes nothing; unchanged means the same object. Time plays no
 * part here: when a verdict began is for the caller to note.
 */
export function step(
  params: HealthParams,
  state: CheckState,
  outcome: Outcome,
): readonly [CheckState, readonly HealthEffect[]] {
  if (outcome.pass === undefined) return [state, nothing]
  switch (state.name) {
    case 'unknown': {
      const passes = outcome.pass ? state.passes + 1 : 0
      const failures = outcome.pass ? 0 : state.failures + 1
      if (outcome.pass && passes >= params.rise) return becomeHealthy(params, outcome)
      if (failures >= params.fall) return becomeUnhealthy(params, outcome)
      const reason = line(params, outcome, passes + failures)
      return [{ name: 'unknown', passes, failures, reason }, nothing]
    }
    case 'healthy': {
      if (outcome.pass) return passAgain(params, state, outcome)
      const failures = state.failures + 1
      return failures >= params.fall ? becomeUnhealthy(params, outcome) : [{ ...state, failures }, nothing]
    }
    case 'unhealthy': {
      if (outcome.pass) {
        const passes = state.passes + 1
        return passes >= params.rise ? becomeHealthy(params, outcome) : [{ ...state, passes }, nothing]
      }
      const reason = line(params, outcome, params.fall)
      if (reason !== state.reason) return becomeUnhealthy(params, outcome)
      return [state.passes === 0 ? state : { ...state, passes: 0 }, nothing]
    }
  }
}

/** The runs to come may change it soon: none has decided yet, or the last one spoke against the verdict. */
export function isChanging(state: CheckState): boolean {
  switch (state.name) {
    case 'unknown':
      return true
    case 'healthy':
      return state.failures > 0
    case 'unhealthy':
      return state.passes > 0
  }
}

/**
 * The verdict on a server from all its checks: one that fails is enough for unhealthy, all must pass for
 * healthy. While that is open (a check has no verdict yet) the last verdict stands, so `previous` comes back.
 */
export function combine(
  checks: readonly CheckState[],
  previous: { readonly health: Health; readonly reason: string },
): { readonly health: Health; readonly reason: string } {
  if (checks.length === 0) return { health: 'healthy', reason: 'no check configured' }
  const failing = checks.filter((check) => check.name === 'unhealthy')
  if (failing.length > 0) return { health: 'unhealthy', reason: joinReasons(failing) }
  if (checks.every((check) => check.name === 'healthy'))
    return { health: 'healthy', reason: joinReasons(checks) }
  return previous.health === 'unknown' ? { health: 'unknown', reason: joinReasons(checks) } : previous
}

const joinReasons = (checks: readonly CheckState[]): string => checks.map((check) => check.reason).join('; ')

type Healthy = Extract<CheckState, { readonly name: 'healthy' }>

function passAgain(
  params: HealthParams,
  state: Healthy,
  outcome: Pass,
): readonly [CheckState, readonly HealthEffect[]] {
  const asked = askedBy(params, outcome)
  if (sameWeight(asked?.weight, state.asked?.weight))
    return [state.failures === 0 ? state : { ...state, failures: 0 }, nothing]
  const { name, reason } = state
  return [{ name, failures: 0, reason, ...(asked && { asked }) }, [{ type: 'askedChanged', asked }]]
}

function askedBy({ subject }: HealthParams, { asked, detail }: Pass): AskedBy | undefined {
  return asked && { weight: asked, by: `${subject}: ${detail}` }
}

function sameWeight(a: AskedWeight | undefined, b: AskedWeight | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if ('percent' in a) return 'percent' in b && a.percent === b.percent
  return 'weight' in b && a.weight === b.weight
}

function becomeHealthy(params: HealthParams, outcome: Pass): readonly [CheckState, readonly HealthEffect[]] {
  const reason = line(params, outcome, params.rise)
  const asked = askedBy(params, outcome)
  const state: Healthy = { name: 'healthy', failures: 0, reason, ...(asked && { asked }) }
  return [state, [{ type: 'healthChanged', health: 'healthy', reason }]]
}

function becomeUnhealthy(
  params: HealthParams,
  outcome: Outcome,
): readonly [CheckState, readonly HealthEffect[]] {
  const reason = line(params, outcome, params.fall)
  return [{ name: 'unhealthy', passes: 0, reason }, [{ type: 'healthChanged', health: 'unhealthy', reason }]]
}

/** `http GET /healthz: status 503, expected 200-399 (3 of 3 failed)` */
function line(params: HealthParams, outcome: Outcome, count: number): string {
  const [needed, verb] = outcome.pass ? [params.rise, 'passed'] : [params.fall, 'failed']
  return `${params.subject}: ${outcomeText(outcome)} (${count} of ${needed} ${verb})`
}
