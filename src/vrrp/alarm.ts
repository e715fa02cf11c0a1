/** One real timer for many deadlines. */
import type { Clock, Timer } from '../base/ports.js'
import type { Millis } from '../base/units.js'

/** A deadline that moves later leaves the timer alone: it fires early once, and is armed again by whoever it woke. */
export class Alarm {
  private timer: { readonly at: Millis; readonly handle: Timer } | undefined
  private closed = false

  constructor(
    private readonly clock: Clock,
    private readonly onDue: () => void,
  ) {}

  /** Fires at this deadline or before it; undefined asks for nothing. */
  armAt(deadline: Millis | undefined): void {
    if (deadline === undefined || this.closed || (this.timer && this.timer.at <= deadline)) return
    this.timer?.handle.cancel()
    const handle = this.clock.at(deadline, () => {
      this.timer = undefined
      this.onDue()
    })
    this.timer = { at: deadline, handle }
  }

  close(): void {
    this.closed = true
    this.timer?.handle.cancel()
  }
}
