/** This director and its peer: each knows how the other sees the servers, and both what operators said of them. */
import type { ServerHealth } from '../../base/facts.js'
import type { Clock, Log, Random, Timer } from '../../base/ports.js'
import type { PeerViewStatus } from '../../base/status.js'
import { after, millis } from '../../base/units.js'
import type { VirtualServiceConfig } from '../../config/model.js'
import { healthKey } from '../health-key.js'
import type { HealthMemory } from '../health-memory.js'
import type { ServerOrder, ServerOverrides } from '../server-overrides.js'
import { type Disagreement, disagreements, disagreementTexts } from './disagreements.js'
import { PeerExchange } from './exchange.js'
import type { OperatorWord } from './operator-word.js'
import { PeerServers, type PeerVerdict } from './view.js'

/** Whether the peer has an order as well. */
export interface OrderTold {
  readonly name: string
  readonly has: boolean
  /** One line. */
  readonly text: string
}

export interface MirrorPorts {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  /** To the peer's mirror; may be lost. */
  readonly send: (message: Uint8Array) => void
}

export interface MirrorSide {
  readonly peerName: string
  readonly health: HealthMemory
  readonly overrides: ServerOverrides
  configHash(): string
  services(): readonly VirtualServiceConfig[]
  /** Other words stand now. */
  overridden(): void
  /** It sees servers in another way. */
  peerChanged(): void
}

/** Most confirmations come within a tenth of a second. */
const confirmationPatience = millis(1_000)
const lookEvery = millis(2_000)
/** Lines of the log at once. */
const mostEndings = 5
/** What the peer said longer ago is not held against it. */
const viewLasts = 3_500

const keyOf = ({ service, server }: { readonly service: string; readonly server: string }): string =>
  healthKey(service, server)

export class PeerMirror {
  private readonly exchange: PeerExchange
  private readonly servers: PeerServers
  private readonly told = new Map<string, Disagreement>()
  private looking: Timer | undefined
  private stopped = false

  constructor(
    private readonly ports: MirrorPorts,
    private readonly side: MirrorSide,
  ) {
    const { health, overrides } = side
    const { clock } = ports
    this.servers = new PeerServers(() => health.all)
    this.exchange = new PeerExchange(ports, {
      configHash: () => side.configHash(),
      word: (key) => overrides.words.get(key),
      wordKeys: () => overrides.words.keys(),
      server: (key) => this.viewOf(key),
      serverKeys: () => this.ownKeys(),
      heardWords: (words) => this.heardWords(words),
      heardServers: (servers) => {
        this.servers.learn(servers, clock.now())
        side.peerChanged()
      },
      peerBegan: () => this.servers.clear(),
      agreed: () => this.exchange.forgotten(overrides.forgetStrays(side.services())),
    })
  }

  start(): void {
    this.exchange.start()
    this.look()
  }

  stop(): void {
    this.stopped = true
    this.looking?.cancel()
    this.exchange.stop()
  }

  /** A message of the peer's mirror. */
  receive(message: Uint8Array): void {
    this.exchange.receive(message)
  }

  healthChanged(servers: readonly ServerHealth[]): void {
    const now = this.ports.clock.now()
    const keys = servers.map(keyOf)
    for (const key of keys) this.servers.compare(key, now)
    this.exchange.changed('health', keys)
  }

  /** `before`: the services of the file that was. */
  reloaded(before: readonly VirtualServiceConfig[]): void {
    const now = this.ports.clock.now()
    const services = new Set(this.side.services())
    const old = new Set(before)
    // Those that the new file has as they were have nothing to say.
    const touched = [
      ...before.filter((one) => !services.has(one)),
      ...[...services].filter((one) => !old.has(one)),
    ]
    const keys = new Set(keysOf(touched))
    for (const key of keys) this.servers.compare(key, now)
    this.exchange.changed('health', keys)
  }

  /** Tells the peer; answers when that has confirmed it, or after a second. */
  async ordered(order: ServerOrder): Promise<OrderTold> {
    const { peerName: name, overrides } = this.side
    this.exchange.changed('words', [keyOf(order)])
    const listened = this.exchange.listens
    const has = await this.exchange.wordsConfirmed(confirmationPatience)
    const strange = this.view !== null && !this.servers.of(order.service, order.server)
    const later = overrides.saidAt(order.service, order.server)
    if (has && later === name) return { name, has, text: `${name} was told something else at the same time` }
    if (has && strange) return { name, has, text: `${name} has it too, but no such server in its file` }
    if (has) return { name, has, text: `${name} has it too` }
    return {
      name,
      has,
      text: listened
        ? `${name} has not confirmed it, and will be told again`
        : `${name} will be told when it is reachable`,
    }
  }

  verdict(service: string, server: string): PeerVerdict | undefined {
    return this.servers.of(service, server)
  }

  /** Null before the peer has said all that it knew. */
  get view(): PeerViewStatus | null {
    const { viewKnownAt } = this.exchange
    if (viewKnownAt === undefined) return null
    return {
      ageSeconds: Math.max(0, this.ports.clock.now() - viewKnownAt) / 1000,
      ...this.servers.total,
      differing: this.servers.differences.size,
    }
  }

  /** The view is all that the peer knew a moment ago. */
  get fresh(): boolean {
    const { viewKnownAt } = this.exchange
    return viewKnownAt !== undefined && this.ports.clock.now() - viewKnownAt <= viewLasts
  }

  get warnings(): readonly string[] {
    const { peerName, overrides } = this.side
    const strays = overrides.strays(this.side.services()).filter(({ action }) => action !== 'enable')
    const now = this.ports.clock.now()
    return [...disagreementTexts(this.disagreements(), peerName, now), ...strayTexts(strays)]
  }

  private disagreements(): readonly Disagreement[] {
    if (!this.fresh) return []
    const now = this.ports.clock.now()
    return disagreements(this.side.services(), this.side.health.all, this.servers, now)
  }

  /** Each disagreement is in the log once, and so is its end. */
  private look(): void {
    if (this.stopped) return
    const { clock, log } = this.ports
    const { peerName } = this.side
    this.looking = clock.at(after(clock.now(), lookEvery), () => this.look())
    // While the peer is silent nothing begins and nothing ends.
    if (!this.fresh) return
    const found = this.disagreements()
    const fresh = found.filter(({ key }) => !this.told.has(key))
    for (const text of disagreementTexts(fresh, peerName, clock.now())) log.warn(text)
    const current = new Set(found.map(({ key }) => key))
    const ended = [...this.told].filter(([key]) => !current.has(key))
    for (const { service, server } of ended.slice(0, mostEndings).map(([, one]) => one))
      log.info(`${service}: ${server}: no longer judged differently by ${peerName}`)
    for (const [key] of ended) this.told.delete(key)
    for (const one of fresh) this.told.set(one.key, one)
  }

  private heardWords(words: readonly OperatorWord[]): boolean {
    const { changed, remembered } = this.side.overrides.hear(words, this.ports.clock.now())
    if (changed) this.side.overridden()
    return remembered
  }

  private viewOf(key: string) {
    const known = this.side.health.all.get(key)
    const [service = '', server = ''] = key.split('\n')
    if (known) return { service, server, health: known.health, reason: known.reason }
    const there = this.side
      .services()
      .some(({ name, realServers }) => name === service && realServers.some((one) => one.name === server))
    return { service, server, health: there ? ('unknown' as const) : ('gone' as const), reason: '' }
  }

  private *ownKeys(): Iterable<string> {
    yield* keysOf(this.side.services())
  }
}

const keysOf = (services: readonly VirtualServiceConfig[]): readonly string[] =>
  services.flatMap(({ name, realServers }) => realServers.map((server) => healthKey(name, server.name)))

const strayTexts = (strays: readonly OperatorWord[]): readonly string[] =>
  strays
    .slice(0, 5)
    .map(
      ({ service, server, action, weight, director }) =>
        `${service}: ${server}: ${action === 'weight' ? `weight ${weight}` : action}` +
        `${director === '' ? '' : ` (said at ${director})`} is kept for a server that this file does not have: ` +
        `give both directors the same file, or: vipair server ${service} ${server} enable`,
    )
