/** What a check asks for in place of a configured weight, as a weight. */
import type { AskedWeight } from './facts.js'

/** The greatest that the file may name. */
const most = 65535

/** Never 0 unless nothing was asked for, or nothing is configured. */
export function weightAsked(asked: AskedWeight, configured: number): number {
  if ('weight' in asked) return Math.min(most, asked.weight)
  if (asked.percent <= 0 || configured === 0) return 0
  return Math.max(1, Math.round((configured * asked.percent) / 100))
}
