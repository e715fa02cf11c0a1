/**
 * Every message between the parent and its children, by direction. Messages are facts, never questions;
 * the channel is Node's IPC with structured cloning, so byte arrays travel as they are.
 *
 * Both ends come from one build, so a message that does not fit the tables below is a bug: whoever
 * receives it logs it and exits, and is rebuilt from the configuration.
 */
import type { ServerHealth, SyncReadiness } from '../base/facts.js'
import type { Port } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig, VirtualServiceConfig } from '../config/model.js'
import type { HealthcheckStatus } from '../healthcheck/runtime.js'
import type { IpvsFact } from '../ipvs/facts.js'
import type { IpvsSetting } from '../ipvs/runtime.js'
import type { IpvsStatus } from '../ipvs/status.js'
import type { SyncEvent, SyncStatus } from '../sync/runtime.js'
import type { VrrpFact, VrrpStatus } from '../vrrp/status.js'

/** What a process needs to speak to the peer; absent when there is no peer or no key. */
export interface PairSetting {
  readonly name: string
  /** 32 bytes, read by the parent: the children may not be able to. A key object cannot cross a process. */
  readonly key: Uint8Array
  readonly port: Port
  /** So that the directors can tell each other whether their files agree. */
  readonly configHash: string
  /** Inherited descriptor of this process's share of the pair port. */
  readonly fd: number
}

export interface VrrpSetting {
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly routers: readonly VirtualRouterConfig[]
  readonly pair: PairSetting | undefined
}

export interface SyncSetting {
  readonly local: DirectorConfig
  readonly peer: DirectorConfig
  readonly pair: PairSetting
  /** For the persistence times of what they remember. */
  readonly services: readonly VirtualServiceConfig[]
}

export type ToVrrp =
  | { readonly type: 'start'; readonly setting: VrrpSetting }
  | { readonly type: 'syncReadiness'; readonly readiness: SyncReadiness }
  | { readonly type: 'stop' }

export type ToIpvs =
  | { readonly type: 'start'; readonly setting: IpvsSetting }
  | { readonly type: 'healthChanged'; readonly servers: readonly ServerHealth[] }
  | { readonly type: 'stop' }

export type ToHealthcheck =
  | { readonly type: 'start'; readonly services: readonly VirtualServiceConfig[] }
  | { readonly type: 'stop' }

export type ToSync =
  | { readonly type: 'start'; readonly setting: SyncSetting }
  | { readonly type: 'syncDaemonsStarted' }
  | { readonly type: 'stop' }

/** The child is up and waits for `start`; it has left and will exit by itself. */
type Lifecycle = { readonly type: 'ready' } | { readonly type: 'stopped' }

export type FromVrrp = Lifecycle | VrrpFact | { readonly type: 'status'; readonly status: VrrpStatus }
export type FromIpvs = Lifecycle | IpvsFact | { readonly type: 'status'; readonly status: IpvsStatus }
export type FromHealthcheck =
  | Lifecycle
  | { readonly type: 'healthChanged'; readonly servers: readonly ServerHealth[] }
  | { readonly type: 'status'; readonly status: HealthcheckStatus }
export type FromSync = Lifecycle | SyncEvent | { readonly type: 'status'; readonly status: SyncStatus }

/** The types that each direction knows. `satisfies` keeps the table and the unions from drifting apart. */
export const messageTypes = {
  toVrrp: { start: true, syncReadiness: true, stop: true } satisfies Record<ToVrrp['type'], true>,
  toIpvs: { start: true, healthChanged: true, stop: true } satisfies Record<ToIpvs['type'], true>,
  toHealthcheck: { start: true, stop: true } satisfies Record<ToHealthcheck['type'], true>,
  toSync: { start: true, syncDaemonsStarted: true, stop: true } satisfies Record<ToSync['type'], true>,
  fromVrrp: {
    ready: true,
    stopped: true,
    status: true,
    roleChanged: true,
    warning: true,
  } satisfies Record<FromVrrp['type'], true>,
  fromIpvs: {
    ready: true,
    stopped: true,
    status: true,
    reconciled: true,
    syncDaemonsStarted: true,
    driftRepaired: true,
    operationFailed: true,
  } satisfies Record<FromIpvs['type'], true>,
  fromHealthcheck: { ready: true, stopped: true, status: true, healthChanged: true } satisfies Record<
    FromHealthcheck['type'],
    true
  >,
  fromSync: { ready: true, stopped: true, status: true, syncReadiness: true } satisfies Record<
    FromSync['type'],
    true
  >,
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
