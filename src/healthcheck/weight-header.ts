/** The weight that a server gives itself in a header of its answer. */
import type { AskedWeight } from '../base/facts.js'
import { weight } from '../base/units.js'

/** `50%` of the configured weight, or `50` in its place; undefined for anything else. */
export function askedWeight(value: string): AskedWeight | undefined {
  const [, digits, percent] = /^(\d{1,5})(\s?%)?$/.exec(value.trim()) ?? []
  if (digits === undefined) return undefined
  const number = Number(digits)
  if (percent !== undefined) return number <= 100 ? { percent: number } : undefined
  const whole = weight(number)
  return whole === undefined ? undefined : { weight: whole }
}
