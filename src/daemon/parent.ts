/**
 * The parent process: owns the configuration, the children and the control socket, and routes facts
 * between them. It decides nothing about elections, health or the table.
 */
import type { DirectorEvent } from '../base/events.js'
import type { SyncReadiness } from '../base/facts.js'
import type { Clock, Log, Random, Timer } from '../base/ports.js'
import { OpError } from '../base/result.js'
import type { DirectorStatus } from '../base/status.js'
import { after, type Millis, millis } from '../base/units.js'
import { type CheckFiles, readCheckFiles } from '../config/check-files.js'
import { type DiffEntry, diff } from '../config/diff.js'
import type { Config, DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import type { ReloadPlan } from '../config/reload-plan.js'
import { same, sharing, updateOf } from '../config/share.js'
import type { IpvsSetting } from '../ipvs/runtime.js'
import type { PairKey } from '../pair/key.js'
import { prefer } from '../platform/scheduling.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import type { AcceptFilter } from './accept-filter.js'
import { type Children, createChildren, type PairPortFds } from './children.js'
import { Events } from './events.js'
import { FullNatFacts } from './full-nat-facts.js'
import { HealthMemory } from './health-memory.js'
import { Hooks } from './hooks.js'
import type { Journal } from './journal/journal.js'
import { LoopLag } from './loop-lag.js'
import type { MaintenanceFile } from './maintenance-file.js'
import type {
  FromHealthcheck,
  FromHooks,
  FromIpvs,
  FromSync,
  FromVrrp,
  PairSetting,
  Planned,
  ToVrrp,
  VrrpSetting,
} from './messages.js'
import { type MetricFamily, metricsOf } from './metrics.js'
import { OrphanedAddresses } from './orphaned-addresses.js'
import type { OverrideFile } from './override-file.js'
import { type OrderTold, PeerMirror } from './peer/mirror.js'
import { Programs } from './programs.js'
import { Questions } from './questions.js'
import { Refusal } from './refusal.js'
import { type ReleasePorts, release } from './release.js'
import { needsRestart, withRejoins } from './reload.js'
import { maintenanceObstacle } from './role-warnings.js'
import { refusedScripts } from './script-files.js'
import { countServers, countShared } from './server-counts.js'
import { type ServerOrder, ServerOverrides } from './server-overrides.js'
import type { ServiceView } from './service-manager.js'
import { ipvsSetting, pairSetting, type Sides, vrrpSetting } from './settings.js'
import { composeStatus, type Reports } from './status.js'
import { statusLine } from './status-line.js'
import { Tracker } from './tracker.js'
import { TrafficView } from './traffic.js'
import { VrrpMemory } from './vrrp-memory.js'

/**
 * The election waits for the first complete table: a director without servers must not win addresses.
 * It does not wait for ever, for a peer may be worse off still.
 */
const tablePatience = millis(10_000)
/** A table that never stands is a warning; whoever started the service must not wait for it for ever. */
const readyPatience = millis(60_000)
const tickInterval = millis(1_000)
/** Counting 30,000 servers takes some milliseconds. */
const countsTogether = millis(100)
/** A process that speaks to the peer may have to be started again; that is no news of the peer. */
const peerPatience = millis(3_000)
/** The vrrp process itself gives a handover up after a second. */
const handoverPatience = millis(5_000)
/** Reading a table of 30,000 servers takes a few seconds on a slow machine. */
const planPatience = millis(20_000)

export interface ParentOptions {
  readonly config: Config
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly pairKey: PairKey | undefined
  readonly pairPort: readonly PairPortFds[] | undefined
  readonly clock: Clock
  readonly log: Log
  readonly releasing: ReleasePorts
  /** In force already. */
  readonly acceptFilter: AcceptFilter
  readonly checkFiles: CheckFiles
  readonly version: string
  readonly maintenanceFile: MaintenanceFile
  readonly sysctlFile: string
  /** Where the ipvs process remembers what of the table is ours. */
  readonly ownedFile: string
  /** An earlier run left something of ours in the table, or in the kernel's settings. */
  readonly leftTable: boolean
  readonly overrideFile: OverrideFile
  readonly random: Random
  readonly journal: Journal
}

export class Parent {
  private readonly children: Children
  private readonly startedAt: Millis
  private config: Config
  private checkFiles: CheckFiles
  private sides: Sides
  private maintenanceReason: string | undefined
  private readonly memory: VrrpMemory
  private readonly lag = new LoopLag()
  private readonly lags = new Map<string, number>()
  private readonly questions: Questions<readonly HandoverResult[]>
  private readonly plans: Questions<Planned>
  private readonly orphans: OrphanedAddresses
  private readonly health: HealthMemory
  private readonly reports: Reports = {}
  private readonly overrides: ServerOverrides
  /** Undefined without a peer. */
  private readonly mirror: PeerMirror | undefined
  private traffic: TrafficView | undefined
  private readonly tracker: Tracker
  private readonly programs: Programs
  private readonly hooks: Hooks
  readonly events: Events
  /** Since when nothing is heard of the peer. */
  private peerSilentSince: Millis
  private readonly fullNat: FullNatFacts
  private readiness: SyncReadiness
  private vrrpReady = false
  /** It has its setting. */
  private vrrpStarted = false
  private leaving = false
  /** Or is not waited for any longer. */
  private tableStands = false
  private reconciled = false
  private syncDaemonsStarted = false
  private ticking: Timer | undefined
  private counting: Timer | undefined

  constructor(private readonly options: ParentOptions) {
    const { clock, log, config } = options
    this.startedAt = clock.now()
    this.peerSilentSince = this.startedAt
    this.config = config
    this.checkFiles = options.checkFiles
    this.sides = { local: options.local, peer: options.peer }
    this.memory = new VrrpMemory(clock)
    this.health = new HealthMemory(clock)
    this.orphans = new OrphanedAddresses(clock, (routers, why) => this.release(routers, why))
    this.overrides = new ServerOverrides(options.overrideFile, log, options.local.name, clock.now())
    this.mirror = this.createMirror()
    if (!this.mirror) this.overrides.forgetStrays(config.virtualServices)
    this.questions = new Questions(clock, 'vrrp', handoverPatience)
    this.plans = new Questions(clock, 'ipvs', planPatience)
    this.maintenanceReason = options.maintenanceFile.read()
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
        onHealthcheck: (message, process) => this.onHealthcheck(message, process),
        onSync: (message) => this.onSync(message),
        onTracker: (message) => {
          this.tracker.onMessage(message)
          if (message.type === 'status') this.lags.set('tracker', message.eventLoopLagMs)
        },
        onPrograms: (message) => {
          this.programs.onMessage(message)
          if (message.type === 'status') this.lags.set('programs', message.eventLoopLagMs)
        },
        onHooks: (message) => this.onHooks(message),
        onDeath: (name) => this.onDeath(name),
      },
    )
    this.children.healthcheck.renewFiles(options.checkFiles)
    this.children.healthcheck.configure(config)
    this.tracker = new Tracker(this.children, config)
    this.programs = new Programs(this.children.programs, options.local.name, config, (answer, origin) => {
      if (origin === undefined || origin === 'hooks') this.hooks.onAnswer(answer)
      if (origin !== 'hooks') this.children.healthcheck.answer(answer, origin)
    })
    this.hooks = new Hooks(this.children.hooks, clock, options.local.name, config)
    const { journal } = options
    const told = (events: readonly DirectorEvent[]): void => {
      journal.add(events)
      this.hooks.tell(events)
    }
    this.events = new Events(clock, told, journal.newest?.id)
    this.fullNat = new FullNatFacts(this.children, () => this.config.virtualRouters)
    this.readiness = this.children.sync
      ? { ready: false, reason: 'the sync process has not reported yet' }
      : { ready: true, reason: 'no sessions are mirrored' }
  }

  start(): void {
    this.tableStands = !this.hasTable
    const { local, version, journal } = this.options
    const killed = journal.latest('director.state')?.state === 'running'
    const before = killed ? '; the daemon before it ended without leaving' : ''
    const reason = `vipair ${version}, config ${this.config.hash}${before}`
    this.events.tell('director.state', local.name, 'running', reason)
    // Checks can wait until the table stands: on a single processor they would only be in its way.
    const { all: checkers } = this.children.healthcheck
    for (const child of this.inUse) if (!checkers.some((one) => one === child)) child.start()
    if (this.hasTable) prefer(this.children.ipvs.pid, true)
    this.mirror?.start()
    this.tick()
  }

  /** Leaves in good order: addresses first, the table last, for traffic runs until the peer has taken over. */
  async stop(): Promise<void> {
    this.leaving = true
    this.ticking?.cancel()
    this.mirror?.stop()
    this.orphans.keep()
    this.events.tell('director.state', this.sides.local.name, 'leaving', 'told to stop')
    await this.children.vrrp.stop()
    await this.tracker.stop()
    await Promise.all([this.children.healthcheck.stop(), this.children.sync?.stop()])
    await this.children.ipvs.stop()
    // Nothing waits for them but the end.
    this.events.flush()
    const told = this.hooks.stop().then(() => this.programs.stop())
    // Normally nothing is left: the vrrp process released them. It may have had to be ended.
    await this.release(this.config.virtualRouters, 'leaving')
    try {
      await this.options.acceptFilter.remove()
    } catch (error) {
      this.options.log.warn(error instanceof Error ? error.message : String(error))
    }
    await told
  }

  /**
   * Takes another configuration, all of it or nothing, and answers what differs. Throws `Refusal` for what
   * only a restart can change. No process is started again, and no role is given up but where it says so.
   */
  async reload(loaded: Config): Promise<readonly DiffEntry[]> {
    const config = sharing(this.config, loaded)
    const local = config.directors.find(({ name }) => name === this.sides.local.name)
    const differences = withRejoins(this.config, config, diff(this.config, config))
    const fixed = needsRestart(this.config, config, differences)
    if (!local || fixed.length > 0)
      throw new Refusal(409, `needs a restart: ${fixed.join(', ')}; nothing was changed`, {
        needsRestart: fixed,
      })
    const refused = [...refusedScripts(config)]
    const files = readCheckFiles(config.virtualServices)
    if (!files.ok) refused.push(...files.error)
    if (refused.length > 0 || !files.ok) throw new Refusal(409, `${refused.join('; ')}; nothing was changed`)
    // Without a difference as well: somebody may have removed the filter.
    await this.applyAccept(config, local)
    this.renewCheckFiles(files.value)
    if (differences.length === 0) return differences
    const { virtualServices: before } = this.config
    const update = updateOf(before, config.virtualServices)
    this.config = config
    this.tracker.configure(config, () => this.leaving)
    this.programs.configure(config, () => this.leaving)
    this.hooks.configure(config, () => this.leaving)
    this.forgetEvents(config)
    this.sides = { local, peer: config.directors.find(({ name }) => name === this.sides.peer?.name) }
    this.health.forgetRemoved(before, config.virtualServices, update.changed)
    if (this.mirror) this.mirror.reloaded(before)
    else this.overrides.forgetStrays(config.virtualServices)
    this.tellServerCounts()
    if (this.vrrpStarted) this.children.vrrp.send({ type: 'configure', setting: this.vrrpSetting() })
    if (this.hasTable) {
      const setting = { ...this.ipvsSetting(), services: [] }
      this.children.ipvs.send({ type: 'configure', setting, services: update })
      this.children.healthcheck.configure(config)
      this.children.sync?.send({ type: 'configure', services: update })
    }
    return differences
  }

  /** Before the checks that need them. They may be others although the configuration is the same. */
  private renewCheckFiles(files: CheckFiles): void {
    if (same(this.checkFiles, files)) return
    this.checkFiles = files
    this.options.log.info('reload: the certificates and keys of checks were read anew')
    this.children.healthcheck.renewFiles(files)
  }

  /** What `reload` would do with this configuration. Touches nothing. */
  async plan(loaded: Config): Promise<Omit<ReloadPlan, 'file' | 'warnings'>> {
    const config = sharing(this.config, loaded)
    const changes = withRejoins(this.config, config, diff(this.config, config))
    const needs = needsRestart(this.config, config, changes)
    const files = readCheckFiles(config.virtualServices)
    const table = this.hasTable ? await this.planned(this.ipvsSetting(config)) : undefined
    return {
      configHash: config.hash,
      runningConfigHash: this.config.hash,
      refusals: [...refusedScripts(config), ...(files.ok ? [] : files.error)],
      needsRestart: needs,
      changes,
      kernel: table?.changes ?? [],
      kernelUnknown: table?.failure ?? null,
    }
  }

  private async planned(setting: IpvsSetting): Promise<Pick<Planned, 'changes' | 'failure'>> {
    try {
      return await this.plans.ask((id) => this.children.ipvs.send({ type: 'plan', id, setting }))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { changes: [], failure: error.message }
    }
  }

  private createMirror(): PeerMirror | undefined {
    const { clock, log, random, peer, pairKey } = this.options
    if (!peer || !pairKey) return undefined
    const send = (message: Uint8Array) => this.children.vrrp.send({ type: 'toPeer', message })
    return new PeerMirror(
      { clock, log, random, send },
      {
        peerName: peer.name,
        health: this.health,
        overrides: this.overrides,
        configHash: () => this.config.hash,
        services: () => this.config.virtualServices,
        overridden: () => this.applyOverrides(),
        peerChanged: () => this.tellServerCounts(),
      },
    )
  }

  private async applyAccept({ virtualRouters }: Config, local: DirectorConfig): Promise<void> {
    try {
      await this.options.acceptFilter.apply(virtualRouters, local)
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      throw new Refusal(409, `${error.message}; nothing was changed`)
    }
    if (this.leaving) throw new Refusal(409, 'the daemon is leaving; nothing was changed')
  }

  /** Asks the vrrp process. Throws `Refusal` when it is not there. */
  handOver(router: string | undefined, force: boolean): Promise<readonly HandoverResult[]> {
    return this.ask((id) => ({ type: 'handover', id, router, force }))
  }

  /**
   * `reason` undefined: it is over. It is remembered before anything moves, and also without a vrrp process.
   * Throws `Refusal` when the peer cannot take over what is Active here, unless forced.
   */
  async maintenance(reason: string | undefined, force: boolean): Promise<readonly HandoverResult[]> {
    const obstacle =
      reason === undefined || force
        ? undefined
        : maintenanceObstacle(this.reports.vrrp?.routers ?? [], this.status().peer ?? undefined)
    if (obstacle !== undefined) throw new Refusal(409, `${obstacle}; force it to step down all the same`)
    this.options.maintenanceFile.write(reason)
    this.maintenanceReason = reason
    if (!this.vrrpStarted) return []
    return this.ask((id) => ({ type: 'maintenance', id, reason }))
  }

  /** What an operator wants of one server; answers whether the peer has it too. Throws `Refusal`. */
  async orderServer(order: ServerOrder): Promise<OrderTold | undefined> {
    const { clock } = this.options
    this.overrides.order(order, this.config.virtualServices, { now: clock.now(), wall: clock.wall() })
    this.applyOverrides()
    return this.mirror?.ordered(order)
  }

  private applyOverrides(): void {
    const { virtualServices } = this.config
    const setting = { ...this.ipvsSetting(), services: [] }
    const services = updateOf(virtualServices, virtualServices)
    this.children.ipvs.send({ type: 'configure', setting, services })
  }

  private ask(question: (id: number) => ToVrrp): Promise<readonly HandoverResult[]> {
    return this.questions.ask((id) => this.vrrpStarted && this.children.vrrp.send(question(id)))
  }

  status(): DirectorStatus {
    const { clock, version } = this.options
    const { config } = this
    return composeStatus({
      config,
      ...this.sides,
      version,
      uptime: millis(clock.now() - this.startedAt),
      now: clock.now(),
      reports: this.allReports,
      health: this.health.all,
      healthSince: this.health.since,
      overrides: this.overrides,
      mirror: this.mirror,
      traffic: this.traffic,
      programWarnings: [...this.programs.warnings, ...this.hooks.warnings, ...this.journalWarnings],
      hooks: this.hooks.reports,
      waitsForTable: !this.tableStands,
      processes: [
        { name: 'main', pid: process.pid, state: 'running', restarts: 0, eventLoopLagMs: this.lag.worstMs },
        ...this.inUse.map((child) => ({
          name: child.name,
          pid: child.pid ?? null,
          state: child.supervision.name,
          restarts: child.supervision.restarts,
          eventLoopLagMs: this.lags.get(child.name) ?? null,
        })),
      ],
    })
  }

  private get journalWarnings(): readonly string[] {
    const { failure } = this.options.journal
    return failure === undefined ? [] : [`events are kept in memory only: ${failure}`]
  }

  /** What the service manager wants to know. */
  get serviceView(): ServiceView {
    const tableGivenUp = this.options.clock.now() - this.startedAt > readyPatience
    const electionRuns = this.vrrpStarted && this.reports.vrrp !== undefined
    return {
      ready: electionRuns && (this.reconciled || !this.hasTable || tableGivenUp),
      answering: this.inUse.every((child) => !child.silent),
      statusLine: () => statusLine(this.status()),
    }
  }

  metrics(): readonly MetricFamily[] {
    return metricsOf(this.status(), this.allReports)
  }

  private get allReports(): Reports {
    const { status } = this.children.healthcheck
    return status ? { ...this.reports, healthcheck: status } : this.reports
  }

  /** Addresses without services need no table, and no kernel that could hold one; what is left of one has to go. */
  private get hasTable(): boolean {
    return this.config.virtualServices.length > 0 || this.options.leftTable
  }

  private get inUse() {
    const { vrrp, ipvs, healthcheck, sync, tracker, programs, hooks } = this.children
    const trackers = [
      ...(this.tracker.needed ? [tracker] : []),
      ...(this.programs.needed ? [programs] : []),
      ...(this.hooks.needed ? [hooks] : []),
    ]
    return this.hasTable
      ? [ipvs, vrrp, ...healthcheck.all, ...(sync ? [sync] : []), ...trackers]
      : [vrrp, ...trackers]
  }

  private tick(): void {
    const { clock, log } = this.options
    for (const child of this.inUse) child.tick()
    // What is not said again within three seconds is not compared any more.
    this.tellServerCounts()
    this.lag.tick()
    if (!this.tableStands && clock.now() - this.startedAt > tablePatience) {
      log.warn(
        `the table does not stand after ${tablePatience / 1000} s; taking part in elections all the same`,
      )
      this.tableDone()
    }
    this.ticking = clock.at(after(clock.now(), tickInterval), () => this.tick())
  }

  private pairSetting(): PairSetting | undefined {
    return pairSetting(this.config, this.options.pairKey, this.options.pairPort)
  }

  /** Or there is no use in waiting for it any longer. */
  private tableDone(): void {
    this.tableStands = true
    prefer(this.children.ipvs.pid, false)
    if (!this.leaving) this.children.healthcheck.start()
    if (this.vrrpReady) this.openElections()
  }

  private openElections(): void {
    this.vrrpStarted = true
    const resumed = this.memory.resume(this.maintenanceReason)
    this.children.vrrp.send({ type: 'start', setting: { ...this.vrrpSetting(), resumed } })
    this.children.vrrp.send({ type: 'syncReadiness', readiness: this.readiness })
    const { facts } = this.tracker
    if (facts.length > 0) this.children.vrrp.send({ type: 'trackChanged', facts })
    this.tellServerCounts()
  }

  /** Changes that come together are told together. */
  private tellServerCounts(): void {
    const { clock } = this.options
    this.counting ??= clock.at(after(clock.now(), countsTogether), () => {
      this.counting = undefined
      if (!this.leaving) this.countNow()
    })
  }

  /** How many servers are healthy here and for the peer, for routers that track their services. */
  private countNow(): void {
    const { config, mirror, health } = this
    if (!config.virtualRouters.some(({ track }) => track.some(({ kind }) => kind === 'services'))) return
    const services = config.virtualServices
    const counts = countServers(services, health.all)
    const shared = mirror?.fresh
      ? countShared(services, health.all, (service, server) => mirror.verdict(service, server))
      : undefined
    this.children.vrrp.send({ type: 'serverCounts', counts, shared })
  }

  private vrrpSetting(): VrrpSetting {
    return vrrpSetting(this.config, this.sides, this.pairSetting())
  }

  private ipvsSetting(config = this.config): IpvsSetting {
    return ipvsSetting(config, this.sides, this.children.sync !== undefined, this.overrides.all)
  }

  private onVrrp(message: FromVrrp): void {
    this.memory.learn(message)
    switch (message.type) {
      case 'ready':
        void this.orphans.settled.then(() => {
          this.vrrpReady = true
          if (this.tableStands) this.openElections()
        })
        return
      case 'status':
        this.reports.vrrp = message.status
        this.notePeer()
        this.lags.set('vrrp', message.eventLoopLagMs)
        return
      case 'roleChanged':
        // Whatever the role is: it has released the addresses, or answers for them.
        this.orphans.keep()
        this.events.roleChanged(message)
        this.fullNat.roleChanged(message.router, message.to)
        return
      case 'sessionsWanted': {
        const { id } = message
        const asked = this.children.sync?.send({ type: 'settleSessions', id }) ?? false
        if (!asked) this.children.vrrp.send({ type: 'sessionsSettled', id })
        return
      }
      case 'handoverEnded':
        this.events.handedOver(message.results)
        this.questions.answered(message.id, message.results)
        return
      case 'fromPeer':
        this.mirror?.receive(message.message)
        return
      default:
        return
    }
  }

  private onIpvs(message: FromIpvs): void {
    switch (message.type) {
      case 'ready': {
        const { sysctlFile, ownedFile } = this.options
        this.events.ipvsBegins()
        this.children.ipvs.send({ type: 'start', setting: this.ipvsSetting(), sysctlFile, ownedFile })
        if (this.health.all.size > 0)
          this.children.ipvs.send({ type: 'healthChanged', servers: [...this.health.all.values()] })
        this.fullNat.ipvsReady()
        return
      }
      case 'status':
        this.reports.ipvs = message.status
        this.lags.set('ipvs', message.eventLoopLagMs)
        return
      case 'traffic':
        this.traffic = new TrafficView(message.reading)
        return
      case 'planned':
        this.plans.answered(message.id, message)
        return
      case 'reconciled':
        this.reconciled = true
        if (!this.tableStands) this.tableDone()
        this.events.judgedAnew(this.config.virtualServices, this.health.all)
        return
      case 'quorumChanged':
      case 'panicChanged':
      case 'serverHeld':
        this.events.judged(message, this.config.virtualServices, this.health.all)
        return
      case 'syncDaemonsStarted':
        this.syncDaemonsStarted = true
        this.children.sync?.send({ type: 'syncDaemonsStarted' })
        return
      case 'sourcePorts':
        this.fullNat.sourcePorts(message)
        return
      case 'driftRepaired':
        this.events.driftRepaired(message.changes)
        return
      default:
        return
    }
  }

  private onHealthcheck(message: FromHealthcheck, process: string): void {
    switch (message.type) {
      case 'healthChanged':
        for (const server of message.servers) this.health.learn(server)
        this.mirror?.healthChanged(message.servers)
        this.tellServerCounts()
        this.children.ipvs.send(message)
        this.events.healthChanged(message.servers, this.config.virtualServices, this.health.all)
        return
      case 'runProgram': {
        const { type: _, ...request } = message
        this.programs.run({ ...request, origin: process })
        return
      }
      case 'status':
        this.lags.set(process, message.eventLoopLagMs)
        return
      default:
        return
    }
  }

  private onSync(message: FromSync): void {
    const { local, peer } = this.sides
    const services = this.config.virtualServices
    switch (message.type) {
      case 'ready': {
        const pair = this.pairSetting()
        if (!peer || !pair) return
        this.children.sync?.send({ type: 'start', setting: { local, peer, pair, services } })
        if (this.syncDaemonsStarted) this.children.sync?.send({ type: 'syncDaemonsStarted' })
        this.fullNat.syncReady()
        return
      }
      case 'syncReadiness':
        this.readiness = message.readiness
        this.children.vrrp.send({ type: 'syncReadiness', readiness: message.readiness })
        if (message.readiness.ready) this.fullNat.connectionsArrived()
        return
      case 'sessionsSettled':
        if (message.missing > 0)
          this.options.log.warn(`handover: ${message.missing} messages with sessions never reached the peer`)
        this.children.vrrp.send({ type: 'sessionsSettled', id: message.id })
        return
      case 'peerSourcePorts':
        this.fullNat.peerSourcePorts(message.translations)
        return
      case 'status':
        this.reports.sync = message.status
        this.notePeer()
        this.lags.set('sync', message.eventLoopLagMs)
        return
      default:
        return
    }
  }

  private onHooks(message: FromHooks): void {
    if (message.type === 'runProgram') {
      const { type: _, ...request } = message
      this.programs.run({ ...request, origin: 'hooks' })
    } else this.hooks.onMessage(message)
    if (message.type === 'status') this.lags.set('hooks', message.eventLoopLagMs)
  }

  private notePeer(): void {
    const { peer } = this.sides
    if (!peer || !this.options.pairPort) return
    const { vrrp, sync } = this.reports
    const now = this.options.clock.now()
    if (vrrp?.link?.reachable || sync?.link.reachable) {
      this.peerSilentSince = now
      this.events.peerLink(peer.name, true)
    } else if (now - this.peerSilentSince > peerPatience) this.events.peerLink(peer.name, false)
  }

  private forgetEvents({ virtualRouters, virtualServices }: Config): void {
    const there = new Set(virtualRouters.map(({ name }) => `router.role ${name}`))
    for (const { name, realServers } of virtualServices) {
      there.add(`service.health ${name}`)
      for (const server of realServers) {
        there.add(`server.health ${name}/${server.name}`)
        there.add(`server.held ${name}/${server.name}`)
      }
    }
    const gone = ({ type, subject }: Pick<DirectorEvent, 'type' | 'subject'>): boolean =>
      /^(router\.role|(service|server)\.health|server\.held)$/.test(type) && !there.has(`${type} ${subject}`)
    this.events.forget(gone)
    this.hooks.forget(gone)
  }

  private onDeath(name: keyof Children): void {
    switch (name) {
      case 'vrrp':
        this.vrrpDied()
        return
      case 'tracker':
        this.tracker.onDeath()
        return
      case 'programs':
        this.programs.onDeath()
        return
      case 'hooks':
        this.hooks.onDeath()
        return
      case 'sync':
        this.readiness = { ready: false, reason: 'the sync process has to be started again' }
        this.children.vrrp.send({ type: 'syncReadiness', readiness: this.readiness })
        return
      case 'ipvs':
        this.plans.refuseAll('the ipvs process died')
        return
      // Their last report stands: the table is still in the kernel, the health is what was last known.
      default:
        return
    }
  }

  /** Its successor knows within a moment whether to keep the addresses or to release them. */
  private vrrpDied(): void {
    this.vrrpReady = false
    this.vrrpStarted = false
    const { peer } = this.sides
    const routers = this.reports.vrrp?.routers ?? []
    // The report may be a second old: who was Active then gave way to this director, and follows it now.
    const followed = new Set(
      routers
        .filter(({ peerState }) => peerState === 'backup' || peerState === 'active')
        .map(({ name }) => name),
    )
    delete this.reports.vrrp
    this.memory.died()
    this.questions.refuseAll('the vrrp process died')
    const successor = this.children.vrrp.returnsAtOnce
    this.orphans.release(this.config.virtualRouters, ({ name }) => ({
      follower: followed.has(name) ? peer : undefined,
      successor,
    }))
  }

  private async release(routers: readonly VirtualRouterConfig[], why: string): Promise<void> {
    const { releasing, log } = this.options
    try {
      const released = await release(releasing, routers)
      for (const text of released) log.warn(`released ${text}: ${why}`)
    } catch (error) {
      // The lease ends it all the same.
      log.error(
        `cannot release the virtual addresses: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}
