/** One line per kind of trouble and while, however often it happens (RFC 9568 section 7.1: rate-limited). */
import type { Clock, Log } from '../base/ports.js'
import type { Millis } from '../base/units.js'

/** Between two lines of one key. */
const quiet = 10_000

export class LimitedLog {
  private readonly kinds = new Map<string, { at: Millis; suppressed: number }>()

  /** `onLine` gets each line that was really written. */
  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly onLine: (router: string | undefined, text: string) => void,
  ) {}

  /**
   * `kind` comes from a closed set, never from the network: one entry is kept for each. True: the line was
   * written.
   */
  warn(router: string | undefined, kind: string, describe: () => string): boolean {
    const key = router === undefined ? kind : `${router}/${kind}`
    const now = this.clock.now()
    const known = this.kinds.get(key)
    if (known && now - known.at < quiet) {
      known.suppressed++
      return false
    }
    const more = known && known.suppressed > 0 ? ` (${known.suppressed} more since the last line)` : ''
    this.kinds.set(key, { at: now, suppressed: 0 })
    const text = `${describe()}${more}`
    this.log.warn(router === undefined ? text : `${router}: ${text}`)
    this.onLine(router, text)
    return true
  }
}
