/** Whose turn it is: so many at a time, the others in the order in which they become late. Pure. */
interface Waiting<T> {
  readonly item: T
  readonly since: number
  readonly due: number
}

export class Lane<T> {
  /** The next one last: the earliest due, of equals the first that came. */
  private readonly waiting: Waiting<T>[] = []
  private busy = 0

  constructor(private readonly most: number) {}

  get running(): number {
    return this.busy
  }

  get waits(): number {
    return this.waiting.length
  }

  /** Since when the one has been waiting that waits longest; Infinity: nobody waits. */
  get waitsSince(): number {
    return this.waiting.reduce((least, { since }) => Math.min(least, since), Number.POSITIVE_INFINITY)
  }

  /** `due`: the moment at which it would be late. Nobody waits for ever: who comes later becomes late later. */
  add(item: T, now: number, due: number): void {
    let [low, high] = [0, this.waiting.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.waiting[middle]?.due ?? 0) > due) low = middle + 1
      else high = middle
    }
    this.waiting.splice(low, 0, { item, since: now, due })
  }

  /** The next whose turn has come; it is running from now until `done`. */
  take(): T | undefined {
    const next = this.busy < this.most ? this.waiting.pop() : undefined
    if (next) this.busy++
    return next?.item
  }

  done(): void {
    this.busy--
  }

  /** Nobody waits any more. */
  clear(): void {
    this.waiting.length = 0
  }
}
