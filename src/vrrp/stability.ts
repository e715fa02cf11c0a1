/** Whether a router has changed its role too often of late: the hold-down, and how long it lasts. */
import { after, type Millis, millis } from '../base/units.js'
import type { HoldDown, Stability } from './state.js'

/** After this many windows without a change the next hold-down is a first one again. */
const forgottenAfter = 20

/** What is remembered after an unplanned change of role at `now`. */
export function roleChanged(holdDown: HoldDown | undefined, before: Stability, now: Millis): Stability {
  if (!holdDown) return before
  const { window, changes: allowed, first, longest } = holdDown
  const last = Math.max(before.heldUntil ?? Number.NEGATIVE_INFINITY, ...before.changes)
  const holdDowns = now - last > forgottenAfter * window ? 0 : before.holdDowns
  const changes = [...before.changes.filter((at) => now - at < window), now]
  if (changes.length < allowed)
    return { changes, holdDowns, heldUntil: prolonged(before.heldUntil, first, now) }
  const span = millis(Math.min(first * 2 ** holdDowns, longest))
  return { changes: [], holdDowns: holdDowns + 1, heldUntil: after(now, span) }
}

/** Who goes on failing while it is held down is held until it has been quiet for as long as the first time. */
const prolonged = (heldUntil: Millis | undefined, first: Millis, now: Millis): Millis | undefined =>
  heldUntil === undefined || heldUntil <= now ? heldUntil : later(heldUntil, after(now, first))

const later = (a: Millis, b: Millis): Millis => (a > b ? a : b)
