/** What kept checks from being run from here, of late: no descriptor, no local port, no privilege. */
import { after, type Millis, millis } from '../base/units.js'

/** How long a fault is told of after it was last seen. */
const memory = millis(30_000)
/** Distinct reasons that are told; errors have no more names than that. */
const most = 16

interface Fault {
  until: Millis
  runs: number
  subject: string
}

export class LocalFaults {
  private readonly faults = new Map<string, Fault>()

  note(subject: string, reason: string, now: Millis): void {
    const known = this.faults.get(reason)
    if (known && known.until >= now) {
      known.until = after(now, memory)
      known.runs++
    } else if (known || this.faults.size < most) {
      this.faults.set(reason, { until: after(now, memory), runs: 1, subject })
    }
  }

  warnings(now: Millis): readonly string[] {
    return [...this.faults].flatMap(([reason, { until, runs, subject }]) => {
      if (until >= now) return [`${runs} checks could not be run from here, as ${subject}: ${reason}`]
      this.faults.delete(reason)
      return []
    })
  }
}
