/** How long this process kept its sockets and timers waiting. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Of the sampling timer: its own period is no lag, and a shorter wait may go unseen. At 20 ms the wake-ups
 * alone took 15 % of the lab guest's CPU (five processes, 43 us a system call).
 */
const resolution = 100

export class LoopLag {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution })
  private previous = 0

  constructor() {
    this.histogram.enable()
  }

  /** The longest wait since the tick before the last, in milliseconds. */
  get worstMs(): number {
    return Math.max(this.previous, this.current)
  }

  /** To be called each second. */
  tick(): void {
    this.previous = this.current
    this.histogram.reset()
  }

  private get current(): number {
    return Math.max(0, Math.round(this.histogram.max / 1e4) / 100 - resolution)
  }
}
