/** A LAN between hosts: latency, loss, duplication and reordering drawn from a seed; cables that can be cut. */
import { millis } from '../../src/base/units.js'
import type { SeededRandom } from './random.js'
import type { VirtualClock } from './virtual-clock.js'

export interface Weather {
  /** Milliseconds. */
  readonly latency: readonly [low: number, high: number]
  /** A later datagram with a smaller latency overtakes an earlier one; a switch that works does not do that. */
  readonly reorders: boolean
  readonly loss: number
  readonly duplication: number
}

export class Lan<T> {
  private readonly cuts = new Set<number>()
  /** By pair of hosts: when the last datagram arrives. */
  private readonly lastArrival = new Map<number, number>()

  /** When the last datagram that is under way arrives. */
  emptyAt = 0

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: SeededRandom,
    private readonly hosts: number,
    public weather: Weather,
    private readonly deliver: (to: number, message: T) => void,
  ) {}

  /** To every other host that the cables reach. */
  broadcast(from: number, message: T): void {
    for (let to = 0; to < this.hosts; to++) if (to !== from) this.send(from, to, message)
  }

  send(from: number, to: number, message: T): void {
    const { loss, duplication } = this.weather
    if (!this.reaches(from, to)) return
    if (!this.random.chance(loss)) this.carry(from, to, message)
    if (this.random.chance(duplication)) this.carry(from, to, message)
  }

  reaches(from: number, to: number): boolean {
    return !this.cuts.has(from * this.hosts + to)
  }

  /** One direction only: what `from` sends no longer arrives at `to`. */
  cut(from: number, to: number): void {
    this.cuts.add(from * this.hosts + to)
  }

  /** Every cable whole. */
  heal(): void {
    this.cuts.clear()
  }

  private carry(from: number, to: number, message: T): void {
    const { latency, reorders } = this.weather
    const pair = from * this.hosts + to
    const drawn = this.clock.now() + this.random.between(...latency)
    const arrival = reorders ? drawn : Math.max(drawn, this.lastArrival.get(pair) ?? 0)
    this.lastArrival.set(pair, arrival)
    if (arrival > this.emptyAt) this.emptyAt = arrival
    this.clock.at(millis(arrival), () => this.deliver(to, message))
  }
}
