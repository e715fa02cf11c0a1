/**
 * Every message between the parent and its children, by direction. Messages are facts, never questions;
 * the channel is Node's IPC with structured cloning, so byte arrays travel as they are.
 *
 * Both ends come from one build, so a message that does not fit the tables below is a bug: whoever
 * receives it logs it and exits, and is rebuilt from the configuration.
 */
import type { DirectorEvent } from '../base/events.js'
import type { ServerHealth, SyncReadiness, Translation } from '../base/facts.js'
import type { KernelChange } from '../base/kernel-change.js'
import type { ProgramRun } from '../base/program.js'
import type { Port } from '../base/units.js'
import type { CheckFiles } from '../config/check-files.js'
import type { HookConfig } from '../config/hook.js'
import type { DirectorConfig, VirtualRouterConfig, VirtualServiceConfig } from '../config/model.js'
import type { ProgramConfig } from '../config/program.js'
import type { ServicesUpdate } from '../config/share.js'
import type { HealthcheckStatus } from '../healthcheck/runtime.js'
import type { HookDelivered, HookReport, HookStand } from '../hooks/runtime.js'
import type { IpvsFact } from '../ipvs/facts.js'
import type { AddressRoles, SourcePortsFact } from '../ipvs/full-nat/tracking/runtime.js'
import type { IpvsSetting } from '../ipvs/runtime.js'
import type { IpvsStatus } from '../ipvs/status.js'
import type { TrafficReading } from '../ipvs/traffic-reading.js'
import type { ProgramEnded, ProgramRequest, ProgramsStatus } from '../programs/runtime.js'
import type { SyncEvent, SyncStatus } from '../sync/runtime.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import type { Resumed } from '../vrrp/setting.js'
import type { VrrpFact, VrrpStatus } from '../vrrp/status.js'
import type { OutsideTrack } from '../vrrp/tracking/identity.js'
import type { TrackFact } from '../vrrp/tracking/outside/runtime.js'
import type { ServerCounts } from '../vrrp/tracking/services.js'

/** What a process needs to speak to the peer; absent when there is no peer or no key. */
export interface PairSetting {
  readonly name: string
  /** 32 bytes, read by the parent: the children may not be able to. A key object cannot cross a process. */
  readonly key: Uint8Array
  readonly port: Port
  /** So that the directors can tell each other whether their files agree. */
  readonly configHash: string
  /** Inherited descriptors of this process's share of the pair port, one a path. */
  readonly fds: readonly number[]
}

export interface VrrpSetting {
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly routers: readonly VirtualRouterConfig[]
  readonly pair: PairSetting | undefined
  readonly configHash: string
  readonly resumed: Resumed | undefined
}

export interface SyncSetting {
  readonly local: DirectorConfig
  readonly peer: DirectorConfig
  readonly pair: PairSetting
  /** For the persistence times of what they remember. */
  readonly services: readonly VirtualServiceConfig[]
}

/** It has nothing to report but that it is alive. */
export interface TrackerStatus {
  readonly tracked: number
}

/** What the tracker process looks at, each once. */
export interface TrackerSetting {
  readonly tracks: readonly OutsideTrack[]
}

/** What the programs process may run. */
export interface ProgramsSetting {
  readonly programs: readonly ProgramConfig[]
  /** Name of this director, for the programs. */
  readonly director: string
}

/** Whom the hooks process tells, and what is so already. */
export interface HooksSetting {
  readonly hooks: readonly HookConfig[]
  /** Name of this director. */
  readonly director: string
  /** By name. */
  readonly stands: Readonly<Record<string, HookStand>>
  /** Of each type and subject the latest. */
  readonly events: readonly DirectorEvent[]
}

/** To whoever asked for a program. */
export type ProgramAnswer =
  | { readonly type: 'programEnded'; readonly id: number; readonly run: ProgramRun }
  /** Nothing that was asked for is answered any more. */
  | { readonly type: 'programsLost' }

export type ToVrrp =
  | { readonly type: 'start'; readonly setting: VrrpSetting }
  /** After a reload; directors and pair are as they were. */
  | { readonly type: 'configure'; readonly setting: VrrpSetting }
  /** The operator wants it. `router` undefined: whatever is Active. `handoverEnded` follows with this `id`. */
  | {
      readonly type: 'handover'
      readonly id: number
      readonly router: string | undefined
      readonly force: boolean
    }
  /** `reason` undefined: it is over. `handoverEnded` follows with this `id`. */
  | { readonly type: 'maintenance'; readonly id: number; readonly reason: string | undefined }
  | { readonly type: 'trackChanged'; readonly facts: readonly TrackFact[] }
  /** `shared`: how both directors see what both have judged; undefined: the peer's parent says nothing now. */
  | {
      readonly type: 'serverCounts'
      readonly counts: ServerCounts
      readonly shared: { readonly own: ServerCounts; readonly peer: ServerCounts } | undefined
    }
  | { readonly type: 'syncReadiness'; readonly readiness: SyncReadiness }
  /** For the peer's parent. Lost without a session. */
  | { readonly type: 'toPeer'; readonly message: Uint8Array }
  /** Answer to `sessionsWanted`. */
  | { readonly type: 'sessionsSettled'; readonly id: number }
  | { readonly type: 'stop' }

export type ToIpvs =
  /**
   * `sysctlFile`: where it remembers which kernel settings it changed; `ownedFile`: what of the table is ours.
   */
  | {
      readonly type: 'start'
      readonly setting: IpvsSetting
      readonly sysctlFile: string
      readonly ownedFile: string
    }
  /** After a reload. `setting` has no services: `services` says which of those it has are others now. */
  | { readonly type: 'configure'; readonly setting: IpvsSetting; readonly services: ServicesUpdate }
  /** The operator asks what this setting would change. `planned` follows with this `id`. */
  | { readonly type: 'plan'; readonly id: number; readonly setting: IpvsSetting }
  | { readonly type: 'healthChanged'; readonly servers: readonly ServerHealth[] }
  | { readonly type: 'addressRoles'; readonly roles: AddressRoles }
  | { readonly type: 'peerSourcePorts'; readonly translations: readonly Translation[] }
  /** The peer's table has come. */
  | { readonly type: 'connectionsArrived' }
  | { readonly type: 'stop' }

export type ToHealthcheck =
  /** What the checks' files hold, keys among it. Before `start`, and when a reload finds something else in them. */
  | { readonly type: 'checkFiles'; readonly files: CheckFiles }
  | { readonly type: 'start'; readonly services: readonly VirtualServiceConfig[] }
  | { readonly type: 'configure'; readonly services: ServicesUpdate }
  | ProgramAnswer
  | { readonly type: 'stop' }

export type ToSync =
  | { readonly type: 'start'; readonly setting: SyncSetting }
  | { readonly type: 'configure'; readonly services: ServicesUpdate }
  | { readonly type: 'syncDaemonsStarted' }
  /** Every session of now to the peer; `sessionsSettled` follows with this `id`, or never. */
  | { readonly type: 'settleSessions'; readonly id: number }
  | SourcePortsFact
  | { readonly type: 'stop' }

export type ToTracker =
  | { readonly type: 'start'; readonly setting: TrackerSetting }
  | { readonly type: 'stop' }

export type ToPrograms =
  | { readonly type: 'start'; readonly setting: ProgramsSetting }
  | { readonly type: 'configure'; readonly setting: ProgramsSetting }
  /** `programEnded` follows, whatever becomes of it. */
  | { readonly type: 'run'; readonly request: ProgramRequest }
  | { readonly type: 'stop' }

export type ToHooks =
  /** Also after a reload: hooks that are as before go on as they were. */
  | { readonly type: 'start'; readonly setting: HooksSetting }
  | { readonly type: 'events'; readonly events: readonly DirectorEvent[] }
  /** `flushed` follows. */
  | { readonly type: 'flush' }
  | ProgramAnswer
  | { readonly type: 'stop' }

/** The child is up and waits for `start`; it runs but has no status now; it has left and will exit by itself. */
type Lifecycle = { readonly type: 'ready' | 'alive' | 'stopped' }

/** What each child reports each second and after each fact. */
interface StatusReport<Status> {
  readonly type: 'status'
  readonly status: Status
  /** The longest time within about the last second that the process did not look at its sockets. */
  readonly eventLoopLagMs: number
}

/** What an operator's handover has come to. */
export interface HandoverEnded {
  readonly type: 'handoverEnded'
  readonly id: number
  readonly results: readonly HandoverResult[]
}

/** Before addresses move: the peer is to have every session. `sessionsSettled` is to follow. */
export interface SessionsWanted {
  readonly type: 'sessionsWanted'
  readonly id: number
}

/** The peer has them, but for what is in messages that it never got. */
export interface SessionsSettled {
  readonly type: 'sessionsSettled'
  readonly id: number
  readonly missing: number
}

export type FromVrrp = Lifecycle | VrrpFact | HandoverEnded | SessionsWanted | StatusReport<VrrpStatus>
/** A program's process group has begun, or is gone: the parent ends those of a process that was killed. */
export interface ScriptGroup {
  readonly type: 'scriptGroup'
  readonly group: number
  readonly there: boolean
}

export type FromTracker =
  | Lifecycle
  | ScriptGroup
  | { readonly type: 'trackChanged'; readonly facts: readonly TrackFact[] }
  | StatusReport<TrackerStatus>

export type FromPrograms =
  | Lifecycle
  | ScriptGroup
  | ({ readonly type: 'programEnded' } & ProgramEnded)
  | StatusReport<ProgramsStatus>

export type FromHooks =
  | Lifecycle
  | RunProgramMessage
  | ({ readonly type: 'hookDelivered' } & HookDelivered)
  /** Every hook has been told everything, or fails. */
  | { readonly type: 'flushed' }
  | StatusReport<{ readonly hooks: readonly HookReport[] }>

/** A program of the file is to be run. */
export type RunProgramMessage = { readonly type: 'runProgram' } & Omit<ProgramRequest, 'origin'>

/** What a setting would change in the kernel; `failure`: why that cannot be told. */
export interface Planned {
  readonly type: 'planned'
  readonly id: number
  readonly changes: readonly KernelChange[]
  readonly failure: string | undefined
}

/** The table was read as a whole. Apart from the status, which is told more often. */
export interface TrafficRead {
  readonly type: 'traffic'
  readonly reading: TrafficReading
}

export type FromIpvs =
  | Lifecycle
  | IpvsFact
  | Planned
  | SourcePortsFact
  | TrafficRead
  | StatusReport<IpvsStatus>
export type FromHealthcheck =
  | Lifecycle
  | { readonly type: 'healthChanged'; readonly servers: readonly ServerHealth[] }
  | RunProgramMessage
  | StatusReport<HealthcheckStatus>
export type FromSync = Lifecycle | SyncEvent | SessionsSettled | StatusReport<SyncStatus>

/** The types that each direction knows. `satisfies` keeps the table and the unions from drifting apart. */
export const messageTypes = {
  toVrrp: {
    start: true,
    configure: true,
    handover: true,
    maintenance: true,
    trackChanged: true,
    serverCounts: true,
    syncReadiness: true,
    toPeer: true,
    sessionsSettled: true,
    stop: true,
  } satisfies Record<ToVrrp['type'], true>,
  toTracker: { start: true, stop: true } satisfies Record<ToTracker['type'], true>,
  toIpvs: {
    start: true,
    configure: true,
    healthChanged: true,
    plan: true,
    addressRoles: true,
    peerSourcePorts: true,
    connectionsArrived: true,
    stop: true,
  } satisfies Record<ToIpvs['type'], true>,
  toPrograms: { start: true, configure: true, run: true, stop: true } satisfies Record<
    ToPrograms['type'],
    true
  >,
  toHooks: {
    start: true,
    events: true,
    flush: true,
    programEnded: true,
    programsLost: true,
    stop: true,
  } satisfies Record<ToHooks['type'], true>,
  toHealthcheck: {
    checkFiles: true,
    start: true,
    configure: true,
    programEnded: true,
    programsLost: true,
    stop: true,
  } satisfies Record<ToHealthcheck['type'], true>,
  toSync: {
    start: true,
    configure: true,
    syncDaemonsStarted: true,
    settleSessions: true,
    sourcePorts: true,
    stop: true,
  } satisfies Record<ToSync['type'], true>,
  fromVrrp: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    roleChanged: true,
    warning: true,
    fromPeer: true,
    handoverEnded: true,
    sessionsWanted: true,
  } satisfies Record<FromVrrp['type'], true>,
  fromTracker: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    trackChanged: true,
    scriptGroup: true,
  } satisfies Record<FromTracker['type'], true>,
  fromIpvs: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    reconciled: true,
    syncDaemonsStarted: true,
    driftRepaired: true,
    settingsRepaired: true,
    quorumChanged: true,
    panicChanged: true,
    serverHeld: true,
    sourcePorts: true,
    operationFailed: true,
    planned: true,
    traffic: true,
  } satisfies Record<FromIpvs['type'], true>,
  fromPrograms: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    scriptGroup: true,
    programEnded: true,
  } satisfies Record<FromPrograms['type'], true>,
  fromHooks: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    runProgram: true,
    hookDelivered: true,
    flushed: true,
  } satisfies Record<FromHooks['type'], true>,
  fromHealthcheck: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    healthChanged: true,
    runProgram: true,
  } satisfies Record<FromHealthcheck['type'], true>,
  fromSync: {
    ready: true,
    alive: true,
    stopped: true,
    status: true,
    syncReadiness: true,
    peerSourcePorts: true,
    sessionsSettled: true,
  } satisfies Record<FromSync['type'], true>,
}

/** The message itself when its type is one of `types`; undefined when it is a stranger. */
export function checkMessage<M extends { readonly type: string }>(
  types: Readonly<Record<M['type'], true>>,
  message: unknown,
): M | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message)) return undefined
  const { type } = message
  return typeof type === 'string' && Object.hasOwn(types, type) ? (message as M) : undefined
}
