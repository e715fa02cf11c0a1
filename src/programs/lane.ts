/** Whose turn it is: so many at a time, the others in the order in which they came. Pure. */
export class Lane<T> {
  private readonly waiting: { readonly item: T; readonly since: number }[] = []
  private first = 0
  private busy = 0

  constructor(private readonly most: number) {}

  get running(): number {
    return this.busy
  }

  get waits(): number {
    return this.waiting.length - this.first
  }

  /** Since when the first in the queue has been waiting; undefined: nobody waits. */
  get waitsSince(): number | undefined {
    return this.waiting[this.first]?.since
  }

  add(item: T, now: number): void {
    this.waiting.push({ item, since: now })
  }

  /** The next whose turn has come; it is running from now until `done`. */
  take(): T | undefined {
    const next = this.busy < this.most ? this.waiting[this.first] : undefined
    if (!next) return undefined
    this.busy++
    this.first++
    // Now and then, so that each costs the same however many wait.
    if (this.first > 64 && this.first * 2 > this.waiting.length) {
      this.waiting.splice(0, this.first)
      this.first = 0
    }
    return next.item
  }

  done(): void {
    this.busy--
  }

  /** Takes all out that wait. */
  drain(): readonly T[] {
    const items = this.waiting.slice(this.first).map(({ item }) => item)
    this.waiting.length = 0
    this.first = 0
    return items
  }
}
