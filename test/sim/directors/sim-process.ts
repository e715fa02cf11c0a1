/**
 * One life of a director's vrrp process: the shipping runtime over ports of the simulated world. It can
 * stall and die; it wakes as Node does, timers before what waited in its sockets.
 */
import { formatPrefix, type IpPrefix, parsePrefix } from '../../../src/base/ip.js'
import type {
  Clock,
  Links,
  Log,
  PacketSocket,
  RawPacket,
  RawSocket,
  RawSocketOptions,
  Routing,
  Timer,
} from '../../../src/base/ports.js'
import { type Millis, millis } from '../../../src/base/units.js'
import type { PairLink } from '../../../src/pair/link.js'
import { type DirectorPorts, startDirector, type VrrpDirector } from '../../../src/vrrp/director/runtime.js'
import { decodeGratuitousArp } from '../../../src/vrrp/gratuitous-arp.js'
import type { VrrpSetting } from '../../../src/vrrp/setting.js'
import type { VrrpFact } from '../../../src/vrrp/status.js'
import { Violation } from '../invariants.js'
import type { SimHost } from './sim-host.js'

/** What the process does to the world around its host. */
export interface ProcessSurroundings {
  sendRaw(interfaceName: string, packet: RawPacket): void
  sendPair(payload: Uint8Array): void
  announced(address: Uint8Array): void
  fact(fact: VrrpFact): void
  /** After each turn in which the process ran. */
  stepped(): void
  /** A promise was made that is kept in the next turn. */
  unsettled(): void
}

/** As `net.core.rmem_default` bounds what waits for a stalled process. */
const socketRoom = 250
const timerLateness = 1.2
const kernelTakes = 0.3
/** As the pair link counts it: `src/pair/session.ts`. */
const reachableFor = 3_000

export class SimProcess implements Links {
  state: 'running' | 'stalled' | 'dead' = 'running'
  /** Since when it has been running without a stall. */
  awakeSince: number
  readonly startedAt: number
  /** The longest of its routers' when it started. */
  readonly firstInterval: number
  readonly director: VrrpDirector
  /** Within this turn it advertised or announced as an owner of the address does. */
  spoke = false
  /** Its kernel held an address of the file when this turn began. */
  ownedBefore = false
  private peerHeardAt = Number.NEGATIVE_INFINITY
  private readonly late: (() => void)[] = []
  private readonly input: (() => void)[] = []
  private readonly raws = new Set<RawSocketOptions>()
  private readonly watchers = new Set<(overflow: boolean) => void>()
  private onPair: ((payload: Uint8Array) => void) | undefined

  constructor(
    private readonly host: SimHost,
    private readonly surroundings: ProcessSurroundings,
    setting: VrrpSetting,
  ) {
    this.awakeSince = host.clock.now()
    this.startedAt = this.awakeSince
    this.firstInterval = host.file.interval
    this.director = startDirector(this.ports(), setting, (fact) => {
      if (this.state !== 'dead') surroundings.fact(fact)
    })
  }

  /** Runs `run` in the process now, or when it wakes. */
  enter(run: () => void): void {
    if (this.state === 'dead') return
    if (this.state === 'stalled') {
      if (this.input.length < socketRoom) this.input.push(run)
      return
    }
    this.ownedBefore = this.host.ownsSomething
    try {
      run()
    } catch (error) {
      if (error instanceof Violation) throw error
      throw new Violation('a process does not crash', error instanceof Error ? error.message : String(error))
    }
    this.surroundings.stepped()
    this.spoke = false
  }

  die(): void {
    this.state = 'dead'
  }

  stall(): void {
    if (this.state === 'running') this.state = 'stalled'
  }

  wake(): void {
    if (this.state !== 'stalled') return
    this.state = 'running'
    this.awakeSince = this.host.clock.now()
    for (const run of [...this.late.splice(0), ...this.input.splice(0)]) this.enter(run)
  }

  /* What arrives. */

  rawArrives(interfaceName: string, packet: RawPacket): void {
    this.enter(() => {
      for (const raw of this.raws) if (raw.interfaceName === interfaceName) raw.onPacket(packet)
    })
  }

  pairArrives(payload: Uint8Array): void {
    this.enter(() => {
      this.peerHeardAt = this.host.clock.now()
      this.onPair?.(payload)
    })
  }

  linksChanged(): void {
    this.enter(() => {
      for (const watcher of [...this.watchers]) watcher(false)
    })
  }

  /* What the process uses. */

  private ports(): DirectorPorts {
    return {
      clock: this.clock(),
      log: silent,
      links: this,
      routing: noRouting,
      openRaw: (options) => this.openRaw(options),
      openPacket: () => this.openPacket(),
      openFrames: undefined,
      openPairLink: (onMessage) => this.openPair(onMessage),
    }
  }

  private clock(): Clock {
    const { clock, host, random } = this.host
    return {
      now: () => host.now(),
      wall: () => host.wall(),
      at: (deadline: Millis, run: () => void): Timer => {
        const delay = Math.max(host.until(deadline), 0) + random.between(0, timerLateness)
        let cancelled = false
        const timer = clock.at(millis(clock.now() + delay), () => {
          if (this.state === 'stalled')
            this.late.push(() => {
              if (!cancelled) run()
            })
          else this.enter(run)
        })
        return {
          cancel: () => {
            cancelled = true
            timer.cancel()
          },
        }
      },
      afterPendingInput: (run) => {
        clock.at(clock.now(), () => this.enter(run))
      },
    }
  }

  private openRaw(options: RawSocketOptions): RawSocket {
    this.raws.add(options)
    return {
      send: (payload, destination, source = options.source) => {
        if (this.state === 'dead') return
        if (payload[priorityAt] !== 0) this.spoke = true
        this.surroundings.sendRaw(options.interfaceName, { payload, destination, source, ttl: 255 })
      },
      close: () => {
        this.raws.delete(options)
      },
    }
  }

  private openPacket(): PacketSocket {
    return {
      send: (frame) => {
        const announced = decodeGratuitousArp(frame)
        // A question for a neighbour announces nothing.
        if (!announced.ok && announced.error === 'not_gratuitous') return
        if (!announced.ok) throw new Error(announced.error)
        this.spoke = true
        this.surroundings.announced(announced.value.address.bytes)
      },
      close: () => {},
    }
  }

  private openPair(onMessage: (payload: Uint8Array) => void): PairLink {
    this.onPair = onMessage
    return {
      send: (payload) => {
        if (this.state !== 'dead') this.surroundings.sendPair(payload)
        return true
      },
      status: () => {
        const silence = this.host.clock.now() - this.peerHeardAt
        return {
          reachable: silence < reachableFor,
          lastSeenSeconds: Number.isFinite(silence) ? silence / 1_000 : undefined,
          keyMatches: true,
          discarded: {},
        }
      },
      close: () => {
        this.onPair = undefined
      },
    }
  }

  /* Links. */

  read() {
    this.surroundings.unsettled()
    const { interfaces, kernel } = this.host
    const virtual = kernel.entries().flatMap(([text, interfaceIndex]) => {
      const prefix = parsePrefix(text)
      return prefix ? [{ interfaceIndex, prefix }] : []
    })
    return Promise.resolve({ interfaces, addresses: [...this.host.ownAddresses, ...virtual] })
  }

  claim(
    interfaceIndex: number,
    prefix: IpPrefix,
    lease: Millis | undefined,
    done: (error: Error | undefined) => void,
  ): void {
    if (this.state === 'dead') return
    this.host.claim(interfaceIndex, formatPrefix(prefix), lease)
    this.confirm(done)
  }

  release(_interfaceIndex: number, prefix: IpPrefix, done: (error: Error | undefined) => void): void {
    if (this.state === 'dead') return
    this.host.kernel.release(formatPrefix(prefix))
    this.confirm(done)
  }

  private confirm(done: (error: Error | undefined) => void): void {
    const { clock, random } = this.host
    clock.at(millis(clock.now() + random.between(0.05, kernelTakes)), () => this.enter(() => done(undefined)))
  }

  watch(onChange: (overflow: boolean) => void): { close(): void } {
    this.watchers.add(onChange)
    return { close: () => this.watchers.delete(onChange) }
  }

  close(): void {}
}

/** RFC 9568 section 5.2. */
const priorityAt = 2

const ignore = (): void => {}
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }

const unused = (): never => {
  throw new Error('the simulated files have no routes and no rules')
}
const noRouting: Routing = {
  addRoute: unused,
  removeRoute: unused,
  addRule: unused,
  removeRule: unused,
  readOwn: async () => ({ routes: [], rules: [] }),
  close: () => {},
}
