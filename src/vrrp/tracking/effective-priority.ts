/** What all tracked things of one router together mean for the election. Pure. */
import { ownerPriority, type Priority, priority } from '../../base/units.js'
import type { Verdict } from './verdict.js'

export interface Standing {
  /** What is advertised: 1 to 254, or 255 for the address owner. */
  readonly priority: Priority
  /** Why it differs from the configured one: `track gateway 10.0.0.1 down`; undefined when nothing is taken off. */
  readonly because: string | undefined
  /** Why the router must stay out of the election; undefined when it may take part. */
  readonly fault: string | undefined
  /** A tracked gateway or interface that is down, in words: this director has lost its way to the network. */
  readonly lost?: string | undefined
}

const lowest = 1
const highest = 254

/**
 * The address owner's 255 is not a matter of weights (RFC 9568 section 5.2.4): only a fault moves it. What
 * is unknown adds nothing; `held` makes it a fault, for as long as a start waits for the first findings.
 */
export function effectivePriority(base: Priority, verdicts: readonly Verdict[], held = false): Standing {
  const faulty = verdicts.find((verdict) => isFault(verdict, held))
  const fault = faulty && `track ${faulty.name} ${faulty.state}: ${faulty.reason}`
  if (base === ownerPriority) return { priority: base, because: undefined, fault }
  let sum: number = base
  const losses: string[] = []
  for (const verdict of verdicts) {
    const influence = influenceOf(verdict)
    sum += influence
    if (influence < 0) losses.push(verdict.delta === undefined ? `${verdict.name} down` : verdict.name)
    else if (influence === 0 && (verdict.weight ?? 0) > 0) losses.push(`${verdict.name} ${verdict.state}`)
  }
  return {
    priority: priority(Math.min(highest, Math.max(lowest, sum))) ?? base,
    because: losses.length === 0 ? undefined : `track ${losses.join(', ')}`,
    fault,
  }
}

const isFault = ({ state, weight, delta }: Verdict, held: boolean): boolean =>
  weight === undefined && delta === undefined && (state === 'down' || (held && state === 'unknown'))

/** A negative weight counts while the thing is down, a positive one while it is up. */
function influenceOf({ state, weight, delta }: Verdict): number {
  if (delta !== undefined) return delta
  if (weight === undefined) return 0
  return (weight < 0 ? state === 'down' : state === 'up') ? weight : 0
}
