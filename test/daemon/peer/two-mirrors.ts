/** Two directors' mirrors on a link that loses, delays and cuts, under one clock. */
import type { Health, ServerHealth } from '../../../src/base/facts.js'
import type { Log } from '../../../src/base/ports.js'
import { OpError } from '../../../src/base/result.js'
import { millis } from '../../../src/base/units.js'
import type { VirtualServiceConfig } from '../../../src/config/model.js'
import { HealthMemory } from '../../../src/daemon/health-memory.js'
import type { RememberedWord } from '../../../src/daemon/override-file.js'
import { PeerMirror } from '../../../src/daemon/peer/mirror.js'
import { serverOrder } from '../../../src/daemon/server-order.js'
import { ServerOverrides } from '../../../src/daemon/server-overrides.js'
import { VirtualClock } from '../../sim/virtual-clock.js'

export type Services = readonly VirtualServiceConfig[]

/** Deterministic, from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export class Link {
  loss = 0
  cut = false
  sent = 0
  bytes = 0

  constructor(
    private readonly clock: VirtualClock,
    private readonly chance: () => number,
  ) {}

  carry(message: Uint8Array, receive: (message: Uint8Array) => void): void {
    this.sent++
    this.bytes += message.length
    if (this.cut || this.chance() < this.loss) return
    const copy = new Uint8Array(message)
    const delay = this.loss === 0 ? 1 : 1 + this.chance() * 150
    this.clock.at(millis(this.clock.now() + delay), () => {
      if (!this.cut) receive(copy)
    })
  }
}

export class Side {
  readonly lines: string[] = []
  mirror: PeerMirror | undefined
  overrides: ServerOverrides
  health: HealthMemory
  overridden = 0
  hash = '1111111111111111'
  diskFull = false
  /** Milliseconds that its date is wrong. */
  skew = 0
  private file: readonly RememberedWord[] = []
  private readonly log: Log
  peer: Side | undefined

  constructor(
    readonly name: string,
    readonly clock: VirtualClock,
    readonly link: Link,
    private readonly chance: () => number,
    public services: Services,
  ) {
    const note = (line: string) => void this.lines.push(line)
    this.log = { error: note, warn: note, info: note, debug: () => {} }
    this.overrides = this.remembered()
    this.health = new HealthMemory(clock)
  }

  start(): void {
    this.overrides = this.remembered()
    this.health = new HealthMemory(this.clock)
    const mirror = new PeerMirror(
      {
        clock: this.clock,
        log: this.log,
        random: (length) => Uint8Array.from({ length }, () => 1 + Math.floor(this.chance() * 255)),
        send: (message) => this.link.carry(message, (each) => this.peer?.mirror?.receive(each)),
      },
      {
        peerName: this.peer?.name ?? '',
        health: this.health,
        overrides: this.overrides,
        configHash: () => this.hash,
        services: () => this.services,
        overridden: () => {
          this.overridden++
        },
        peerChanged: () => {},
      },
    )
    this.mirror = mirror
    mirror.start()
  }

  stop(): void {
    this.mirror?.stop()
    this.mirror = undefined
  }

  /** The runtime directory is gone. */
  boot(): void {
    this.stop()
    this.file = []
    this.start()
  }

  order(service: string, server: string, action: string, weight?: number) {
    const order = serverOrder([service, server], { action, weight })
    const wall = this.clock.wall() + this.skew
    this.overrides.order(order, this.services, { now: this.clock.now(), wall })
    return this.mirror?.ordered(order)
  }

  judge(service: string, server: string, health: Health, reason = `${health} for ${this.name}`): void {
    const fact: ServerHealth = { service, server, health, reason, since: 0 }
    this.health.learn(fact)
    this.mirror?.healthChanged([fact])
  }

  reload(services: Services, hash: string): void {
    const before = this.services
    this.services = services
    this.hash = hash
    const kept = new Set(services)
    this.health.forgetRemoved(
      before,
      services,
      services.filter((one) => !before.includes(one) && kept.has(one)),
    )
    this.mirror?.reloaded(before)
  }

  /** What stands, and where it was said. */
  get standing(): readonly string[] {
    return this.overrides.all
      .map(
        ({ service, server, action, weight }) =>
          `${service}/${server} ${action}${weight === undefined ? '' : ` ${weight}`} at ${this.overrides.saidAt(service, server)}`,
      )
      .sort()
  }

  private remembered(): ServerOverrides {
    const file = {
      read: () => this.file,
      write: (words: readonly RememberedWord[]) => {
        if (this.diskFull) throw new OpError('write', 'servers.json', 'ENOSPC')
        this.file = words
      },
    }
    return new ServerOverrides(file, this.log, this.name, this.clock.now())
  }
}

export function twoMirrors(services: Services, seed = 1) {
  const chance = seeded(seed)
  const clock = new VirtualClock(1000)
  const link = new Link(clock, chance)
  const lb1 = new Side('lb1', clock, link, chance, services)
  const lb2 = new Side('lb2', clock, link, chance, services)
  lb1.peer = lb2
  lb2.peer = lb1
  return { clock, link, lb1, lb2, chance }
}
