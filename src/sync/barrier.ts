/**
 * Both ends of a barrier: here, everything that the kernel knows is told and sent; there, it is heard and in the
 * kernel. Only then may an address move without a session left behind.
 */
import type { Clock, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { Flush, Flushed } from './relay-message.js'

/** A lost question or answer is asked for again. */
const repeatEvery = millis(40)
/** How long the listener waits for what is only late, and how often it looks. */
const patience = millis(250)
const lookEvery = millis(4)

export interface BarrierHost {
  readonly clock: Clock
  send(message: Flush | Flushed): void
  /** Runs `then` once our kernel has told what it knows now. */
  told(then: () => void): void
  /** Sends what waits for company; answers the sequence of the next live message. */
  flush(): number
  /** Of the peer's live messages: how many came, and how many datagrams wait for our kernel. */
  heard(): { readonly messages: number; readonly waiting: number }
}

/** `missing`: live messages that the peer never got. */
export type Passed = (missing: number) => void

export class Barriers {
  private readonly asked = new Map<number, { readonly passed: Passed; timer: Timer | undefined }>()
  private readonly looking = new Set<Timer>()
  private lastId: number
  private stopped = false

  constructor(private readonly host: BarrierHost) {
    // Another one than before a restart, so that an old answer is none.
    this.lastId = Math.floor(host.clock.now() * 16)
  }

  /** `passed` runs when all that is known here now is in the peer's kernel, or never; whoever asks has a time limit. */
  ask(passed: Passed): void {
    const id = ++this.lastId
    this.host.told(() => {
      if (this.stopped) return
      const sequence = this.host.flush()
      const asked = { passed, timer: undefined }
      this.asked.set(id, asked)
      this.repeat({ kind: 'flush', id, sequence }, 0)
    })
  }

  receive(message: Flush | Flushed): void {
    if (message.kind === 'flush') {
      this.look(message, after(this.host.clock.now(), patience))
      return
    }
    const asked = this.asked.get(message.id)
    if (!asked) return
    asked.timer?.cancel()
    this.asked.delete(message.id)
    asked.passed(message.missing)
  }

  stop(): void {
    this.stopped = true
    for (const { timer } of this.asked.values()) timer?.cancel()
    for (const timer of this.looking) timer.cancel()
  }

  private repeat(message: Flush, times: number): void {
    const asked = this.asked.get(message.id)
    if (!asked || this.stopped) return
    // Nobody waits as long as that any more.
    if (times > 25) {
      this.asked.delete(message.id)
      return
    }
    this.host.send(message)
    const { clock } = this.host
    asked.timer = clock.at(after(clock.now(), repeatEvery), () => this.repeat(message, times + 1))
  }

  private look({ id, sequence }: Flush, until: Millis): void {
    const { clock } = this.host
    const { messages, waiting } = this.host.heard()
    const missing = Math.max(0, sequence - messages)
    if ((missing === 0 && waiting === 0) || clock.now() >= until) {
      this.host.send({ kind: 'flushed', id, missing })
      return
    }
    const timer = clock.at(after(clock.now(), lookEvery), () => {
      this.looking.delete(timer)
      if (!this.stopped) this.look({ kind: 'flush', id, sequence }, until)
    })
    this.looking.add(timer)
  }
}
