/** Two machines with a LAN segment a network, two paths between them for the pair link, and a client. */
import { formatIp } from '../../../src/base/ip.js'
import type { RawPacket } from '../../../src/base/ports.js'
import type { Millis } from '../../../src/base/units.js'
import type { RouterState, VrrpFact } from '../../../src/vrrp/status.js'
import { Lan, type Weather } from '../lan.js'
import type { SeededRandom } from '../random.js'
import { VirtualClock } from '../virtual-clock.js'
import type { PairFile } from './pair-file.js'
import { SimHost } from './sim-host.js'

export type RoleChanged = Extract<VrrpFact, { type: 'roleChanged' }>

interface PairFrame {
  readonly payload: Uint8Array
  /** Counts the frames of a sender: of two copies over two paths one is handed over. */
  readonly number: number
}

export interface PairWatcher {
  stepped(host: SimHost): void
  roleChanged(host: SimHost, change: RoleChanged, before: number): void
  claimed(host: SimHost, address: string, lease: Millis | undefined): void
}

export interface PairWorldOptions {
  readonly random: SeededRandom
  readonly calm: Weather
  readonly file: PairFile
  /** Gets every line of what happens. */
  readonly follow?: ((line: string) => void) | undefined
}

/** What a test lets happen to a message of the pair link; the default carries it. */
export type Meddler = (from: SimHost, payload: Uint8Array, carry: () => void) => void

export class PairWorld {
  readonly clock = new VirtualClock()
  readonly hosts: readonly [SimHost, SimHost]
  readonly segments: Readonly<Record<'eth0' | 'eth1', Lan<RawPacket>>>
  readonly paths: readonly [Lan<PairFrame>, Lan<PairFrame>]
  readonly trace: string[] = []
  /** By address without its length: at which host the client's ARP entry points. */
  readonly arpOwner = new Map<string, number>()
  /** Counts everything that may disturb. */
  troubles = 0
  /** Events, as handled by processes. */
  steps = 0
  meddler: Meddler | undefined
  private meddledAt = Number.NEGATIVE_INFINITY
  /** Counts reloads, so that one that is half done can be called off. */
  reloads = 0
  /** Since when all is whole and calm, by medium; undefined: not now. */
  private readonly since: Record<'eth0' | 'eth1' | 'pair', number | undefined> = { eth0: 0, eth1: 0, pair: 0 }
  private watcher: PairWatcher | undefined
  private readonly promises = new Map<SimHost, number>()
  private unsettledTurn = false
  private readonly numbers = [0, 0]
  private readonly seen: [Set<number>, Set<number>] = [new Set(), new Set()]

  constructor(private readonly options: PairWorldOptions) {
    const { random, calm, file } = options
    const { clock } = this
    const segment = (name: 'eth0' | 'eth1') =>
      new Lan<RawPacket>(clock, random, 2, calm, (to, packet) => {
        const host = this.host(to)
        if (host.up(name)) host.process?.rawArrives(name, packet)
      })
    this.segments = { eth0: segment('eth0'), eth1: segment('eth1') }
    const path = () =>
      new Lan<PairFrame>(clock, random, 2, calm, (to, { payload, number }) => {
        const seen = this.seen[to === 0 ? 0 : 1]
        if (seen.has(number)) return
        seen.add(number)
        if (seen.size > 200) for (const old of [...seen].slice(0, 100)) seen.delete(old)
        this.host(to).process?.pairArrives(payload)
      })
    this.paths = [path(), path()]
    this.hosts = [new SimHost(0, file, clock, random, this), new SimHost(1, file, clock, random, this)]
  }

  watch(watcher: PairWatcher): void {
    this.watcher = watcher
  }

  host(id: number): SimHost {
    return this.hosts[id === 0 ? 0 : 1]
  }

  /* Time. */

  /** Lets time pass. What processes promised is kept before the next event. */
  async run(span: number): Promise<void> {
    const end = this.clock.now() + span
    do {
      if (this.unsettledTurn || this.promises.size > 0) await this.settle()
    } while (this.clock.runNext(end))
  }

  private async settle(): Promise<void> {
    this.unsettledTurn = false
    await new Promise((resolve) => setImmediate(resolve))
    for (const host of this.hosts) if (host.running) this.stepped(host)
  }

  unsettled(): void {
    this.unsettledTurn = true
  }

  /** Something of this host's process is under way. */
  promised(host: SimHost, promise: Promise<unknown>): void {
    this.promises.set(host, (this.promises.get(host) ?? 0) + 1)
    const { process } = host
    void promise.then(() => {
      if (host.process === process || host.process === undefined) this.kept(host)
    })
  }

  private kept(host: SimHost): void {
    const left = (this.promises.get(host) ?? 0) - 1
    if (left > 0) this.promises.set(host, left)
    else this.promises.delete(host)
  }

  /** Its process died with everything that it had promised. */
  abandoned(host: SimHost): void {
    this.promises.delete(host)
  }

  /* What processes do. */

  sendRaw(host: SimHost, interfaceName: string, packet: RawPacket): void {
    if (interfaceName !== 'eth0' && interfaceName !== 'eth1') return
    if (host.up(interfaceName)) this.segments[interfaceName].broadcast(host.id, packet)
  }

  sendPair(host: SimHost, payload: Uint8Array): void {
    const carry = (): void => {
      const side = host.id === 0 ? 0 : 1
      const number = (this.numbers[side] ?? 0) + 1
      this.numbers[side] = number
      for (const path of this.paths) path.broadcast(host.id, { payload, number })
    }
    if (this.meddler) this.meddler(host, payload, carry)
    else carry()
  }

  announced(host: SimHost, bytes: Uint8Array): void {
    const segment = bytes[1] === 1 ? 'eth1' : 'eth0'
    if (!host.up(segment) || !this.segments[segment].reaches(host.id, 1 - host.id)) return
    this.arpOwner.set(formatIp({ family: 4, bytes }), host.id)
  }

  claimed(host: SimHost, address: string, lease: Millis | undefined): void {
    this.watcher?.claimed(host, address, lease)
  }

  roleChanged(host: SimHost, change: RoleChanged, before: number): void {
    this.note(`${host.name}: ${change.router} ${change.from} -> ${change.to}, ${change.reason}`)
    this.watcher?.roleChanged(host, change, before)
  }

  stepped(host: SimHost): void {
    this.steps++
    this.watcher?.stepped(host)
  }

  /* Weather. */

  storm(weather: Weather, media: readonly ('eth0' | 'eth1' | 'pair')[]): void {
    this.troubles++
    for (const medium of media) {
      this.since[medium] = undefined
      for (const lan of this.lansOf(medium)) lan.weather = weather
    }
  }

  cutSegment(name: 'eth0' | 'eth1', from: number): void {
    this.troubles++
    this.since[name] = undefined
    this.segments[name].cut(from, 1 - from)
  }

  /** One path of two is no trouble for what goes over the link. */
  cutPath(path: 0 | 1, from: number): void {
    this.troubles++
    this.paths[path].cut(from, 1 - from)
    const [first, second] = this.paths
    const whole = [first, second].some((lan) => lan.reaches(0, 1) && lan.reaches(1, 0))
    if (!whole) this.since.pair = undefined
  }

  calmDown(): void {
    if (this.meddler || this.since.pair === undefined) this.meddledAt = this.clock.now()
    this.meddler = undefined
    for (const medium of ['eth0', 'eth1', 'pair'] as const) {
      let emptyAt: number = this.clock.now()
      const whole = this.since[medium] !== undefined
      for (const lan of this.lansOf(medium)) {
        lan.weather = this.options.calm
        lan.heal()
        emptyAt = Math.max(emptyAt, lan.emptyAt)
      }
      if (!whole) this.since[medium] = emptyAt
    }
  }

  /** Infinite while it is not. */
  wholeSince(medium: 'eth0' | 'eth1' | 'pair'): number {
    return this.since[medium] ?? Number.POSITIVE_INFINITY
  }

  /** Since when every message of the pair link arrives: now, when they do not. */
  get pairSince(): number {
    if (this.meddler || this.since.pair === undefined) this.meddledAt = this.clock.now()
    return this.meddledAt
  }

  get calmLatency(): number {
    return this.options.calm.latency[1]
  }

  private lansOf(medium: 'eth0' | 'eth1' | 'pair'): readonly (Lan<PairFrame> | Lan<RawPacket>)[] {
    return medium === 'pair' ? this.paths : [this.segments[medium]]
  }

  /* For people. */

  note(text: string): void {
    const line = `${(this.clock.now() / 1000).toFixed(4)} s  ${text}`
    this.trace.push(line)
    if (this.trace.length > 80) this.trace.shift()
    this.options.follow?.(line)
  }

  roles(): readonly (readonly [SimHost, ReadonlyMap<string, RouterState>])[] {
    return this.hosts.map((host) => [host, host.roles])
  }
}
