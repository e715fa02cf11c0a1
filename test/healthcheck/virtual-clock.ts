/** A clock that moves only when told, and that can oversleep as a stalled process does. */
import type { Clock, Timer } from '../../src/base/ports.js'
import { type Millis, millis } from '../../src/base/units.js'

export class VirtualClock implements Clock {
  private moment = 1_000
  private readonly timers = new Set<{ readonly deadline: Millis; readonly run: () => void }>()
  private readonly pending: (() => void)[] = []

  now(): Millis {
    return millis(this.moment)
  }

  wall(): number {
    return 1_700_000_000_000 + this.moment
  }

  at(deadline: Millis, run: () => void): Timer {
    const timer = { deadline, run }
    this.timers.add(timer)
    return { cancel: () => this.timers.delete(timer) }
  }

  afterPendingInput(run: () => void): void {
    this.pending.push(run)
  }

  get armed(): number {
    return this.timers.size
  }

  /** Runs every timer at its own moment; promises settle between them. */
  async advance(span: number): Promise<void> {
    const end = this.moment + span
    await this.settle()
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.deadline - b.deadline)[0]
      if (!next || next.deadline > end) break
      this.moment = Math.max(this.moment, next.deadline)
      this.timers.delete(next)
      next.run()
      await this.settle()
    }
    this.moment = end
  }

  /**
   * The process does not run for a while: afterwards every timer that came due fires late, at the end, and
   * what arrived meanwhile (`arrived`) is read only after the timers.
   */
  async stall(span: number, arrived: () => void = () => {}): Promise<void> {
    this.moment += span
    const due = [...this.timers].filter((timer) => timer.deadline <= this.moment)
    for (const timer of due) {
      this.timers.delete(timer)
      timer.run()
    }
    arrived()
    await this.settle()
  }

  private async settle(): Promise<void> {
    for (;;) {
      for (let i = 0; i < 10; i++) await Promise.resolve()
      const run = this.pending.shift()
      if (!run) return
      run()
    }
  }
}
