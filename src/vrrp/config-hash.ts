/**
 * The peer learns our configuration's hash when a session begins, and again each second: after a reload the
 * session goes on, and a datagram may be lost.
 */
import { fromHex, toHex } from '../base/bytes.js'
import type { Clock, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'

/** First byte of a message on the vrrp channel; the hash follows. */
const messageType = 0x13
const hashLength = 8
const repeatEvery = millis(1_000)
/** What was said longer ago may be that of a life before: the session's greeting knows better. */
const holds = 3_000

export class ConfigHashExchange {
  private latest: { readonly hash: string; readonly at: Millis } | undefined
  private timer: Timer | undefined

  constructor(
    private readonly clock: Clock,
    private readonly send: (message: Uint8Array) => void,
  ) {}

  /** `hash`: 16 hex digits. */
  say(hash: string): void {
    const bytes = fromHex(hash)
    if (bytes?.length !== hashLength) throw new RangeError('config hash: 16 hex digits expected')
    this.timer?.cancel()
    this.send(Uint8Array.of(messageType, ...bytes))
    this.timer = this.clock.at(after(this.clock.now(), repeatEvery), () => this.say(hash))
  }

  /** False: not such a message. */
  receive(message: Uint8Array): boolean {
    if (message[0] !== messageType || message.length !== 1 + hashLength) return false
    this.latest = { hash: toHex(message.subarray(1)), at: this.clock.now() }
    return true
  }

  /** What the peer says, or said last before it fell silent; undefined: nothing but its greeting. */
  heard(reachable: boolean): string | undefined {
    const { latest } = this
    const stands = latest && (!reachable || this.clock.now() - latest.at < holds)
    return stands ? latest.hash : undefined
  }

  close(): void {
    this.timer?.cancel()
  }
}
