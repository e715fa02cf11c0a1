/** Moments by key, earliest first. */
import type { Millis } from '../base/units.js'

interface Entry {
  readonly key: string
  readonly at: Millis
}

/**
 * A binary heap in which a key is moved or removed by forgetting its old entry: what comes to the top and
 * is no longer current is skipped there. Setting and taking cost O(log n).
 */
export class Deadlines {
  private readonly heap: Entry[] = []
  private readonly current = new Map<string, Entry>()

  get size(): number {
    return this.current.size
  }

  set(key: string, at: Millis): void {
    const entry = { key, at }
    this.current.set(key, entry)
    this.push(entry)
    // Keys that move often would otherwise fill the heap with what has been forgotten.
    if (this.heap.length > 2 * this.current.size + 64) this.rebuild()
  }

  delete(key: string): void {
    this.current.delete(key)
  }

  /** The earliest moment; undefined when there is none. */
  next(): Millis | undefined {
    this.dropForgotten()
    return this.heap[0]?.at
  }

  /** Removes and answers one key whose moment has come; undefined when none has. */
  takeDue(now: Millis): { readonly key: string; readonly at: Millis } | undefined {
    this.dropForgotten()
    const first = this.heap[0]
    if (!first || first.at > now) return undefined
    this.pop()
    this.current.delete(first.key)
    return first
  }

  private dropForgotten(): void {
    for (let first = this.heap[0]; first && this.current.get(first.key) !== first; first = this.heap[0])
      this.pop()
  }

  private rebuild(): void {
    this.heap.length = 0
    for (const entry of this.current.values()) this.push(entry)
  }

  private push(entry: Entry): void {
    let i = this.heap.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = this.heap[parent]
      if (!above || above.at <= entry.at) break
      this.heap[i] = above
      i = parent
    }
    this.heap[i] = entry
  }

  private pop(): void {
    const last = this.heap.pop()
    if (!last || this.heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      const [left, right] = [this.heap[child], this.heap[child + 1]]
      if (!left) break
      let least = left
      if (right && right.at < left.at) {
        least = right
        child++
      }
      if (least.at >= last.at) break
      this.heap[i] = least
      i = child
    }
    this.heap[i] = last
  }
}
