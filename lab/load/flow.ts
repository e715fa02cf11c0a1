/** What is known of one kind of request (new TCP connections, or UDP) within one window of time. */
export interface FlowReport {
  readonly sent: number
  readonly answered: number
  /** Not answered within the time limit, or refused or reset. */
  readonly lost: number
  /** Longest hole between answers, ms. A hole that began before the window counts in full. */
  readonly gap: number
  readonly perServer: Readonly<Record<string, number>>
}

/** Counts requests by the window they were sent in, and holes by the window they were seen in. */
export class Flow {
  #sent = 0
  #answered = 0
  #lost = 0
  #gap = 0
  #perServer: Record<string, number> = {}
  #lastAnswer: number

  /** `lastAnswer`: moment that the first hole is counted from. */
  constructor(lastAnswer: number) {
    this.#lastAnswer = lastAnswer
  }

  get lastAnswer(): number {
    return this.#lastAnswer
  }

  sent(): void {
    this.#sent += 1
  }

  lost(): void {
    this.#lost += 1
  }

  answered(server: string): void {
    this.#answered += 1
    this.#perServer[server] = (this.#perServer[server] ?? 0) + 1
  }

  /** An answer arrived, whichever window its request belongs to. */
  heard(now: number): void {
    this.#gap = Math.max(this.#gap, now - this.#lastAnswer)
    this.#lastAnswer = now
  }

  report(now: number): FlowReport {
    return {
      sent: this.#sent,
      answered: this.#answered,
      lost: this.#lost,
      gap: Math.round(Math.max(this.#gap, now - this.#lastAnswer)),
      perServer: { ...this.#perServer },
    }
  }
}
