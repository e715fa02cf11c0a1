/**
 * The vrrp process: every virtual router of one director over one timer. The only file of this feature
 * that holds sockets and a timer; nothing in it waits for another process.
 */
import type { SyncReadiness } from '../base/facts.js'
import type { IpAddress } from '../base/ip.js'
import type { Clock, Links, Log, Routing } from '../base/ports.js'
import { fail, type Result } from '../base/result.js'
import { after, millis, type Priority, resignPriority } from '../base/units.js'
import type { VirtualRouterConfig } from '../config/model.js'
import type { PairLink } from '../pair/link.js'
import { Alarm } from './alarm.js'
import type { LinkView } from './attachment.js'
import { ConfigHashExchange } from './config-hash.js'
import { Confirmed } from './confirmed.js'
import { type Disagreement, otherTransport, twoActives } from './disagreement.js'
import { GroupKeeper } from './group-keeper.js'
import { type HandoverUnit, isHandoverMessage } from './handover-message.js'
import { Handovers, type HandoverWish } from './handovers.js'
import { goneHoldings, holdingsOf } from './holdings.js'
import { Intake, type Slot } from './intake.js'
import { LimitedLog } from './limited-log.js'
import { LinkReader } from './link-reader.js'
import { Losses } from './losses.js'
import {
  announceAddresses,
  claimAddresses,
  type Outlets,
  release,
  releaseAll,
  sendAdvertisement,
} from './outputs.js'
import { PeerSearch } from './peer-search.js'
import { Placement } from './placement.js'
import { sameRouter } from './reconfigure.js'
import { routerParams } from './router-params.js'
import type { PeerView } from './second-opinion.js'
import type { VrrpSetting } from './setting.js'
import { type SocketPorts, Sockets } from './sockets.js'
import type { RouterParams, StateName } from './state.js'
import type { VrrpFact, VrrpStatus } from './status.js'
import type { Standing } from './tracking/effective-priority.js'
import { VirtualMacs } from './virtual-mac/keeper.js'
import type { VirtualMacPorts } from './virtual-mac/remove.js'
import { VirtualRouter } from './virtual-router.js'
import { Warnings } from './warnings.js'

export interface VrrpPorts extends SocketPorts {
  readonly clock: Clock
  readonly log: Log
  readonly links: Links
  readonly routing: Routing
  /**
   * Lets the interface receive what comes from an address that is on this machine as well: the owner's, while
   * we stand in for it. Throws `OpError`.
   */
  readonly acceptLocal?: (interfaceName: string) => void
  /** Undefined: no router may have a virtual MAC address. */
  readonly virtualMacs?: VirtualMacPorts
  /** Called at most once; one link carries all routers of the process. Undefined: no peer. */
  readonly openPairLink: ((onMessage: (payload: Uint8Array) => void) => PairLink) | undefined
  /** `then` runs once the peer has every session that is here now; it may never. Undefined: none are mirrored. */
  readonly settleSessions?: ((then: () => void) => void) | undefined
  /** Called after each advertisement. */
  readonly onAdvertised?: (router: string, priority: Priority) => void
}

/** How one router, or one group of routers, fared. */
export interface HandoverResult {
  readonly unit: string
  /** The name of the director that owns the addresses now, or why the handover did not happen. */
  readonly result: Result<string, string>
}

export interface VrrpRuntime {
  syncReadiness(readiness: SyncReadiness): void
  /**
   * Takes other routers and other settings of running ones, which keep their roles. `director` and `peer` stay.
   * What must join the election anew (`sameRouter`) is handed over first, which takes a second at most.
   */
  configure(setting: VrrpSetting): void
  /**
   * Hands over one router with its group, or all that are Active here. Resolves within two seconds; empty
   * when nothing is Active.
   */
  handOver(router: string | undefined, wish: HandoverWish): Promise<readonly HandoverResult[]>
  /** Hands over, and stays out of elections until called with undefined. */
  maintenance(reason: string | undefined): Promise<readonly HandoverResult[]>
  /** What tracking makes of a router: the priority to advertise and why, and why it must not own its addresses. */
  tracked(router: string, standing: Standing): void
  /** What the peer says of a router over the pair link, where its advertisements take another way. */
  peerReported(router: string, peer: PeerView): void
  /** Resigns, releases the addresses, and resolves when the kernel has confirmed it or after a second. */
  stop(): Promise<void>
  status(): VrrpStatus
}

/** Returns at once; the routers join the election when the interfaces have been read. */
export function startVrrp(
  ports: VrrpPorts,
  setting: VrrpSetting,
  emit: (fact: VrrpFact) => void,
): VrrpRuntime {
  const runtime = new Runtime(ports, setting, emit)
  runtime.start()
  return runtime
}

/** Until an interface that could not be read or opened is tried again. */
const reopenAfter = millis(5_000)
const longestStop = millis(1_000)
/** Two Actives are worth a word only when they last. */
const twoActivesFor = 1_500

class Runtime implements VrrpRuntime {
  private readonly slots: Slot[] = []
  private readonly sockets: Sockets
  private readonly intake: Intake
  private readonly outlets: Outlets
  private readonly limited: LimitedLog
  private readonly warnings: Warnings
  private readonly virtualMacs: VirtualMacs
  private readonly placement: Placement
  private readonly interfaces: LinkReader
  private readonly link: PairLink | undefined
  private readonly alarm: Alarm
  private readonly search: PeerSearch
  private stopping: Promise<void> | undefined
  /** What is to be configured once the handovers before it have ended. */
  private wanted: VrrpSetting | undefined
  /** From here on nothing is started or armed. */
  private closed = false
  private readonly groups = new GroupKeeper(() => this.slots)
  private readonly handovers: Handovers
  private readonly hashes: ConfigHashExchange
  private readonly weighed = new Map<string, Standing>()
  private readiness: SyncReadiness = { ready: false, reason: 'sync has not reported yet' }
  private maintenanceReason: string | undefined
  private unconfirmed = 0
  private onConfirmed: () => void = () => {}

  constructor(
    private readonly ports: VrrpPorts,
    private setting: VrrpSetting,
    private readonly emit: (fact: VrrpFact) => void,
  ) {
    const { clock, log } = ports
    this.alarm = new Alarm(clock, () => this.onTimer())
    this.limited = new LimitedLog(clock, log, (router, text) =>
      emit({ type: 'warning', router, text, at: clock.wall() }),
    )
    this.warnings = new Warnings(clock, this.limited, (router, text) =>
      emit({ type: 'warning', router, text, at: clock.wall() }),
    )
    this.sockets = new Sockets(
      ports,
      (interfaceName, packet) => this.intake.packet(interfaceName, packet),
      () => this.intake.discarded.add('ip_header'),
      (error) => this.warnings.say(undefined, 'raw_socket', () => error.message),
    )
    this.virtualMacs = new VirtualMacs(
      ports.virtualMacs,
      (text) => this.warnings.say(undefined, 'virtual_mac', () => text),
      () => this.interfaces.read(),
    )
    this.outlets = {
      links: ports.links,
      routing: ports.routing,
      warnings: this.warnings,
      virtualMacs: this.virtualMacs,
      sockets: this.sockets,
      peer: setting.peer?.address,
      pairLink: () => this.link,
      releaseSent: () => {
        this.unconfirmed++
      },
      releaseConfirmed: () => {
        this.unconfirmed--
        if (this.unconfirmed === 0) this.onConfirmed()
      },
    }
    this.placement = new Placement({
      log,
      limited: this.limited,
      warnings: this.warnings,
      slots: this.slots,
      sockets: this.sockets,
      virtualMacs: this.virtualMacs,
      losses: new Losses(clock, this.warnings),
      outlets: this.outlets,
      acceptLocal: ports.acceptLocal,
      setting: () => this.setting,
      paramsOf: (config, source) => this.paramsOf(config, source),
      inOneGo: (run) => this.inOneGo(run),
      arm: (router) => this.arm(router),
      readAgain: () => this.interfaces.read(),
    })
    this.handovers = new Handovers({
      now: () => clock.now(),
      send: (message) => this.link?.send(message) ?? false,
      reachablePeer: () => (this.link?.status().reachable ? setting.peer?.name : undefined),
      routersOf: (unit) => this.routersOf(unit),
      ready: () => (this.stopping ? { ready: false, reason: 'it is leaving' } : this.readiness),
      inOneGo: (run) => this.inOneGo(run),
      rearm: () => this.alarm.armAt(this.handovers.deadline),
      settleSessions: ports.settleSessions,
    })
    this.search = new PeerSearch({
      clock,
      linkStatus: () => this.link?.status(),
      framesOf: (on) => this.sockets.openFrames(on),
      onFailure: (text) => this.limited.warn(undefined, 'peer_search', () => text),
    })
    this.hashes = new ConfigHashExchange(clock, (message) => this.link?.send(message))
    this.maintenanceReason = setting.resumed?.maintenance
    for (const config of setting.routers) this.slots.push(this.createSlot(config))
    this.intake = new Intake(this.slots, {
      director: setting.director,
      peer: setting.peer,
      limited: this.limited,
      warnings: this.warnings,
      onHandled: (router) => this.arm(router),
      onOtherTransport: (router, priority) => {
        const { peer } = setting
        if (!peer) return
        const { lost } = router.state.known.peer ?? {}
        const view = { name: peer.name, active: priority !== resignPriority, priority, lost, at: clock.now() }
        this.peerReported(router.name, view)
      },
    })
    this.link =
      setting.peer === undefined ? undefined : ports.openPairLink?.((payload) => this.onPeer(payload))
    this.interfaces = new LinkReader({
      clock,
      links: ports.links,
      retryAfter: reopenAfter,
      onView: (view) => this.onLinks(view),
      onFailure: (error) =>
        this.warnings.say(undefined, 'read_links', () => `cannot read the interfaces: ${textOf(error)}`),
    })
  }

  start(): void {
    const { configHash } = this.setting
    if (configHash !== undefined) this.hashes.say(configHash)
    this.interfaces.read()
  }

  syncReadiness(readiness: SyncReadiness): void {
    this.readiness = readiness
    for (const slot of this.slots) {
      slot.router.handle({ type: 'syncReadiness', readiness })
      this.arm(slot.router)
    }
  }

  configure(setting: VrrpSetting): void {
    if (this.stopping) return
    const waits = this.wanted !== undefined
    this.wanted = setting
    if (waits) return
    const units = this.activeUnits(({ config: before }) => {
      const config = setting.routers.find(({ name }) => name === before.name)
      return config !== undefined && !sameRouter(before, config)
    })
    if (units.length === 0) this.applyWanted()
    // What has to join the election anew is given to the peer first, as far as that can take it.
    else
      void Promise.all(units.map((unit) => this.ask(unit, { force: true, stay: false }))).then(() =>
        this.applyWanted(),
      )
  }

  private applyWanted(): void {
    const setting = this.wanted
    this.wanted = undefined
    if (this.stopping || !setting) return
    this.setting = setting
    if (setting.configHash !== undefined) this.hashes.say(setting.configHash)
    this.inOneGo(() => {
      const wanted = new Map(setting.routers.map((config) => [config.name, config]))
      for (const slot of [...this.slots]) {
        const config = wanted.get(slot.router.name)
        if (!config || !sameRouter(slot.router.config, config)) this.remove(slot)
      }
      // What goes from one router to another is released by the one before it is claimed by the other.
      for (const slot of this.slots) this.releaseGone(slot, wanted)
      for (const config of setting.routers) {
        const slot = this.slots.find(({ router }) => router.name === config.name)
        if (slot) this.reconfigure(slot, config)
        else this.add(config)
      }
    })
    this.interfaces.read()
  }

  async handOver(router: string | undefined, wish: HandoverWish): Promise<readonly HandoverResult[]> {
    const named = this.slots.find(({ router: { name } }) => name === router)
    if (router !== undefined && !named)
      return [{ unit: router, result: fail(`there is no virtual router ${router}`) }]
    return Promise.all(
      (named ? [unitOf(named.router)] : this.activeUnits()).map((unit) => this.ask(unit, wish)),
    )
  }

  async maintenance(reason: string | undefined): Promise<readonly HandoverResult[]> {
    this.maintenanceReason = reason
    const results = reason === undefined ? [] : await this.handOver(undefined, { force: true, stay: false })
    // Whoever switched it off again meanwhile wins.
    if (this.maintenanceReason !== reason || this.closed) return results
    this.inOneGo(() => {
      for (const { router } of this.slots) router.handle({ type: 'maintenance', reason })
    })
    return results
  }

  peerReported(name: string, view: PeerView): void {
    const { peer } = this.setting
    const slot = this.slots.find((candidate) => candidate.router.name === name)
    if (this.closed || !peer || !slot) return
    const { router } = slot
    const { transport, advertisementInterval: interval } = router.config
    if (view.every === undefined && view.active && transport === 'udp')
      this.disagrees(router, otherTransport(peer.name, 'by protocol 112', transport))
    const was = router.leadsAlone(view.priority)
    this.inOneGo(() => router.handle({ type: 'peerReported', peer: view, source: peer.address, interval }))
    if (was && view.active && router.leadsAlone(view.priority))
      this.disagrees(router, twoActives(peer.name, view.priority), twoActivesFor)
  }

  private disagrees({ name }: VirtualRouter, { kind, text }: Disagreement, ripens = 0): void {
    this.warnings.say(name, kind, text, { ripens })
  }

  tracked(router: string, standing: Standing): void {
    this.weighed.set(router, standing)
    this.inOneGo(() => {
      for (const slot of this.slots) {
        if (slot.router.name === router)
          slot.router.handle({ type: 'blocked', cause: 'tracking', reason: standing.fault })
        this.weigh(slot)
      }
    })
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave()
    return this.stopping
  }

  status(): VrrpStatus {
    const link = this.link?.status()
    const peerConfigHash = this.hashes.heard(link?.reachable ?? false) ?? link?.peerConfigHash
    return {
      routers: this.slots.map(({ router, attachment }) => router.status(attachment?.interface.name)),
      discarded: this.intake.discarded.read(),
      warnings: this.warnings.read(),
      link: link && { ...link, peerConfigHash },
    }
  }

  /** Hands over what the peer is willing to take; the rest is resigned. */
  private leave(): Promise<void> {
    const units = this.activeUnits()
    if (units.length === 0) return this.shutDown()
    return Promise.all(units.map((unit) => this.ask(unit, { force: true, stay: false }))).then((results) => {
      for (const { unit, result } of results)
        if (!result.ok) this.ports.log.info(`${unit}: resigns instead of handing over: ${result.error}`)
      return this.shutDown()
    })
  }

  private ask(unit: HandoverUnit, wish: HandoverWish): Promise<HandoverResult> {
    return new Promise((resolve) =>
      this.handovers.ask(unit, wish, (result) => resolve({ unit: unit.name, result })),
    )
  }

  private onPeer(message: Uint8Array): void {
    if (this.closed) return
    if (isHandoverMessage(message) && this.handovers.receive(message)) return
    if (this.hashes.receive(message)) return
    this.intake.peerMessage(message)
  }

  /* Routers come, change and go. */

  private add(config: VirtualRouterConfig): void {
    this.slots.push(this.createSlot(config))
    this.groups.added(config.name)
  }

  private remove(slot: Slot): void {
    slot.router.handle({ type: 'shutdown' })
    this.warnings.forget(slot.router.name)
    this.slots.splice(this.slots.indexOf(slot), 1)
  }

  /** What another router that is Active here has from now on stays where it is. */
  private releaseGone({ router, attachment }: Slot, wanted: ReadonlyMap<string, VirtualRouterConfig>): void {
    const { state } = router
    const holds = state.name === 'active' || (state.name === 'backup' && state.adopting)
    if (!attachment || !holds) return
    const kept = this.slots.flatMap((slot) => {
      const config = wanted.get(slot.router.name)
      const keeps = slot.router === router || slot.router.state.name === 'active'
      return config && slot.attachment && keeps ? holdingsOf(config, slot.attachment) : []
    })
    release(this.outlets, router.name, goneHoldings(holdingsOf(router.config, attachment), kept))
  }

  private reconfigure(slot: Slot, config: VirtualRouterConfig): void {
    this.warnings.forget(config.name)
    const { router, attachment } = slot
    router.reconfigure(config, this.paramsOf(config, attachment?.source ?? this.setting.director.address))
  }

  private weigh(slot: Slot): void {
    const source = slot.attachment?.source ?? this.setting.director.address
    const params = this.paramsOf(slot.router.config, source)
    const changed = params.priority !== slot.router.priority
    slot.router.setParams(params)
    if (!changed) return
    slot.router.handle({ type: 'parametersChanged' })
  }

  private routersOf({ kind, name }: HandoverUnit): readonly VirtualRouter[] {
    return this.slots.flatMap(({ router }) =>
      (kind === 'group' ? router.config.group : router.name) === name ? [router] : [],
    )
  }

  private activeUnits(which: (router: VirtualRouter) => boolean = () => true): readonly HandoverUnit[] {
    const active = this.slots.filter(({ router }) => router.state.name === 'active' && which(router))
    const units = new Map(active.map(({ router }) => unitOf(router)).map((unit) => [unit.name, unit]))
    return [...units.values()]
  }

  private inOneGo(run: () => void): void {
    this.groups.inOneGo(run)
    for (const { router } of this.slots) this.arm(router)
  }

  private async shutDown(): Promise<void> {
    const { clock } = this.ports
    this.closed = true
    this.interfaces.close()
    this.alarm.close()
    this.hashes.close()
    for (const { router } of this.slots) router.handle({ type: 'shutdown' })
    this.virtualMacs.removeAll(this.outlets.releaseSent, this.outlets.releaseConfirmed)
    await new Promise<void>((resolve) => {
      const limit = clock.at(after(clock.now(), longestStop), resolve)
      this.onConfirmed = () => {
        limit.cancel()
        // One turn of the loop more, so that a datagram that is only queued leaves before its socket closes.
        clock.afterPendingInput(resolve)
      }
      if (this.unconfirmed === 0) this.onConfirmed()
    })
    this.sockets.close()
    this.link?.close()
  }

  private onLinks(view: LinkView): boolean {
    const { peer } = this.setting
    const virtual = this.slots.flatMap(({ router }) => router.advertised.addresses)
    this.search.links(peer ? [peer.address, ...peer.addresses] : [], view, virtual)
    return this.placement.place(view, virtual)
  }

  /* The one timer. */

  private arm({ deadline }: VirtualRouter): void {
    this.alarm.armAt(deadline)
  }

  private onTimer(): void {
    this.handovers.onDeadline()
    this.alarm.armAt(this.handovers.deadline)
    for (const { router } of [...this.slots]) {
      const { deadline } = router
      if (deadline !== undefined && deadline <= this.ports.clock.now())
        router.handle({ type: 'deadlineReached', inputRead: false })
      this.arm(router)
    }
  }

  /* What the routers do. */

  private createSlot(config: VirtualRouterConfig): Slot {
    const { clock, log } = this.ports
    const { director } = this.setting
    const slot: Slot = {
      attachment: undefined,
      confirmed: new Confirmed(clock),
      router: new VirtualRouter(
        config,
        this.paramsOf(config, director.address),
        clock,
        {
          send: (priority) => {
            const sent = sendAdvertisement(this.outlets, slot, priority)
            if (slot.router.config.transport === 'udp') this.search.onSent()
            this.ports.onAdvertised?.(slot.router.name, priority)
            return sent
          },
          claim: (done) =>
            claimAddresses(this.outlets, slot, (failure) => {
              // It is looked at again from time to time.
              if (slot.confirmed.retry !== 'none') this.interfaces.retry()
              done(failure)
              this.arm(slot.router)
            }),
          announce: () => announceAddresses(this.outlets, slot),
          release: () => releaseAll(this.outlets, slot),
          linkFault: (reason) => {
            if (reason === undefined) log.info(`${config.name}: the Active is heard again`)
            else this.limited.warn(config.name, 'link_fault', () => `does not take over: ${reason}`)
          },
          forgery: (reason) => this.warnings.say(config.name, 'forged_resignation', () => reason),
          requestTakeOver: (reason) => {
            if (slot.router.config.group !== undefined)
              this.groups.requestTakeOver(slot.router.config.group, reason)
          },
          stepped: () => {
            if (this.closed) return
            this.groups.settle()
            this.handovers.settle()
          },
          readPendingInput: (then) =>
            clock.afterPendingInput(() => {
              if (this.closed) return
              then()
              this.arm(slot.router)
            }),
          transition: (from, to, reason) => {
            log.info(`${config.name}: ${titles[from]} -> ${titles[to]}, ${reason}`)
            this.emit({ type: 'roleChanged', router: config.name, from, to, reason, at: clock.wall() })
          },
        },
        this.readiness,
        director.name,
        this.setting.resumed?.stability?.[config.name],
      ),
    }
    const to = this.setting.resumed?.handedOver[config.name]
    if (to !== undefined) slot.router.handle({ type: 'handedOver', to, stay: true })
    if (this.maintenanceReason !== undefined)
      slot.router.handle({ type: 'maintenance', reason: this.maintenanceReason })
    return slot
  }

  private paramsOf(config: VirtualRouterConfig, source: IpAddress): RouterParams {
    return routerParams(this.setting, this.weighed, config, source)
  }
}

const titles: Readonly<Record<StateName, string>> = {
  initialize: 'Initialize',
  backup: 'Backup',
  active: 'Active',
  fault: 'Fault',
  maintenance: 'Maintenance',
}

const unitOf = ({ name, config: { group } }: VirtualRouter): HandoverUnit =>
  group === undefined ? { kind: 'router', name } : { kind: 'group', name: group }

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
