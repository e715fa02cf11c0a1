import type { DiscardCounts } from '../base/facts.js'

/** Counters by reason, from a closed set of reasons. */
export class Counts<Reason extends string> {
  private readonly counts = new Map<Reason, number>()

  add(reason: Reason): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1)
  }

  read(): DiscardCounts {
    return Object.fromEntries(this.counts)
  }
}
