/**
 * The peer learns our configuration's hash when a session begins. After a reload it is told again, for as
 * long as this process runs: the session goes on, and a datagram may be lost.
 */
import { fromHex, toHex } from '../base/bytes.js'
import type { Clock, Timer } from '../base/ports.js'
import { after, millis } from '../base/units.js'

/** First byte of a message on the vrrp channel; the hash follows. */
const messageType = 0x13
const hashLength = 8
const repeatEvery = millis(5_000)

export class ConfigHashExchange {
  /** What the peer has said since this process began; undefined: nothing but its greeting. */
  heard: string | undefined
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
    this.heard = toHex(message.subarray(1))
    return true
  }

  close(): void {
    this.timer?.cancel()
  }
}
