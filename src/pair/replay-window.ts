/**
 * Which counters have been seen: a bitmap over the last 1,024, kept as a ring of words so that moving
 * forward clears words instead of shifting them (RFC 6479).
 */

/** How far behind the highest counter a late datagram may come. */
export const replayWindowSize = 1024

const wordBits = 32
// One word more than the window, because the newest word is only partly used.
const words = replayWindowSize / wordBits + 1

export interface ReplayWindow {
  /** -1 before the first. */
  readonly highest: number
  readonly seen: Uint32Array
}

export const emptyReplayWindow: ReplayWindow = { highest: -1, seen: new Uint32Array(words) }

/** Whether `counter` is new: neither seen nor too old to know. */
export function isFresh(window: ReplayWindow, counter: number): boolean {
  if (counter > window.highest) return true
  if (counter <= window.highest - replayWindowSize) return false
  const word = window.seen[Math.floor(counter / wordBits) % words] ?? 0
  return (word & (1 << (counter % wordBits))) === 0
}

/** The window after `counter`, which must be fresh and authentic. */
export function remember(window: ReplayWindow, counter: number): ReplayWindow {
  const seen = window.seen.slice()
  const target = Math.floor(counter / wordBits)
  const newest = Math.floor(window.highest / wordBits)
  for (let i = Math.max(newest + 1, target - words + 1); i <= target; i++) seen[i % words] = 0
  const index = target % words
  seen[index] = (seen[index] ?? 0) | (1 << (counter % wordBits))
  return { highest: Math.max(window.highest, counter), seen }
}
