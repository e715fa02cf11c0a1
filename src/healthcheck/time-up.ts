/**
 * That the time of a run is over: what checkers need of an AbortSignal, which is one, at a tenth of its cost.
 * There is one for each run, and creating and asking AbortSignals took a twelfth of a busy process.
 */
export interface TimeUp {
  readonly aborted: boolean
  /** Called once, and not at all when it is over already. */
  addEventListener(type: 'abort', run: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', run: () => void): void
}

export class RunTime implements TimeUp {
  aborted = false
  private waiting: (() => void)[] = []

  abort(): void {
    if (this.aborted) return
    this.aborted = true
    for (const run of this.waiting.splice(0)) run()
  }

  addEventListener(_type: 'abort', run: () => void): void {
    if (!this.aborted) this.waiting.push(run)
  }

  removeEventListener(_type: 'abort', run: () => void): void {
    if (this.waiting.length === 1 && this.waiting[0] === run) this.waiting.pop()
    else this.waiting = this.waiting.filter((other) => other !== run)
  }
}
