/** Of what several checks ask for, the least; and when a change of it is worth telling. */
import { weightAsked } from '../base/asked-weight.js'
import type { AskedBy } from '../base/facts.js'
import type { Millis } from '../base/units.js'
import type { CheckState } from './health.js'

/** Undefined: none asks. A check that asks for nothing does not hold the others back. */
export function leastAsked(checks: readonly CheckState[], configured: number): AskedBy | undefined {
  let least: AskedBy | undefined
  for (const check of checks) {
    if (check.name !== 'healthy' || check.asked === undefined) continue
    const { weight } = check.asked
    if (least && weightAsked(weight, configured) >= weightAsked(least.weight, configured)) continue
    least = check.asked
  }
  return least
}

/** A load that wavers would otherwise change the kernel's table, and the log, at each run. */
const smallChange = 0.1
const betweenChanges = 1000
const betweenSmallChanges = 5000

/**
 * A first word, and from or to 0, at once; then at most each second, and each five seconds where it is less
 * than a tenth of the configured weight.
 */
export function isWorthTelling(
  told: { readonly weight: number; readonly at: Millis } | undefined,
  weight: number,
  configured: number,
  now: Millis,
): boolean {
  if (told === undefined) return true
  if (weight === told.weight) return false
  if (weight === 0 || told.weight === 0) return true
  const small = Math.abs(weight - told.weight) < configured * smallChange
  return now - told.at >= (small ? betweenSmallChanges : betweenChanges)
}
