/**
 * Facts that more than one feature speaks of. They travel between processes as JSON; moments are
 * wall-clock milliseconds since the epoch, for people to read.
 */
import type { Endpoint } from './ip.js'
import type { Weight } from './units.js'

/** The filtered verdict on a real server. `unknown` until the first `rise` or `fall` is complete: changes nothing. */
export type Health = 'unknown' | 'healthy' | 'unhealthy'

/** What a real server, or a check of it, asks for in place of its configured weight. */
export type AskedWeight =
  /** Of the configured weight, 0 to 100. */
  { readonly percent: number } | { readonly weight: Weight }

/** With the check that asks, and what it saw: `agent 10.0.0.21:9000: up 75%`. */
export interface AskedBy {
  readonly weight: AskedWeight
  readonly by: string
}

export interface ServerHealth {
  /** Name of the virtual service. */
  readonly service: string
  /** Name of the real server within it. */
  readonly server: string
  readonly health: Health
  /** One line: why, e.g. `http GET /healthz: status 503, expected 200-399 (3 of 3 failed)`. */
  readonly reason: string
  readonly since: number
  /** While healthy: the least that its checks ask for; absent where none does. */
  readonly asked?: AskedBy
}

/** Whether this director holds the peer's sessions: what `preempt = "when_synced"` waits for. */
export interface SyncReadiness {
  readonly ready: boolean
  /** One line: why, or why not. */
  readonly reason: string
}

/** Counters by reason, for anything that was thrown away. */
export type DiscardCounts = Readonly<Record<string, number>>

/**
 * A balanced connection whose source is translated too: what the server takes for its client is the virtual
 * address with `sourcePort`.
 */
export interface Translation {
  /** IPPROTO: 6 or 17. */
  readonly protocol: number
  readonly client: Endpoint
  readonly virtual: Endpoint
  readonly server: Endpoint
  readonly sourcePort: number
}

/** What an operator asked of a server at run time: stands until `enable`. */
export type AdminAction = 'drain' | 'quiesce' | 'disable' | 'weight'

export interface ServerOverride {
  /** Name of the virtual service. */
  readonly service: string
  /** Name of the real server within it. */
  readonly server: string
  readonly action: AdminAction
  /** With `weight`, in place of the file's. */
  readonly weight: number | undefined
  /** The operator's words. */
  readonly reason: string | undefined
  /** On the monotonic clock of the machine, which outlives a daemon but not a boot. */
  readonly since: number
}
