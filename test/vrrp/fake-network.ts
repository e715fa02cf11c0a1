/** Hosts with interfaces, leased addresses, raw and packet sockets and a pair link, on one LAN and one virtual clock. */
import { formatIp, formatPrefix, type IpAddress, type IpPrefix, parsePrefix } from '../../src/base/ip.js'
import type {
  AddressState,
  Clock,
  InterfaceState,
  Links,
  Log,
  RawPacket,
  RawSocketOptions,
  RouteSpec,
  Routing,
  RuleSpec,
  Timer,
} from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import type { Millis } from '../../src/base/units.js'
import type { PairLink } from '../../src/pair/link.js'
import { decodeGratuitousArp } from '../../src/vrrp/gratuitous-arp.js'
import { decodeNeighbourAdvertisement } from '../../src/vrrp/neighbour-advertisement.js'
import type { VrrpPorts } from '../../src/vrrp/runtime.js'
import { Lan } from '../sim/lan.js'
import { SeededRandom } from '../sim/random.js'
import { VirtualClock } from '../sim/virtual-clock.js'

type Frame =
  | { readonly kind: 'raw'; readonly packet: RawPacket }
  | { readonly kind: 'pair'; readonly payload: Uint8Array }

export class FakeNetwork {
  readonly clock = new VirtualClock(1_000)
  readonly hosts: FakeHost[] = []
  readonly lan: Lan<Frame>
  /** Frames of this kind do not arrive. */
  loses: Frame['kind'] | undefined
  /** Every gratuitous ARP as `lb1 10.0.0.100`. */
  readonly announced: string[] = []
  /** Every question for a neighbour as `lb1 asks for 10.0.0.12`. */
  readonly asked: string[] = []

  constructor(count = 2) {
    const calm = { latency: [0.1, 0.3] as const, reorders: false, loss: 0, duplication: 0 }
    this.lan = new Lan(this.clock, new SeededRandom(1), count, calm, (to, frame) =>
      this.hosts[to]?.arrive(frame),
    )
    for (let id = 0; id < count; id++) this.hosts.push(new FakeHost(this, id))
  }

  /** Lets time pass in small steps, and promises settle in between. */
  async run(span: number): Promise<void> {
    const end = this.clock.now() + span
    while (this.clock.now() < end) {
      this.clock.runUntil(Math.min(this.clock.now() + 20, end))
      await settled()
    }
  }
}

/** Everything that waits on resolved promises has run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class FakeHost implements Links {
  readonly name: string
  readonly interface = { name: 'eth0', index: 2, up: true, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), mtu: 1500 }
  interfaces: InterfaceState[] = [this.interface]
  readonly lines: string[] = []
  /** What arrives while it is true waits, and timers of this host are late: a stalled event loop. */
  stalled = false
  /** Set: the kernel answers every claim with it. */
  refuses: string | undefined
  /** Set: raw sockets cannot be opened. */
  closed: string | undefined
  dead = false
  /** Of a suspended machine: since when. */
  private asleepSince: number | undefined
  /** What its pair link says of the peer; undefined: never heard. */
  peerSilentSeconds: number | undefined = 0
  /** Addresses that were on its interfaces before. */
  left: AddressState[] = []
  timersSet = 0
  /** Everything that was added or removed, in its order: `+address 10.0.0.100/24`. */
  readonly did: string[] = []
  readonly routing = new FakeRouting(this)
  private readonly leases = new Map<string, { readonly index: number; readonly until: number }>()
  private readonly watchers = new Set<(overflow: boolean) => void>()
  private readonly raws = new Set<RawSocketOptions>()
  private onPair: ((payload: Uint8Array) => void) | undefined
  private readonly input: Frame[] = []
  private readonly late: (() => void)[] = []

  constructor(
    private readonly network: FakeNetwork,
    readonly id: number,
  ) {
    this.name = `lb${id + 1}`
  }

  /** Virtual addresses that the kernel holds now. */
  get held(): string[] {
    return [...this.leases].flatMap(([text, { until }]) => (this.network.clock.now() < until ? [text] : []))
  }

  /** Somebody takes a virtual address off its interface. */
  takeAway(text: string): void {
    this.leases.delete(text)
    for (const watcher of this.watchers) watcher(false)
  }

  setInterfaces(interfaces: InterfaceState[]): void {
    this.interfaces = interfaces
    for (const watcher of this.watchers) watcher(false)
  }

  arrive(frame: Frame): void {
    if (this.dead || this.asleepSince !== undefined || this.network.loses === frame.kind) return
    if (this.stalled) this.input.push(frame)
    else this.deliver(frame)
  }

  /** As Node does it: timers before the datagrams that wait. */
  wake(): void {
    this.stalled = false
    for (const run of this.late.splice(0)) run()
    for (const frame of this.input.splice(0)) this.deliver(frame)
  }

  /** The machine is suspended: nothing is received, no timer runs, no lease goes by. */
  suspend(): void {
    this.stalled = true
    this.asleepSince = this.network.clock.now()
  }

  resume(): void {
    const slept = this.network.clock.now() - (this.asleepSince ?? this.network.clock.now())
    this.asleepSince = undefined
    for (const [text, { index, until }] of this.leases) this.leases.set(text, { index, until: until + slept })
    this.wake()
  }

  /** Hands a packet to the raw socket as if it had come from the LAN. */
  inject(packet: RawPacket): void {
    for (const raw of [...this.raws]) if (raw.source.family === packet.source.family) raw.onPacket(packet)
  }

  injectPair(payload: Uint8Array): void {
    this.onPair?.(payload)
  }

  private deliver(frame: Frame): void {
    if (frame.kind === 'raw') this.inject(frame.packet)
    else this.onPair?.(frame.payload)
  }

  ports(): VrrpPorts {
    return {
      clock: this.clock(),
      log: this.log(),
      links: this,
      routing: this.routing,
      openRaw: (options) => {
        if (this.closed !== undefined) throw new OpError('socket', 'raw 112', this.closed)
        this.raws.add(options)
        return {
          send: (payload, destination, source = options.source) => {
            if (this.dead) return
            const packet = { payload, destination, source, ttl: 255 }
            this.network.lan.broadcast(this.id, { kind: 'raw', packet })
          },
          close: () => {
            this.raws.delete(options)
          },
        }
      },
      openPacket: () => ({
        send: (frame) => {
          const arp = decodeGratuitousArp(frame)
          if (!arp.ok && arp.error === 'not_gratuitous') {
            const target = formatIp({ family: 4, bytes: frame.slice(38, 42) })
            this.network.asked.push(`${this.name} asks for ${target}`)
            return
          }
          const announced = arp.ok ? arp : decodeNeighbourAdvertisement(frame)
          if (!announced.ok) throw new Error(announced.error)
          this.network.announced.push(`${this.name} ${formatIp(announced.value.address)}`)
        },
        close: () => {},
      }),
      openPairLink: (onMessage) => this.pairLink(onMessage),
    }
  }

  private pairLink(onMessage: (payload: Uint8Array) => void): PairLink {
    this.onPair = onMessage
    return {
      send: (payload) => {
        if (!this.dead) this.network.lan.broadcast(this.id, { kind: 'pair', payload })
        return true
      },
      status: () => ({
        reachable: true,
        lastSeenSeconds: this.peerSilentSeconds,
        keyMatches: true,
        discarded: {},
      }),
      close: () => {
        this.onPair = undefined
      },
    }
  }

  private clock(): Clock {
    const { clock } = this.network
    const unlessDead = (run: () => void) => () => {
      if (this.dead) return
      if (this.stalled) this.late.push(run)
      else run()
    }
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      at: (deadline: Millis, run: () => void): Timer => {
        this.timersSet++
        return clock.at(deadline, unlessDead(run))
      },
      afterPendingInput: (run) => clock.afterPendingInput(unlessDead(run)),
    }
  }

  private log(): Log {
    const line = (level: string) => (message: string) => {
      this.lines.push(`${level} ${message}`)
    }
    return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
  }

  /* Links. */

  async read() {
    const own = this.interfaces.map(({ index }, i) => ({
      interfaceIndex: index,
      prefix: {
        address: { family: 4, bytes: Uint8Array.of(10, i, 0, 11 + this.id) } as const,
        length: 24,
      },
    }))
    const linkLocal = this.interfaces.map(({ index }) => ({
      interfaceIndex: index,
      prefix: { address: this.linkLocal, length: 64 },
    }))
    const virtual = this.held.flatMap((text): AddressState[] => {
      const prefix = parsePrefix(text)
      const known = this.left.some((entry) => formatPrefix(entry.prefix) === text)
      return prefix && !known
        ? [{ interfaceIndex: this.leases.get(text)?.index ?? 0, prefix, validSeconds: 1 }]
        : []
    })
    return { interfaces: this.interfaces, addresses: [...own, ...linkLocal, ...virtual, ...this.left] }
  }

  private get linkLocal(): IpAddress {
    const bytes = new Uint8Array(16)
    bytes.set([0xfe, 0x80])
    bytes[15] = 11 + this.id
    return { family: 6, bytes }
  }

  get address(): IpAddress {
    return { family: 4, bytes: Uint8Array.of(10, 0, 0, 11 + this.id) }
  }

  claim(
    index: number,
    prefix: IpPrefix,
    lease: Millis | undefined,
    done: (error: Error | undefined) => void,
  ): void {
    this.did.push(`+address ${formatPrefix(prefix)}`)
    const { refuses } = this
    if (refuses === undefined) {
      const until = lease === undefined ? Number.POSITIVE_INFINITY : this.network.clock.now() + lease
      this.leases.set(formatPrefix(prefix), { index, until })
    }
    const error = refuses === undefined ? undefined : new OpError('netlink', 'newaddr', refuses)
    this.network.clock.afterPendingInput(() => done(error))
  }

  release(_index: number, prefix: IpPrefix, done: (error: Error | undefined) => void): void {
    this.did.push(`-address ${formatPrefix(prefix)}`)
    this.leases.delete(formatPrefix(prefix))
    this.network.clock.afterPendingInput(() => done(undefined))
  }

  later(run: () => void): void {
    this.network.clock.afterPendingInput(run)
  }

  watch(onChange: (overflow: boolean) => void): { close(): void } {
    this.watchers.add(onChange)
    return { close: () => this.watchers.delete(onChange) }
  }

  close(): void {}
}

/** Routes and rules of one host, by what is told of them. */
class FakeRouting implements Routing {
  /** Set: the kernel answers every route with it. */
  refuses: string | undefined
  readonly held = new Set<string>()

  constructor(private readonly host: FakeHost) {}

  addRoute(route: RouteSpec, _lease: Millis | undefined, done: Done): void {
    if (this.refuses === undefined) this.change('+', textOfRoute(route), done)
    else this.host.later(() => done(new OpError('addRoute', formatPrefix(route.to), this.refuses ?? '')))
  }

  removeRoute(route: RouteSpec, done: Done): void {
    this.change('-', textOfRoute(route), done)
  }

  addRule(rule: RuleSpec, done: Done): void {
    this.change('+', `rule ${rule.priority}`, done)
  }

  removeRule(rule: RuleSpec, done: Done): void {
    this.change('-', `rule ${rule.priority}`, done)
  }

  async readOwn() {
    return { routes: [], rules: [] }
  }

  close(): void {}

  private change(sign: '+' | '-', text: string, done: Done): void {
    this.host.did.push(`${sign}${text}`)
    if (sign === '+') this.held.add(text)
    else this.held.delete(text)
    this.host.later(() => done(undefined))
  }
}

type Done = (error: Error | undefined) => void

const textOfRoute = ({ to, via }: RouteSpec): string =>
  `route ${formatPrefix(to)}${via ? ` via ${formatIp(via)}` : ''}`
