/** Time that moves only when a test lets it: the `Clock` port over an event queue. */
import type { Clock, Timer } from '../../src/base/ports.js'
import { type Millis, millis } from '../../src/base/units.js'

interface Entry {
  readonly at: number
  /** Among equal moments first come, first served. */
  readonly order: number
  run: (() => void) | undefined
}

export class VirtualClock implements Clock {
  private readonly heap: Entry[] = []
  private moment: number
  private order = 0

  constructor(start = 0) {
    this.moment = start
  }

  now(): Millis {
    return millis(this.moment)
  }

  wall(): number {
    return 1_700_000_000_000 + this.moment
  }

  at(deadline: Millis, run: () => void): Timer {
    return this.schedule(deadline, run)
  }

  afterPendingInput(run: () => void): void {
    this.schedule(this.moment, run)
  }

  /** Runs everything that is due until `moment`, and stops there. */
  runUntil(moment: number): void {
    while (this.runNext(moment)) {
      // Each event may bring others.
    }
  }

  /** Runs one thing that is due until `moment`; false: there is none, and it is `moment` now. */
  runNext(moment: number): boolean {
    for (let first = this.heap[0]; first && first.at <= moment; first = this.heap[0]) {
      this.pop()
      if (!first.run) continue
      if (first.at > this.moment) this.moment = first.at
      first.run()
      return true
    }
    this.moment = Math.max(this.moment, moment)
    return false
  }

  runFor(span: number): void {
    this.runUntil(this.moment + span)
  }

  private schedule(at: number, run: () => void): Timer {
    const entry: Entry = { at: Math.max(at, this.moment), order: this.order++, run }
    this.push(entry)
    return {
      cancel: () => {
        entry.run = undefined
      },
    }
  }

  private push(entry: Entry): void {
    const { heap } = this
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (!parent || before(parent, entry)) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = entry
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let childAt = at * 2 + 1
      let child = heap[childAt]
      const right = heap[childAt + 1]
      if (child && right && before(right, child)) {
        child = right
        childAt++
      }
      if (!child || before(last, child)) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
