/** One log line a reason and period, however often the reason occurs. */
import type { Clock, LogFields } from '../base/ports.js'
import { after, type Millis } from '../base/units.js'

type Write = (message: string, fields: LogFields) => void

interface Quiet {
  readonly until: Millis
  suppressed: number
}

/** Reasons remembered at once: those from the network are a closed set, others may not be. */
const mostReasons = 1000

export class RateLimitedLog {
  private readonly quiet = new Map<string, Quiet>()

  /** `write` is one method of a log: `log.warn`. */
  constructor(
    private readonly clock: Clock,
    private readonly write: Write,
    private readonly period: Millis,
  ) {}

  /** Writes the message unless its reason was written within the period; `suppressed` says how often not. */
  say(reason: string, message: string, fields: LogFields = {}): void {
    const now = this.clock.now()
    const last = this.quiet.get(reason)
    if (last && now < last.until) {
      last.suppressed++
      return
    }
    if (!last && this.quiet.size >= mostReasons) this.forgetQuiet(now)
    this.quiet.set(reason, { until: after(now, this.period), suppressed: 0 })
    this.write(message, last && last.suppressed > 0 ? { ...fields, suppressed: last.suppressed } : fields)
  }

  private forgetQuiet(now: Millis): void {
    for (const [reason, { until }] of this.quiet) if (until <= now) this.quiet.delete(reason)
    const oldest = this.quiet.keys().next().value
    if (this.quiet.size >= mostReasons && oldest !== undefined) this.quiet.delete(oldest)
  }
}
