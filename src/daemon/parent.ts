/**
 * The parent process: owns the configuration, the children and the control socket, and routes facts
 * between them. It decides nothing about elections, health or the table.
 */
import type { ServerHealth, SyncReadiness } from '../base/facts.js'
import type { Clock, Links, Log, Timer } from '../base/ports.js'
import type { DirectorStatus } from '../base/status.js'
import { after, type Millis, millis } from '../base/units.js'
import type { Config, DirectorConfig } from '../config/model.js'
import type { PairKey } from '../pair/key.js'
import { type Children, createChildren, type PairPortFds } from './children.js'
import type { FromHealthcheck, FromIpvs, FromSync, FromVrrp, PairSetting } from './messages.js'
import { releaseAddresses } from './release.js'
import { composeStatus, healthKey, type Reports } from './status.js'
import { firstInheritedFd } from './supervisor.js'

/**
 * The election waits for the first complete table: a director without servers must not win addresses.
 * It does not wait for ever, for a peer may be worse off still.
 */
const tablePatience = millis(10_000)
const tickInterval = millis(1_000)

export interface ParentOptions {
  readonly config: Config
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly pairKey: PairKey | undefined
  readonly pairPort: PairPortFds | undefined
  readonly clock: Clock
  readonly log: Log
  readonly links: Links
  readonly version: string
}

export class Parent {
  private readonly children: Children
  private readonly startedAt: Millis
  private readonly health = new Map<string, ServerHealth>()
  private readonly reports: Reports = {}
  private readiness: SyncReadiness
  private vrrpReady = false
  private tableStands = false
  private syncDaemonsStarted = false
  private ticking: Timer | undefined
  /** A new vrrp process waits for it, or what it claims could be taken for what its predecessor left. */
  private releasing: Promise<void> = Promise.resolve()

  constructor(private readonly options: ParentOptions) {
    const { clock, log, config } = options
    this.startedAt = clock.now()
    this.children = createChildren(
      {
        clock,
        log,
        logConfig: config.log,
        pairPort: options.pairPort,
      },
      {
        onVrrp: (message) => this.onVrrp(message),
        onIpvs: (message) => this.onIpvs(message),
        onHealthcheck: (message) => this.onHealthcheck(message),
        onSync: (message) => this.onSync(message),
        onDeath: (name) => this.onDeath(name),
      },
    )
    this.readiness = this.children.sync
      ? { ready: false, reason: 'the sync process has not reported yet' }
      : { ready: true, reason: 'no sessions are mirrored' }
  }

  start(): void {
    this.tableStands = !this.hasTable
    for (const child of this.inUse) child.start()
    this.tick()
  }

  /** Leaves in good order: addresses first, the table last, for traffic runs until the peer has taken over. */
  async stop(): Promise<void> {
    this.ticking?.cancel()
    await this.children.vrrp.stop()
    await Promise.all([this.children.healthcheck.stop(), this.children.sync?.stop()])
    await this.children.ipvs.stop()
    // Normally nothing is left: the vrrp process released them. It may have had to be ended.
    await this.release('leaving')
  }

  status(): DirectorStatus {
    const { config, local, peer, clock, version } = this.options
    return composeStatus({
      config,
      local,
      peer,
      version,
      uptime: millis(clock.now() - this.startedAt),
      wall: clock.wall(),
      reports: this.reports,
      health: this.health,
      waitsForTable: !this.tableStands,
      processes: this.inUse.map((child) => ({
        name: child.name,
        pid: child.pid ?? null,
        state: child.supervision.name,
        restarts: child.supervision.restarts,
      })),
    })
  }

  /** Addresses without services need no table, and no kernel that could hold one. */
  private get hasTable(): boolean {
    return this.options.config.virtualServices.length > 0
  }

  private get inUse() {
    const { vrrp, ipvs, healthcheck, sync } = this.children
    return this.hasTable ? [ipvs, vrrp, healthcheck, ...(sync ? [sync] : [])] : [vrrp]
  }

  private tick(): void {
    const { clock, log } = this.options
    for (const child of this.inUse) child.tick()
    if (!this.tableStands && clock.now() - this.startedAt > tablePatience) {
      log.warn(
        `the table does not stand after ${tablePatience / 1000} s; taking part in elections all the same`,
      )
      this.openElections()
    }
    this.ticking = clock.at(after(clock.now(), tickInterval), () => this.tick())
  }

  private pairSetting(): PairSetting | undefined {
    const { config, pairKey, pairPort } = this.options
    if (!pairKey || !pairPort) return undefined
    return {
      name: config.pair.name,
      key: pairKey.export(),
      port: config.pair.port,
      configHash: config.hash,
      fd: firstInheritedFd,
    }
  }

  private openElections(): void {
    this.tableStands = true
    if (!this.vrrpReady) return
    const { config, local, peer } = this.options
    const pair = this.pairSetting()
    this.children.vrrp.send({ type: 'start', setting: { local, peer, routers: config.virtualRouters, pair } })
    this.children.vrrp.send({ type: 'syncReadiness', readiness: this.readiness })
  }

  private onVrrp(message: FromVrrp): void {
    switch (message.type) {
      case 'ready':
        void this.releasing.then(() => {
          this.vrrpReady = true
          if (this.tableStands) this.openElections()
        })
        return
      case 'status':
        this.reports.vrrp = message.status
        return
      default:
        return
    }
  }

  private onIpvs(message: FromIpvs): void {
    const { config, local, peer } = this.options
    switch (message.type) {
      case 'ready': {
        const { virtualServices: services, ipvs, sync } = config
        const peerId = this.children.sync ? peer?.id : undefined
        this.children.ipvs.send({
          type: 'start',
          setting: { services, ipvs, sync, directorId: local.id, peerId },
        })
        if (this.health.size > 0)
          this.children.ipvs.send({ type: 'healthChanged', servers: [...this.health.values()] })
        return
      }
      case 'status':
        this.reports.ipvs = message.status
        return
      case 'reconciled':
        if (!this.tableStands) this.openElections()
        return
      case 'syncDaemonsStarted':
        this.syncDaemonsStarted = true
        this.children.sync?.send({ type: 'syncDaemonsStarted' })
        return
      default:
        return
    }
  }

  private onHealthcheck(message: FromHealthcheck): void {
    switch (message.type) {
      case 'ready':
        this.children.healthcheck.send({ type: 'start', services: this.options.config.virtualServices })
        return
      case 'healthChanged':
        for (const server of message.servers) this.learn(server)
        this.children.ipvs.send(message)
        return
      case 'status':
        this.reports.healthcheck = message.status
        return
      default:
        return
    }
  }

  /** A restarted checker knows nothing yet: its `unknown` does not replace what was known. */
  private learn(server: ServerHealth): void {
    const key = healthKey(server.service, server.server)
    if (server.health !== 'unknown' || !this.health.has(key)) this.health.set(key, server)
  }

  private onSync(message: FromSync): void {
    const { local, peer } = this.options
    const services = this.options.config.virtualServices
    switch (message.type) {
      case 'ready': {
        const pair = this.pairSetting()
        if (!peer || !pair) return
        this.children.sync?.send({ type: 'start', setting: { local, peer, pair, services } })
        if (this.syncDaemonsStarted) this.children.sync?.send({ type: 'syncDaemonsStarted' })
        return
      }
      case 'syncReadiness':
        this.readiness = message.readiness
        this.children.vrrp.send({ type: 'syncReadiness', readiness: message.readiness })
        return
      case 'status':
        this.reports.sync = message.status
        return
      default:
        return
    }
  }

  private onDeath(name: keyof Children): void {
    switch (name) {
      case 'vrrp':
        this.vrrpReady = false
        delete this.reports.vrrp
        this.releasing = this.release('the vrrp process is gone')
        return
      case 'sync':
        this.readiness = { ready: false, reason: 'the sync process has to be started again' }
        this.children.vrrp.send({ type: 'syncReadiness', readiness: this.readiness })
        return
      // Their last report stands: the table is still in the kernel, the health is what was last known.
      default:
        return
    }
  }

  private async release(why: string): Promise<void> {
    const { links, config, log } = this.options
    try {
      const released = await releaseAddresses(links, config.virtualRouters)
      for (const text of released) log.warn(`released ${text}: ${why}`)
    } catch (error) {
      // The lease ends it all the same.
      log.error(
        `cannot release the virtual addresses: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}
