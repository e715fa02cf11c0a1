/**
 * How far behind the kernel's word is. A connection to vipair's own service on the loopback is told like any other;
 * once it has been, everything that the kernel knew before it has been told as well.
 */
import type { Clock, MarkerPort, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'

/** While nothing is in a hurry: this much, and the kernel's own 20 ms, a record waits at most. */
const usualInterval = millis(100)
/** While addresses move. */
const hurriedInterval = millis(20)
const hurryFor = millis(1_000)
/** Eight messages wake the kernel's thread at once (IPVS_SYNC_WAKEUP_RATE); a connection makes two. */
const burst = 4
/** The kernel has forgotten one that has not come back by then. */
const lostAfter = millis(5_000)

export interface MarkersHost {
  readonly clock: Clock
  readonly port: MarkerPort
  /** Nobody wants to hear of it otherwise. */
  wanted(): boolean
}

export class Markers {
  /** By the client's port: when it was begun, the oldest first. */
  private readonly open = new Map<number, Millis>()
  private readonly waiting: { readonly since: Millis; readonly then: () => void }[] = []
  private timer: Timer | undefined
  private hurryUntil = millis(0)
  /** Everything that the kernel knew then has been told. */
  private toldUpTo: Millis | undefined
  private stopped = false

  constructor(private readonly host: MarkersHost) {}

  start(): void {
    if (!this.timer && !this.stopped) this.next()
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.host.port.close()
  }

  /** `then` runs once everything has been told that the kernel knows now. */
  barrier(then: () => void): void {
    this.waiting.push({ since: this.host.clock.now(), then })
    this.hurry()
  }

  /** Markers come at a quick pace for a while. */
  hurry(): void {
    const { clock } = this.host
    this.hurryUntil = after(clock.now(), hurryFor)
    this.timer?.cancel()
    this.next()
  }

  /** The kernel has told one. */
  returned(clientPort: number): void {
    const at = this.open.get(clientPort)
    if (at === undefined) return
    this.open.delete(clientPort)
    if (this.toldUpTo === undefined || at > this.toldUpTo) this.toldUpTo = at
    while (this.waiting[0] && this.waiting[0].since <= at) this.waiting.shift()?.then()
  }

  /** Milliseconds since when the kernel may know what it has not told; undefined: nothing has come back yet. */
  get lag(): number | undefined {
    return this.toldUpTo === undefined ? undefined : this.host.clock.now() - this.toldUpTo
  }

  private next(): void {
    if (this.stopped) return
    const { clock, port } = this.host
    const now = clock.now()
    const hurried = now < this.hurryUntil
    if (hurried || this.host.wanted()) {
      for (let i = 0; i < (hurried ? burst : 1); i++)
        port.open((clientPort) => this.open.set(clientPort, now))
    }
    for (const [clientPort, at] of this.open) {
      if (after(at, lostAfter) >= now) break
      this.open.delete(clientPort)
    }
    this.timer = clock.at(after(now, hurried ? hurriedInterval : usualInterval), () => this.next())
  }
}
