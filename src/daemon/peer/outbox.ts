/**
 * What the peer has not confirmed yet, in the order of its last change. A key that changes again moves to the
 * end, so a flapping server waits once. Messages cover ranges of revisions and are confirmed in order; what is
 * lost is sent again from the last confirmed one. Pure but for what it remembers.
 */
import type { Millis } from '../../base/units.js'

/** Messages under way. */
const window = 16
/** Without a confirmation for so long, what is under way is taken for lost. */
const patience = 1_000

/** What to put into messages next. */
export interface Due {
  /** The messages before ended here. */
  readonly from: number
  /** With their revisions, ascending. */
  readonly entries: readonly (readonly [key: string, revision: number])[]
}

export class Outbox {
  private readonly pending = new Map<string, number>()
  private last = 0
  private lastDue = 0
  private confirmedTo = 0
  private sentTo = 0
  /** The ends of the messages under way. */
  private underWay: number[] = []
  private progress: Millis | undefined

  /** Of the last change that the peer has to have. */
  get revision(): number {
    return Math.max(this.lastDue, this.confirmedTo)
  }

  get confirmed(): number {
    return this.confirmedTo
  }

  get size(): number {
    return this.pending.size
  }

  /** Changed, or gone. */
  touch(key: string): void {
    this.pending.delete(key)
    this.pending.set(key, ++this.last)
    this.lastDue = this.last
  }

  /** There is nothing to say of it any more. */
  drop(key: string): void {
    if (this.pending.delete(key)) this.lastDue = [...this.pending.values()].at(-1) ?? this.confirmedTo
  }

  /** A peer that knows nothing: all of it has to be said. What has not been said and is gone now stays unsaid. */
  refill(keys: Iterable<string>): void {
    this.pending.clear()
    for (const key of keys) this.touch(key)
    this.confirmedTo = 0
    this.sentTo = 0
    this.underWay = []
  }

  confirm(revision: number, now: Millis): void {
    if (revision <= this.confirmedTo || revision > this.last) return
    this.confirmedTo = revision
    this.sentTo = Math.max(this.sentTo, revision)
    this.progress = now
    this.underWay = this.underWay.filter((end) => end > revision)
    for (const [key, each] of this.pending) {
      if (each > revision) break
      this.pending.delete(key)
    }
  }

  /** At most `most` entries for the next message; undefined: none now. */
  next(most: number, now: Millis): Due | undefined {
    if (this.sentTo > this.confirmedTo && now - (this.progress ?? now) >= patience) {
      this.sentTo = this.confirmedTo
      this.underWay = []
    }
    if (this.underWay.length >= window) return undefined
    const entries: (readonly [string, number])[] = []
    for (const entry of this.pending) {
      if (entries.length >= most) break
      if (entry[1] > this.sentTo) entries.push(entry)
    }
    return entries.length === 0 ? undefined : { from: this.sentTo, entries }
  }

  /** A message that ends with this revision is under way. */
  sent(to: number, now: Millis): void {
    if (this.sentTo === this.confirmedTo) this.progress = now
    this.sentTo = to
    this.underWay.push(to)
  }
}
