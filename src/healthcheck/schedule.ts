/**
 * When each check runs next. Every check has its own slots, `interval` apart and never moved by a late or
 * long run, so nothing drifts; the slots of different checks are spread over the interval, so nothing herds.
 * A run between two slots (the verdict is changing, or another check has seen that something is wrong) moves
 * no slot either.
 */
import { after, type Millis, millis } from '../base/units.js'
import { Deadlines } from './deadlines.js'

interface Slots {
  readonly interval: Millis
  /** Between the starts of two runs while the verdict is changing. */
  readonly fastInterval: Millis
  /** The slot that comes next, or the one that the current run belongs to. */
  slot: Millis
  /** A run before the slot; it may be the current one. */
  between: Millis | undefined
  running: boolean
  /** The slot before this one went by because the check was late by an interval. */
  skipped: boolean
  startedAt: Millis
}

export interface DueCheck {
  readonly key: string
  /** How long after its slot it is handed out. */
  readonly late: Millis
}

/** Fractions of multiples of the golden ratio never bunch, however many there are and whichever are removed. */
const goldenRatio = (Math.sqrt(5) - 1) / 2

export class Schedule {
  private readonly checks = new Map<string, Slots>()
  private readonly due = new Deadlines()
  private added = 0
  /** Slots that passed without a run: the previous run was still going on, or we were stalled. */
  missed = 0

  /** `seed`: 0 up to but not including 1; makes the two directors of a pair check at different moments. */
  constructor(private readonly seed: number) {}

  get size(): number {
    return this.checks.size
  }

  /** The first slot falls within one interval from now. A key that is already there keeps its slots. */
  add(key: string, interval: Millis, now: Millis, fastInterval = interval): void {
    if (this.checks.has(key)) return
    const phase = (this.seed + this.added++ * goldenRatio) % 1
    const slot = after(now, millis(phase * interval))
    const startedAt = now
    this.checks.set(key, {
      interval,
      fastInterval,
      slot,
      between: undefined,
      running: false,
      skipped: false,
      startedAt,
    })
    this.due.set(key, slot)
  }

  remove(key: string): void {
    this.checks.delete(key)
    this.due.delete(key)
  }

  /**
   * Takes one check whose slot has come; it has no further slot until `finished`, so a check never runs
   * twice at once. One that is late by a whole interval or more waits for its next slot instead, once: after
   * a stall the checks stay spread, and when there is more to do than can be done, each has its turn, the
   * longest overdue first, and all intervals are stretched alike.
   */
  takeDue(now: Millis): DueCheck | undefined {
    for (let due = this.due.takeDue(now); due; due = this.due.takeDue(now)) {
      const check = this.checks.get(due.key)
      if (!check) continue
      const late = millis(now - (check.between ?? check.slot))
      if (late < check.interval || check.skipped) {
        check.running = true
        check.skipped = false
        check.startedAt = now
        return { key: due.key, late }
      }
      // advance counts what was skipped after this slot
      if (check.between === undefined) this.missed++
      check.skipped = true
      this.advance(due.key, check, now)
    }
    return undefined
  }

  /**
   * The run ended: the next one is at the first slot that is not yet past. `changing`: a few runs more may
   * decide, so the next one is `fastInterval` after the start of this one, if no slot comes sooner.
   */
  finished(key: string, now: Millis, changing = false): void {
    const check = this.checks.get(key)
    if (!check?.running) return
    check.running = false
    this.advance(key, check, now)
    if (!changing || check.fastInterval === check.interval) return
    this.insert(key, check, millis(Math.max(now, after(check.startedAt, check.fastInterval))))
  }

  /** The next run is now, unless one is going on. */
  hasten(key: string, now: Millis): void {
    const check = this.checks.get(key)
    if (check && !check.running) this.insert(key, check, now)
  }

  /** Undefined when nothing waits for a slot. */
  nextDeadline(): Millis | undefined {
    return this.due.next()
  }

  private insert(key: string, check: Slots, at: Millis): void {
    if (at >= (check.between ?? check.slot)) return
    check.between = at
    this.due.set(key, at)
  }

  private advance(key: string, check: Slots, now: Millis): void {
    // A run between two slots takes none of them, as long as it ends before the next.
    const least = check.between === undefined ? 1 : 0
    const steps = Math.max(least, Math.ceil((now - check.slot) / check.interval))
    this.missed += steps - least
    check.between = undefined
    check.slot = after(check.slot, millis(steps * check.interval))
    this.due.set(key, check.slot)
  }
}
