/** Filters single outcomes into a finding: so many good ones in a row, so many bad ones. Pure. */
import type { Finding } from './verdict.js'

export interface Outcome {
  readonly good: boolean
  /** One line. */
  readonly reason: string
}

export interface RiseFall {
  readonly finding: Finding
  /** Consecutive outcomes that speak against the present state. */
  readonly against: number
}

export interface RiseFallRules {
  readonly rise: number
  readonly fall: number
}

export const unfiltered = (reason: string): RiseFall => ({
  finding: { state: 'unknown', reason },
  against: 0,
})

/** The first outcome decides at once: a start need not wait for `rise` or `fall` of them. */
export function filterOutcome(rules: RiseFallRules, before: RiseFall, outcome: Outcome): RiseFall {
  const { finding, against } = before
  const state = outcome.good ? 'up' : 'down'
  if (finding.state === 'unknown') return { finding: { state, reason: outcome.reason }, against: 0 }
  if (finding.state === state) {
    const same = finding.reason === outcome.reason
    if (same && against === 0) return before
    return { finding: same ? finding : { state, reason: outcome.reason }, against: 0 }
  }
  const needed = outcome.good ? rules.rise : rules.fall
  if (against + 1 >= needed) {
    const streak = needed > 1 ? ` (${needed} in a row)` : ''
    return { finding: { state, reason: `${outcome.reason}${streak}` }, against: 0 }
  }
  return { finding, against: against + 1 }
}
