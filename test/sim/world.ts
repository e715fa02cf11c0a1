/** Directors on one LAN with a client that believes the last ARP it heard. */
import { ipFromBytes } from '../../src/base/ip.js'
import type { Priority } from '../../src/base/units.js'
import type { Effect, Event, RouterParams } from '../../src/vrrp/state.js'
import { type Advert, SimDirector, type Surroundings, type Transition } from './director.js'
import { Lan, type Weather } from './lan.js'
import type { SeededRandom } from './random.js'
import type { SimStep } from './sim-step.js'
import { VirtualClock } from './virtual-clock.js'

export interface WorldOptions {
  readonly random: SeededRandom
  readonly step: SimStep
  readonly params: readonly RouterParams[]
  readonly calm: Weather
  /** Gets every line of what happens, advertisements too. */
  readonly follow?: ((line: string) => void) | undefined
}

export interface Watcher {
  stepped(
    director: SimDirector,
    event: Event,
    effects: readonly Effect[],
    transitions: readonly Transition[],
  ): void
}

export class World implements Surroundings {
  readonly clock = new VirtualClock()
  readonly directors: readonly SimDirector[]
  readonly lan: Lan<Advert>
  /** Since when every cable is whole, the weather calm and nothing from before is under way; undefined: not now. */
  calmSince: number | undefined = 0
  /** Some directors run with another file than others: a rolling reload. */
  filesDiffer = false
  /** The director at which the client's ARP entry points. */
  arpOwner: number | undefined
  /** The last lines of what happened, for a failing seed. */
  readonly trace: string[] = []
  private watcher: Watcher | undefined
  private readonly clientCut = new Set<number>()

  constructor(private readonly options: WorldOptions) {
    const { random, params, step, calm } = options
    this.directors = params.map((own, id) => new SimDirector(id, own, this.clock, random, this, step))
    this.lan = new Lan(this.clock, random, params.length, calm, (to, advert) =>
      this.directors[to]?.arrive(advert),
    )
  }

  watch(watcher: Watcher): void {
    this.watcher = watcher
  }

  send(director: SimDirector, priority: Priority): void {
    const { source, advertisementInterval } = director.params
    if (!director.link) return
    this.lan.broadcast(director.id, { from: director.id, source, priority, interval: advertisementInterval })
  }

  announce(director: SimDirector): void {
    if (director.link && !this.clientCut.has(director.id)) this.arpOwner = director.id
  }

  stepped(
    director: SimDirector,
    event: Event,
    effects: readonly Effect[],
    transitions: readonly Transition[],
  ): void {
    for (const { from, to, reason } of transitions) this.note(`${director.name}: ${from} -> ${to}, ${reason}`)
    if (this.options.follow)
      this.tell(
        `${director.name} (${director.state.name}) ${describe(event)}: ${effects.map(describe).join(', ')}`,
      )
    this.watcher?.stepped(director, event, effects, transitions)
  }

  /** The client asks; every kernel that holds the address answers, and one answer comes last. */
  clientAsks(): void {
    const holders = this.directors.filter(
      ({ id, kernel, link }) => kernel.holds && link && !this.clientCut.has(id),
    )
    const [first, ...others] = holders
    if (first) this.arpOwner = this.options.random.pick([first, ...others]).id
  }

  storm(weather: Weather): void {
    this.calmSince = undefined
    this.lan.weather = weather
  }

  /** Both directions between one director and all others, and between it and the client. */
  unplug(id: number): void {
    this.calmSince = undefined
    this.clientCut.add(id)
    for (const other of this.directors) {
      if (other.id === id) continue
      this.lan.cut(id, other.id)
      this.lan.cut(other.id, id)
    }
  }

  cut(from: number, to: number): void {
    this.calmSince = undefined
    this.lan.cut(from, to)
  }

  calmDown(): void {
    this.lan.weather = this.options.calm
    this.lan.heal()
    this.clientCut.clear()
    this.calmSince = Math.max(this.clock.now(), this.lan.emptyAt)
  }

  /** The longest that a datagram takes in calm weather. */
  get calmLatency(): number {
    return this.options.calm.latency[1]
  }

  note(text: string): void {
    this.trace.push(`${this.moment()}  ${text}`)
    if (this.trace.length > 60) this.trace.shift()
    this.tell(text)
  }

  private tell(text: string): void {
    this.options.follow?.(`${this.moment()}  ${text}`)
  }

  private moment(): string {
    return `${(this.clock.now() / 1000).toFixed(4)} s`
  }
}

function describe(what: Event | Effect): string {
  const sender = what.type === 'advertisementReceived' ? ` of ${what.sender}` : ''
  return 'priority' in what ? `${what.type}${sender} ${what.priority}` : what.type
}

/** 10.0.0.11, 10.0.0.12 … */
export const addressOf = (id: number) => {
  const address = ipFromBytes(Uint8Array.of(10, 0, 0, 11 + id))
  if (!address) throw new Error('four bytes are an address')
  return address
}
