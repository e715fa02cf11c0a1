/** What every kind of check is: one file a kind implements this. */

import type { Endpoint } from '../../base/ip.js'
import type { CheckConfig } from '../../config/check.js'
import type { Outcome } from '../outcome.js'
import type { TimeUp } from '../time-up.js'

/**
 * Runs once. Never rejects, and leaves no socket behind. `timeUp` is aborted when the check's timeout has
 * passed: what has arrived until then decides, and the answer follows at once.
 */
export type Checker<C extends CheckConfig = CheckConfig> = (
  check: C,
  target: Endpoint,
  timeUp: TimeUp,
) => Promise<Outcome>
