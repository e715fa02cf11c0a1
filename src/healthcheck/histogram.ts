/** How long things took: counts between fixed bounds, however many are recorded. */

/** Plain data, which can be added to another's. */
export interface HistogramReading {
  /** Upper bounds in milliseconds, rising; what is longer than the last is in one count more. */
  readonly bounds: readonly number[]
  /** One a bound, and one above them all. */
  readonly counts: readonly number[]
  /** Milliseconds in all. */
  readonly sum: number
}

/** From a connection on the same link to the longest timeout that anybody would wait for. */
const bounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const

export class Histogram {
  private readonly counts = new Array<number>(bounds.length + 1).fill(0)
  private sum = 0

  record(span: number): void {
    let at = 0
    while (at < bounds.length && span > (bounds[at] ?? 0)) at++
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += span
  }

  read(): HistogramReading {
    return { bounds, counts: [...this.counts], sum: this.sum }
  }
}
