/**
 * A server whose health changes again and again is kept out for a while, each time for longer: every return
 * gives it connections that the next failure costs. It has to be up for that long at a stretch.
 */
import { after, type Millis, millis } from '../base/units.js'

/** Changes of health, in either direction, that are nothing special within `changeWindow`. */
export const mostChanges = 6
export const changeWindow = millis(300_000)
const firstHold = 30_000
const longestHold = 300_000

export interface DampingState {
  /** When the health changed, within the window. */
  readonly changes: readonly Millis[]
  /** Holds in a row; a quiet window ends the row. */
  readonly holds: number
  /** Held until then, should it be healthy meanwhile. */
  readonly until: Millis | undefined
}

export const undamped: DampingState = { changes: [], holds: 0, until: undefined }

/** Takes a change of health. A failure holds nothing: the server is out. */
export function step(state: DampingState, healthy: boolean, now: Millis): DampingState {
  const recent = state.changes.filter((at) => now - at < changeWindow)
  const holds = recent.length === 0 ? 0 : state.holds
  // So many suffice to know that they are too many.
  const changes = [...recent, now].slice(-(mostChanges + 1))
  if (!healthy || changes.length <= mostChanges) return { changes, holds, until: undefined }
  const span = millis(Math.min(longestHold, firstHold * 2 ** holds))
  return { changes, holds: holds + 1, until: after(now, span) }
}
