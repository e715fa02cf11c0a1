/** How long this process kept its sockets and timers waiting. */

/**
 * Of the sampling timer, ms: a shorter wait may go unseen. At 20 ms the wake-ups alone took 15 % of the lab
 * guest's CPU (five processes, 43 us a system call). Node's own monitor is no use beside a regular reset: the
 * interval in which it is reset is never recorded, and that may be the one with the stall.
 */
const resolution = 100

export class LoopLag {
  private sampledAt = performance.now()
  private current = 0
  private previous = 0

  constructor() {
    setInterval(() => {
      this.current = this.worstNow
      this.sampledAt = performance.now()
    }, resolution).unref()
  }

  /** The longest wait since the tick before the last, in milliseconds. */
  get worstMs(): number {
    return Math.round(Math.max(this.previous, this.worstNow) * 100) / 100
  }

  /** To be called about each second. */
  tick(): void {
    this.previous = this.current
    this.current = 0
  }

  private get worstNow(): number {
    return Math.max(this.current, performance.now() - this.sampledAt - resolution)
  }
}
