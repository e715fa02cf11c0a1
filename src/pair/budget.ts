/** A token bucket: so many at once, so many a second. */
import type { Millis } from '../base/units.js'

export interface BudgetLimits {
  readonly burst: number
  readonly perSecond: number
}

export interface Budget {
  readonly tokens: number
  readonly at: Millis
}

export const fullBudget = (limits: BudgetLimits, now: Millis): Budget => ({ tokens: limits.burst, at: now })

/** The budget after one was taken; undefined when that would leave less than `reserve`. */
export function spend(
  budget: Budget,
  limits: BudgetLimits,
  now: Millis,
  reserve: number,
): Budget | undefined {
  const earned = (Math.max(0, now - budget.at) * limits.perSecond) / 1000
  const tokens = Math.min(limits.burst, budget.tokens + earned)
  return tokens < reserve + 1 ? undefined : { tokens: tokens - 1, at: now }
}
