/** Whether this machine keeps up with its checks, over the last whole window. */
import { after, type Millis, millis } from '../base/units.js'

/** Long enough that one stall is not an overload. */
const window = millis(10_000)
/** Of the starts, later than half of their interval or left out: more is more than an accident. */
const tolerated = 0.01

interface Counts {
  starts: number
  /** Half an interval late, or more. */
  late: number
  /** Slots that nobody ran in. */
  missed: number
}

const none = (): Counts => ({ starts: 0, late: 0, missed: 0 })

export class Punctuality {
  private current = none()
  private last = none()
  private ends: Millis

  constructor(now: Millis) {
    this.ends = after(now, window)
  }

  started(late: Millis, interval: Millis): void {
    this.current.starts++
    if (late * 2 >= interval) this.current.late++
  }

  missed(slots: number): void {
    this.current.missed += slots
  }

  /** Of the last whole window; undefined while all is well. */
  warning(now: Millis): string | undefined {
    this.turn(now)
    const { starts, late, missed } = this.last
    const slots = starts + missed
    const share = (late + missed) / slots
    if (slots === 0 || share <= tolerated) return undefined
    const stretched =
      starts === 0 ? 'nothing was checked' : `intervals are ${(slots / starts).toFixed(1)} times as long`
    return `this machine does not keep up with its checks: ${Math.ceil(share * 100)} % came late, ${stretched}`
  }

  private turn(now: Millis): void {
    if (now < this.ends) return
    // Windows in which nobody asked are one long one.
    this.last = this.current
    this.current = none()
    this.ends = after(now, window)
  }
}
