/** What the vrrp process is told to be. */
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import type { Stability } from './state.js'

export interface VrrpSetting {
  readonly director: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly routers: readonly VirtualRouterConfig[]
  /** Told to the peer when it changes; 16 hex digits. */
  readonly configHash?: string
  /** What a predecessor of this process left behind. */
  readonly resumed?: Resumed
}

export interface Resumed {
  /** Routers that were Active a moment ago, and whose addresses may still be there. */
  readonly active: readonly string[]
  /** By router: to whom it was handed over. */
  readonly handedOver: Readonly<Record<string, string>>
  /** By router: how often it has changed its role of late. */
  readonly stability?: Readonly<Record<string, Stability>>
  /** Why the operator has taken this director out of the election. */
  readonly maintenance: string | undefined
}
