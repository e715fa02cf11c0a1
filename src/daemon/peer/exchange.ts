/**
 * Two streams to the peer and two from it, words of operators and health of servers, over messages that may be
 * lost: each side says each second how far the other's changes have come to it, and is sent what it lacks.
 * Nothing but that is said to a peer that does not answer.
 */

import { toHex } from '../../base/bytes.js'
import type { DiscardCounts } from '../../base/facts.js'
import type { Clock, Log, Random, Timer } from '../../base/ports.js'
import { after, type Millis, millis } from '../../base/units.js'
import {
  decodePeerMessage,
  encodeSummary,
  type Life,
  lifeLength,
  type Packed,
  type PeerMessage,
  packHealth,
  packWords,
  type ServerView,
} from './messages.js'
import type { OperatorWord } from './operator-word.js'
import { Outbox } from './outbox.js'

const summaryEvery = millis(1_000)
/** A director that was booted is to know what stands before it takes over. */
const searchEvery = millis(250)
/** Confirmations of what came in the meantime go together. */
const confirmAfter = millis(50)
/** After three summaries that did not come, nobody is taken to listen. */
const silence = 3_500
/** 30,000 servers are told in about six seconds, at half a hundred datagrams a second. */
const pace = { every: millis(100), messages: 5 } as const
/** More entries than fit one message. */
const entriesAtOnce = 400

export interface ExchangePorts {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly send: (message: Uint8Array) => void
}

/** What there is to say, and who gets what is heard. */
export interface ExchangeSide {
  configHash(): string
  /** Undefined: none. */
  word(key: string): OperatorWord | undefined
  wordKeys(): Iterable<string>
  server(key: string): ServerView
  serverKeys(): Iterable<string>
  /** False: could not be remembered, and will be said again. */
  heardWords(words: readonly OperatorWord[]): boolean
  heardServers(servers: readonly ServerView[]): void
  /** What was heard of its servers was another run's. */
  peerBegan(): void
  /** Each has all words of the other, and both run this file. */
  agreed(): void
}

type Stream = 'words' | 'health'

export class PeerExchange {
  private readonly life: Life
  private readonly out = { words: new Outbox(), health: new Outbox() }
  private readonly has = { words: 0, health: 0 }
  private readonly problems: Record<string, number> = {}
  private peerLife: Life | undefined
  private latest: Extract<PeerMessage, { kind: 'summary' }> | undefined
  private heardAt: Millis | undefined
  private viewAt: Millis | undefined
  private saying: Timer | undefined
  private pumping: Timer | undefined
  private confirming: Timer | undefined
  private waiting: { readonly revision: number; readonly tell: (has: boolean) => void }[] = []
  private stopped = false

  constructor(
    private readonly ports: ExchangePorts,
    private readonly side: ExchangeSide,
  ) {
    this.life = toHex(ports.random(lifeLength))
    this.refill()
  }

  start(): void {
    this.say()
  }

  stop(): void {
    this.stopped = true
    for (const timer of [this.saying, this.pumping, this.confirming]) timer?.cancel()
    for (const { tell } of this.waiting.splice(0)) tell(false)
  }

  /** It has answered within the last few seconds. */
  get listens(): boolean {
    return this.heardAt !== undefined && this.ports.clock.now() - this.heardAt < silence
  }

  /** When what is known of its servers was known to be all that it knew; undefined: not yet. */
  get viewKnownAt(): Millis | undefined {
    return this.viewAt
  }

  get discarded(): DiscardCounts {
    return this.problems
  }

  changed(stream: Stream, keys: Iterable<string>): void {
    for (const key of keys) this.out[stream].touch(key)
    // An order waits for no one; verdicts may, for others that come with them.
    if (stream === 'words') this.pump(0)
    else this.pumpSoon()
  }

  /** Words that nobody needs any more: the peer forgets them by itself. */
  forgotten(keys: Iterable<string>): void {
    for (const key of keys) this.out.words.drop(key)
  }

  /** Whether the peer has confirmed all words within this time; at once when it does not listen. */
  wordsConfirmed(patience: Millis): Promise<boolean> {
    const { revision, confirmed } = this.out.words
    if (this.stopped || !this.listens || confirmed >= revision) return Promise.resolve(confirmed >= revision)
    return new Promise((resolve) => {
      const { clock } = this.ports
      const limit = clock.at(after(clock.now(), patience), () => waiter.tell(false))
      const waiter = {
        revision,
        tell: (has: boolean) => {
          limit.cancel()
          this.waiting = this.waiting.filter((each) => each !== waiter)
          resolve(has)
        },
      }
      this.waiting.push(waiter)
    })
  }

  receive(bytes: Uint8Array): void {
    if (this.stopped) return
    const message = decodePeerMessage(bytes)
    if (!message.ok) this.discard(message.error)
    else if (message.value.kind === 'summary') this.onSummary(message.value)
    else this.onEntries(message.value)
  }

  private discard(problem: string): void {
    const count = (this.problems[problem] ?? 0) + 1
    this.problems[problem] = count
    // The peer is authentic: it is another version, or has a bug. Once is enough to know.
    if (count === 1) this.ports.log.warn(`dropped a message of the peer's: ${problem}`)
  }

  private onSummary(summary: Extract<PeerMessage, { kind: 'summary' }>): void {
    const now = this.ports.clock.now()
    this.heardAt = now
    if (summary.life !== this.peerLife) {
      this.peerLife = summary.life
      this.has.words = 0
      this.has.health = 0
      this.viewAt = undefined
      this.side.peerBegan()
      this.refill()
    }
    this.latest = summary
    if (summary.knownLife === this.life)
      for (const stream of ['words', 'health'] as const) this.out[stream].confirm(summary[stream].has, now)
    // It does not know us yet, and would not believe what follows.
    else this.sendSummary()
    for (const waiter of [...this.waiting]) if (this.out.words.confirmed >= waiter.revision) waiter.tell(true)
    this.look(now)
    if (this.wordsAgree(summary)) this.side.agreed()
    this.pump(pace.messages)
  }

  private wordsAgree({ configHash, words }: Extract<PeerMessage, { kind: 'summary' }>): boolean {
    const { revision, confirmed } = this.out.words
    return (
      configHash === this.side.configHash() && words.revision === this.has.words && confirmed === revision
    )
  }

  private onEntries(message: Exclude<PeerMessage, { kind: 'summary' }>): void {
    const { kind, life, from, to } = message
    // Of a run that is over, or not announced yet; behind a gap, it will come again.
    if (life !== this.peerLife || from > this.has[kind]) return
    const now = this.ports.clock.now()
    this.heardAt = now
    if (to > this.has[kind]) {
      if (message.kind === 'health') this.side.heardServers(message.servers)
      else if (!this.side.heardWords(message.words)) return
      this.has[kind] = to
      this.look(now)
    }
    this.confirmSoon()
  }

  /** Is the view of its servers all that it has to say? */
  private look(now: Millis): void {
    if (this.latest && this.has.health >= this.latest.health.revision) this.viewAt = now
  }

  private refill(): void {
    this.out.words.refill(this.side.wordKeys())
    this.out.health.refill(this.side.serverKeys())
  }

  /* Sending. */

  private say(): void {
    if (this.stopped) return
    const { clock } = this.ports
    this.saying?.cancel()
    this.saying = clock.at(after(clock.now(), this.listens ? summaryEvery : searchEvery), () => this.say())
    this.sendSummary()
    this.pumpSoon()
  }

  private sendSummary(): void {
    const { life, has, out, peerLife: knownLife } = this
    const marks = (stream: Stream) => ({ revision: out[stream].revision, has: has[stream] })
    const configHash = this.side.configHash()
    this.ports.send(
      encodeSummary({ life, configHash, knownLife, words: marks('words'), health: marks('health') }),
    )
  }

  private confirmSoon(): void {
    const { clock } = this.ports
    this.confirming ??= clock.at(after(clock.now(), confirmAfter), () => {
      this.confirming = undefined
      if (!this.stopped) this.sendSummary()
    })
  }

  private pumpSoon(): void {
    const { clock } = this.ports
    if (this.stopped || !this.listens || this.pending === 0) return
    this.pumping ??= clock.at(after(clock.now(), pace.every), () => {
      this.pumping = undefined
      this.pump(pace.messages)
    })
  }

  private get pending(): number {
    return this.out.words.size + this.out.health.size
  }

  /** Words at once, as far as they may be under way together; of health so many messages. */
  private pump(healthMessages: number): void {
    if (this.stopped || !this.listens) return
    while (this.sendNext('words')) {}
    if (this.pumping === undefined) {
      for (let i = 0; i < healthMessages && this.sendNext('health'); i++) {}
    }
    this.pumpSoon()
  }

  private sendNext(stream: Stream): boolean {
    const now = this.ports.clock.now()
    const outbox = this.out[stream]
    const due = outbox.next(entriesAtOnce, now)
    if (!due) return false
    const { bytes, count } = this.pack(stream, due.from, due.entries)
    const [, to = due.from] = due.entries[count - 1] ?? []
    this.ports.send(bytes)
    outbox.sent(to, now)
    return true
  }

  private pack(
    stream: Stream,
    from: number,
    entries: readonly (readonly [key: string, revision: number])[],
  ): Packed {
    if (stream === 'health')
      return packHealth(
        this.life,
        from,
        entries.map(([key, revision]) => [this.side.server(key), revision] as const),
      )
    const words = entries.flatMap(([key, revision]) => {
      const word = this.side.word(key)
      return word ? [[word, revision] as const] : []
    })
    return packWords(this.life, from, words)
  }
}
