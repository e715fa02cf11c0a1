/** How long a run may take when our own stalls are not the server's fault. */
import { after, type Millis, millis } from '../base/units.js'

/** A timer that is later than this shows that the process did not run for a while. */
export const stallThreshold = millis(5)
/** While a check runs, a timer fires at least this often: a stall is then known to within this much. */
export const pulse = millis(25)

export interface Run {
  /** When the check really started. */
  readonly startedAt: Millis
  readonly timeout: Millis
  /** Sum of all stalls seen before it started. */
  readonly stalledBefore: Millis
}

/**
 * The moment at which the run has had its whole timeout of time in which this process was awake. What it
 * slept through is given back, so an overloaded machine judges more slowly, not more harshly.
 *
 * @param stalled sum of all stalls seen so far
 */
export function timeLimit(run: Run, stalled: Millis): Millis {
  return after(run.startedAt, millis(run.timeout + stalled - run.stalledBefore))
}
