/**
 * Two directors, a network between them that loses, delays, reorders and repeats, and an attacker who hears
 * everything and sends it again, to either side, whole or damaged. All of it from one seed.
 */
import { createSecretKey } from 'node:crypto'
import { after, type Millis, millis } from '../../src/base/units.js'
import { deriveStaticKeys } from '../../src/pair/derive.js'
import { noConfigHash } from '../../src/pair/hello.js'
import {
  isReachable,
  nextDeadline,
  type PairDiscard,
  type PairEvent,
  type PairParams,
  type PairState,
  startPair,
  step,
} from '../../src/pair/session.js'
import { Seeded } from './seeded.js'

export interface Weather {
  readonly loss: number
  readonly duplication: number
  /** Delays are uniform between 1 ms and this. */
  readonly maxDelay: number
  /** Datagrams that the attacker plays back, a second. */
  readonly replaysPerSecond: number
}

export const calm: Weather = { loss: 0, duplication: 0, maxDelay: 2, replaysPerSecond: 0 }

export type Name = 'lb1' | 'lb2'
export const otherOf = (name: Name): Name => (name === 'lb1' ? 'lb2' : 'lb1')

interface Told {
  readonly sender: Name
  readonly life: number
  readonly id: number
  readonly sentAt: number
}

export class Director {
  life = 0
  lifeStart: number
  state: PairState
  /** Of the peer's messages, in this life of ours. */
  readonly delivered = new Set<number>()
  lastPeerLife = 0
  sessions = 0
  readonly discarded = new Map<PairDiscard, number>()

  constructor(
    readonly name: Name,
    readonly params: PairParams,
    random: Seeded,
    now: Millis,
  ) {
    this.lifeStart = now
    this.state = startPair(random.bytes(32), now)
  }
}

export class World {
  now = millis(0)
  weather = calm
  readonly random: Seeded
  readonly directors: Record<Name, Director>
  readonly recorded: Uint8Array[] = []
  readonly inFlight: { readonly at: number; readonly to: Name; readonly bytes: Uint8Array }[] = []
  private nextId = 0

  constructor(seed: number) {
    this.random = new Seeded(seed)
    this.directors = { lb1: this.newDirector('lb1'), lb2: this.newDirector('lb2') }
  }

  private newDirector(name: Name): Director {
    const key = createSecretKey(Buffer.alloc(32, 7))
    const peerName = otherOf(name)
    const identity = { key, pairName: 'pair', channel: 'sync', localName: name, peerName } as const
    const params: PairParams = { identity, keys: deriveStaticKeys(identity), configHash: noConfigHash }
    return new Director(name, params, this.random, this.now)
  }

  restart(name: Name): void {
    const director = this.directors[name]
    director.life++
    director.lifeStart = this.now
    director.state = startPair(this.random.bytes(32), this.now)
    director.delivered.clear()
    director.lastPeerLife = 0
  }

  /** The id, undefined when there was no session to send it under. */
  say(name: Name): number | undefined {
    const director = this.directors[name]
    if (!director.state.current) return undefined
    const told: Told = { sender: name, life: director.life, id: this.nextId++, sentAt: this.now }
    this.feed(director, { type: 'send', message: Buffer.from(JSON.stringify(told)) })
    return told.id
  }

  bothReachable(): boolean {
    return Object.values(this.directors).every((director) => isReachable(director.state, this.now))
  }

  /** Lets `span` milliseconds pass, one by one. */
  run(span: number, eachMillisecond: () => void = () => {}): void {
    for (let end = this.now + span; this.now < end; ) {
      this.now = after(this.now, millis(1))
      this.attack()
      for (const { to, bytes } of this.takeDue()) this.feed(this.directors[to], arrival(bytes))
      for (const director of Object.values(this.directors)) {
        if (nextDeadline(director.state) <= this.now) this.feed(director, { type: 'tick' })
      }
      eachMillisecond()
    }
  }

  private takeDue(): { readonly to: Name; readonly bytes: Uint8Array }[] {
    const due = this.inFlight.filter((datagram) => datagram.at <= this.now).sort((a, b) => a.at - b.at)
    const later = this.inFlight.filter((datagram) => datagram.at > this.now)
    this.inFlight.splice(0, this.inFlight.length, ...later)
    return due
  }

  private transmit(to: Name, bytes: Uint8Array): void {
    this.recorded.push(bytes)
    if (this.random.chance(this.weather.loss)) return
    const copies = this.random.chance(this.weather.duplication) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const at = this.now + 1 + this.random.unit() * (this.weather.maxDelay - 1)
      this.inFlight.push({ at, to, bytes })
    }
  }

  private attack(): void {
    if (this.recorded.length === 0) return
    const expected = this.weather.replaysPerSecond / 1000
    const count = Math.floor(expected) + (this.random.chance(expected % 1) ? 1 : 0)
    for (let i = 0; i < count; i++) {
      const bytes = Uint8Array.from(this.recorded[this.random.below(this.recorded.length)] ?? [])
      if (this.random.chance(0.1)) {
        const at = this.random.below(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << this.random.below(8))
      }
      this.inFlight.push({ at: this.now, to: this.random.chance(0.5) ? 'lb1' : 'lb2', bytes })
    }
  }

  private feed(director: Director, event: PairEvent): void {
    const [state, effects] = step(director.params, director.state, event, this.now)
    director.state = state
    if (!state.current && !state.offer) throw new Error('neither a session nor an offer')
    for (const effect of effects) {
      if (effect.type === 'transmit') this.transmit(otherOf(director.name), effect.datagram)
      if (effect.type === 'deliver') this.check(director, JSON.parse(Buffer.from(effect.message).toString()))
      if (effect.type === 'established') director.sessions++
      if (effect.type === 'discard') {
        director.discarded.set(effect.reason, (director.discarded.get(effect.reason) ?? 0) + 1)
      }
    }
  }

  /** What must be true of everything that is ever delivered. */
  private check(director: Director, told: Told): void {
    const what = `${director.name} life ${director.life} at ${this.now} got ${JSON.stringify(told)}`
    if (told.sender === director.name) throw new Error(`${what}: its own message`)
    if (director.delivered.has(told.id)) throw new Error(`${what}: a second time`)
    if (told.sentAt < director.lifeStart) throw new Error(`${what}: meant for an earlier life`)
    if (told.life < director.lastPeerLife) throw new Error(`${what}: from an earlier life of the peer`)
    director.delivered.add(told.id)
    director.lastPeerLife = told.life
  }
}

const arrival = (bytes: Uint8Array): PairEvent => ({ type: 'datagram', bytes, fromPeer: true })
