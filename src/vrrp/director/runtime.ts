/**
 * The election of all routers together with what is known beside it: tracked things, and what the peer says
 * about itself over the pair link. It only feeds the election, and never waits.
 */
import type { FrameSocketOptions, PacketSocket, Timer } from '../../base/ports.js'
import { after, type Millis, millis, type Priority, resignPriority } from '../../base/units.js'
import type { VirtualRouterConfig } from '../../config/model.js'
import { type Budget, fullBudget, spend } from '../../pair/budget.js'
import type { PairLink } from '../../pair/link.js'
import { LinkReader } from '../link-reader.js'
import {
  decodePeerReport,
  encodePeerReport,
  isPeerReport,
  type RouterReport,
  routersPerReport,
} from '../peer-report.js'
import { startVrrp, type VrrpPorts, type VrrpRuntime } from '../runtime.js'
import type { VrrpSetting } from '../setting.js'
import type { RouterState, RouterStatus, VrrpFact, VrrpStatus } from '../status.js'
import type { TrackFact } from '../tracking/outside/runtime.js'
import { Tracking } from '../tracking/runtime.js'
import type { ServerCounts } from '../tracking/services.js'

export interface DirectorPorts extends VrrpPorts {
  /** Throws `OpError`. */
  readonly openFrames: ((options: FrameSocketOptions) => PacketSocket) | undefined
}

interface PeerState {
  readonly state: RouterState
  readonly since: Millis
  /** When it last said so. */
  readonly at: Millis
}

export interface SharedCounts {
  readonly own: ServerCounts
  readonly peer: ServerCounts
}

const sameCounts = (a: ServerCounts, b: ServerCounts): boolean =>
  a.healthy === b.healthy && a.unknown === b.unknown && a.total === b.total

export interface VrrpDirector {
  readonly election: VrrpRuntime
  /** Findings of the tracker process. */
  tracked(facts: readonly TrackFact[]): void
  /**
   * How many servers this director sees as healthy, for the peer; and how both see those that both have judged,
   * where that is known. A peer of an earlier version says the former only.
   */
  servers(counts: ServerCounts, shared?: SharedCounts): void
  /** A message of the parent's for the peer's; lost without a session. */
  tellPeer(message: Uint8Array): void
  /** Takes other routers and other settings of running ones. */
  configure(setting: VrrpSetting): void
  status(): VrrpStatus
  stop(): Promise<void>
}

/** Also without any change: a report that is lost is made good. */
const reportEvery = millis(1_000)
/** First bytes of what the parents say to each other: it only passes through. */
const isForParent = ([kind = 0]: Uint8Array): boolean => kind >= 0x30 && kind <= 0x3f
/** Messages; a parent sends some fifty a second at most. */
const parentLimits = { burst: 200, perSecond: 200 } as const
/** Three reports were lost: what it said before is no longer known to be so. */
const peerStateFor = 3_500

/** Returns at once. */
export function startDirector(
  ports: DirectorPorts,
  setting: VrrpSetting,
  emit: (fact: VrrpFact) => void,
): VrrpDirector {
  return new Director(ports, setting, emit)
}

class Director implements VrrpDirector {
  readonly election: VrrpRuntime
  private readonly tracking: Tracking
  private readonly interfaces: LinkReader
  private routers: readonly VirtualRouterConfig[]
  /** By router, what the peer last said that it is. */
  private readonly peerStates = new Map<string, PeerState>()
  private link: PairLink | undefined
  private counts: ServerCounts | undefined
  /** The parent knows both views better than the peer's counts. */
  private shared = false
  private reporting: Timer | undefined
  private reportQueued = false
  private parentBudget: Budget
  private stopped = false

  constructor(
    private readonly ports: DirectorPorts,
    private setting: VrrpSetting,
    emit: (fact: VrrpFact) => void,
  ) {
    this.routers = setting.routers
    this.parentBudget = fullBudget(parentLimits, ports.clock.now())
    this.tracking = new Tracking(ports, setting.peer?.name ?? 'the peer', (router) => this.onTracking(router))
    const { openPairLink } = ports
    this.election = startVrrp(
      {
        ...ports,
        openPairLink:
          openPairLink &&
          ((onMessage) => {
            this.link = openPairLink((message) => {
              if (isPeerReport(message)) this.onReport(message)
              else if (isForParent(message)) this.onParentMessage(message, emit)
              else onMessage(message)
            })
            return this.link
          }),
        onAdvertised: (router, priority) => this.onAdvertised(router, priority),
      },
      setting,
      (fact) => {
        emit(fact)
        if (fact.type === 'roleChanged') this.reportSoon()
      },
    )
    // Before the interfaces are read, so that no router starts without its tracked things.
    this.tracking.configure(setting.routers)
    for (const { name } of setting.routers) this.onTracking(name)
    this.interfaces = new LinkReader({
      clock: ports.clock,
      links: ports.links,
      retryAfter: reportEvery,
      onView: (view) => {
        this.tracking.links(view)
        return true
      },
      onFailure: (error) =>
        ports.log.warn(
          `cannot read the interfaces: ${error instanceof Error ? error.message : String(error)}`,
        ),
    })
    this.interfaces.read()
    this.report()
  }

  tracked(facts: readonly TrackFact[]): void {
    for (const { key, finding } of facts) this.tracking.outside(key, finding)
  }

  servers(counts: ServerCounts, shared?: SharedCounts): void {
    const same = this.counts !== undefined && sameCounts(this.counts, counts)
    this.counts = counts
    this.shared = shared !== undefined
    this.tracking.ownServers(shared?.own ?? counts)
    if (shared) this.tracking.peerServers(shared.peer)
    if (!same) this.reportSoon()
  }

  tellPeer(message: Uint8Array): void {
    this.link?.send(message)
  }

  configure(setting: VrrpSetting): void {
    const { routers } = setting
    this.setting = setting
    this.routers = routers
    this.tracking.configure(routers)
    this.election.configure(setting)
    for (const { name } of routers) this.onTracking(name)
  }

  status(): VrrpStatus {
    const status = this.election.status()
    return {
      ...status,
      routers: status.routers.map((router) => ({
        ...router,
        // Its own word knows its name; the address of an advertisement may be a link-local one.
        active: this.isActiveThere(router) ? this.setting.peer?.name : router.active,
        peerState: this.peerState(router.name)?.state,
        peerStateSince: this.peerState(router.name)?.since,
        tracking: this.tracking.verdicts(router.name).map(({ name, state, reason, weight, delta }) => ({
          name,
          state,
          reason,
          weight: delta ?? weight ?? null,
        })),
      })),
    }
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.interfaces.close()
    this.reporting?.cancel()
    this.tracking.stop()
    await this.election.stop()
  }

  /* What is tracked. */

  private onTracking(router: string): void {
    const config = this.routers.find(({ name }) => name === router)
    if (this.stopped || !config) return
    const base = config.priority[this.setting.director.name] ?? this.setting.director.priority
    const lost = this.tracking.lostPath(router)
    this.election.tracked(router, { ...this.tracking.standing(router, base), lost })
    this.reportSoon()
  }

  /* What the directors tell each other. */

  private onReport(message: Uint8Array): void {
    const report = decodePeerReport(message)
    if (!report.ok || this.stopped) return
    const { servers, routers, advertised } = report.value
    if (servers && !this.shared) this.tracking.peerServers(servers)
    const { peer } = this.setting
    if (!peer) return
    const at = this.ports.clock.now()
    for (const { name, state, priority, lost } of routers) {
      const before = this.peerState(name)
      this.peerStates.set(name, { state, at, since: before?.state === state ? before.since : at })
      const view = { name: peer.name, active: state === 'active', priority, lost, at }
      this.election.peerReported(name, advertised ? view : { ...view, every: reportEvery })
    }
  }

  /** More than this is no parent's doing, and what is dropped is said again. */
  private onParentMessage(message: Uint8Array, emit: (fact: VrrpFact) => void): void {
    const left = spend(this.parentBudget, parentLimits, this.ports.clock.now(), 0)
    if (!left || this.stopped) return
    this.parentBudget = left
    emit({ type: 'fromPeer', message })
  }

  private isActiveThere({ name, state }: RouterStatus): boolean {
    return state !== 'active' && this.peerState(name)?.state === 'active'
  }

  /** Undefined: it has not said lately. */
  private peerState(router: string): PeerState | undefined {
    const said = this.peerStates.get(router)
    return said && this.ports.clock.now() - said.at < peerStateFor ? said : undefined
  }

  /** Many changes at once are one report. */
  private reportSoon(): void {
    if (this.reportQueued || this.stopped) return
    this.reportQueued = true
    this.ports.clock.afterPendingInput(() => {
      this.reportQueued = false
      this.report()
    })
  }

  private report(): void {
    if (this.stopped) return
    this.reporting?.cancel()
    const { clock } = this.ports
    this.reporting = clock.at(after(clock.now(), reportEvery), () => this.report())
    const routers = this.election
      .status()
      .routers.map(({ name, state, effectivePriority }) => this.routerReport(name, state, effectivePriority))
    for (let i = 0; i === 0 || i < routers.length; i += routersPerReport) {
      this.send(routers.slice(i, i + routersPerReport))
    }
  }

  /** An advertisement of protocol 112 went out: the peer hears by another way that this router is Active. */
  private onAdvertised(router: string, priority: Priority): void {
    const config = this.routers.find(({ name }) => name === router)
    if (config === undefined || config.transport === 'udp') return
    this.send([this.routerReport(router, priority === resignPriority ? 'backup' : 'active', priority)], true)
  }

  private send(routers: readonly RouterReport[], advertised = false): void {
    this.link?.send(encodePeerReport({ servers: this.counts, routers, advertised }))
  }

  private routerReport(name: string, state: RouterState, priority: number): RouterReport {
    return { name, state, priority: priority as Priority, lost: this.tracking.lostPath(name) }
  }
}
