/**
 * What `GET /v1/status` answers and `vipair status --json` prints. Names are a contract with people's
 * scripts: add, never rename. Ages are seconds; null stands for "not known".
 */
import type { AdminAction, DiscardCounts, Health } from './facts.js'

export type RouterState = 'initialize' | 'backup' | 'active' | 'fault' | 'maintenance'

export interface PeerStatus {
  readonly name: string
  readonly reachable: boolean
  readonly lastSeenSeconds: number | null
  readonly configHash: string | null
  readonly keyMatches: boolean | null
  /** Datagrams to the pair port that the election threw away; sync counts its own. */
  readonly discarded: DiscardCounts
  /** The ways to it, in the order of its addresses; empty where there is only one. */
  readonly paths: readonly {
    readonly address: string
    readonly reachable: boolean
    readonly lastSeenSeconds: number | null
  }[]
  /** How it sees the servers; null: it has not said all of that yet. */
  readonly view: PeerViewStatus | null
}

/** Servers of its file, by their health there. */
export interface PeerViewStatus {
  /** Since it was last known to be all that the peer knew: about a second while all is well. */
  readonly ageSeconds: number
  readonly unknown: number
  readonly healthy: number
  readonly unhealthy: number
  /** Servers that the two directors judge differently now; those for whom that lasts are warned of. */
  readonly differing: number
}

export interface TrackStatus {
  readonly name: string
  readonly state: 'unknown' | 'up' | 'down'
  readonly reason: string
  /** As configured, or as the thing itself says; null: down is a fault. */
  readonly weight: number | null
}

export interface VirtualRouterStatus {
  readonly name: string
  readonly vrid: number
  readonly state: RouterState
  /** One line: why the router is in this state, or what holds it back. */
  readonly reason: string
  readonly sinceSeconds: number
  readonly priority: number
  readonly effectivePriority: number
  readonly addresses: readonly string[]
  /** Name or address of the director that is Active as far as this one knows. */
  readonly active: string | null
  readonly interface: string | null
  readonly advertisements: {
    readonly sent: number
    readonly received: number
    readonly discarded: DiscardCounts
  }
  readonly tracking: readonly TrackStatus[]
}

export interface RealServerStatus {
  readonly name: string
  readonly address: string
  readonly health: Health
  readonly reason: string
  readonly sinceSeconds: number
  /** All must pass. */
  readonly checks: readonly CheckStatus[]
  /** As configured. */
  readonly weight: number
  /** What its checks ask for in place of that, and which one; an operator's weight wins. Null: nothing. */
  readonly asked: { readonly weight: number; readonly by: string } | null
  /** As the kernel has it; null when the server is not in the table. */
  readonly effectiveWeight: number | null
  /** `direct`, `nat`, `tunnel ipip`, `tunnel gue:6080 checksum`. */
  readonly forwarding: string
  /** How the peer sees it, as of `peer.view.ageSeconds`; null: it has not said, or its file has no such server. */
  readonly peer: { readonly health: Health; readonly reason: string } | null
  /** An operator's word, until the server is enabled. */
  readonly admin: 'enabled' | AdminAction
  /** The operator's reason for it; null: none was given. */
  readonly adminReason: string | null
  /** It failed, with so many others at once that it is served on: `panic` of the service. */
  readonly suspect: boolean
  /** While it is kept out for having changed too often: seconds until it has been up for long enough. */
  readonly heldSeconds: number | null
  /** The director where it was said; null: enabled, or not known. */
  readonly adminDirector: string | null
  /** While it drains: seconds until it is removed with whatever connections are left. */
  readonly drainSeconds: number | null
  /** While its weight rises: seconds until it has all of it. */
  readonly slowStartSeconds: number | null
  readonly activeConnections: number
  readonly inactiveConnections: number
  /** As of `table.readSecondsAgo`; null: not known yet. */
  readonly traffic: TrafficStatus | null
}

/** One check of a server; it may be shared with other services. */
export interface CheckStatus {
  /** `http GET /healthz`. */
  readonly subject: string
  readonly health: Health
  /** What its verdict stands on. */
  readonly reason: string
  /** What the last run found; null before the first. */
  readonly lastReason: string | null
  /** How long it took; null before the first. */
  readonly lastMilliseconds: number | null
}

/** What the kernel has counted since it has the service or server; rates are its averages, a second. */
export interface TrafficStatus {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
  readonly connectionRate: number
  readonly inPacketRate: number
  readonly outPacketRate: number
  readonly inByteRate: number
  readonly outByteRate: number
}

/** A server that the file has no more. */
export interface DrainStatus {
  readonly address: string
  readonly activeConnections: number
  readonly inactiveConnections: number
  /** Until it is removed with whatever connections are left. */
  readonly secondsLeft: number
}

export interface SorryServerStatus {
  readonly address: string
  readonly forwarding: string
  /** It gets the connections now. */
  readonly active: boolean
  readonly activeConnections: number
  readonly inactiveConnections: number
}

/** Too many failed at once to be believed, and are served on. */
export interface PanicStatus {
  readonly sinceSeconds: number
  /** Until the failures are believed; null: nobody else could serve, so never. */
  readonly secondsLeft: number | null
  /** Names of the servers that failed. */
  readonly suspects: readonly string[]
}

/** By weight: what operators and checks ask for counts, a slow start as if it were over. */
export interface QuorumStatus {
  readonly needed: number
  readonly hysteresis: number
  /** What the servers that are up weigh together. */
  readonly have: number
  /** False: the service is down, and the sorry server stands in where there is one. */
  readonly reached: boolean
  readonly sinceSeconds: number
}

export interface VirtualServiceStatus {
  readonly name: string
  /** `10.0.0.100:80`, `10.0.0.100:8000-8010`, port 0 for all; `fwmark 7`, and `fwmark6 7` for IPv6. */
  readonly address: string
  /** `any` with a firewall mark. */
  readonly protocol: string
  readonly scheduler: string
  readonly schedulerFlags: readonly string[]
  readonly onePacket: boolean
  /** Of servers that have none of their own. */
  readonly forwarding: string
  /** Null: none. */
  readonly persistence: {
    readonly seconds: number
    /** Prefix length; clients that share it share a server. */
    readonly netmask: number
    readonly engine: string | null
  } | null
  readonly realServers: readonly RealServerStatus[]
  readonly sorryServer: SorryServerStatus | null
  /** Servers that the file has lost and that may keep their connections for a while. */
  readonly draining: readonly DrainStatus[]
  readonly traffic: TrafficStatus | null
  /** Null before the ipvs process has looked. */
  readonly quorum: QuorumStatus | null
  readonly panic: PanicStatus | null
}

export interface SyncStatus {
  /** `off` without a peer, `starting` until the kernel's daemons run, `alone` while the peer is not reachable. */
  readonly role: 'off' | 'starting' | 'alone' | 'relaying'
  readonly coverage: number | null
  readonly connections: number | null
  readonly lagSeconds: number | null
  readonly lastSnapshot: string | null
  readonly messages: Readonly<Record<string, number>>
  readonly discarded: DiscardCounts
}

/** The kernel's table, as the ipvs process keeps it. */
export interface TableStatus {
  /** It has been the desired one at least once. */
  readonly reconciled: boolean
  /** Since the whole table was last read, which `traffic` is from; null: not yet. */
  readonly readSecondsAgo: number | null
  /** By kind, then by result: `OK`, an errno, `timeout`, `skipped`. */
  readonly operations: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Changes by somebody else that were undone, since the start. */
  readonly driftRepaired: number
  /** The last of them, a line each, the first few; null: none so far. */
  readonly lastDrift: { readonly secondsAgo: number; readonly changes: readonly string[] } | null
}

export interface ProcessStatus {
  readonly name: string
  readonly pid: number | null
  readonly state: 'running' | 'waiting' | 'stopped'
  readonly restarts: number
  /** The longest time within about the last second that it kept its sockets waiting; null: not known. */
  readonly eventLoopLagMs: number | null
}

export interface HookStatus {
  readonly name: string
  /** Events that are not told yet. */
  readonly pending: number
  readonly delivered: number
  readonly failed: number
  /** Given up. */
  readonly lost: number
  /** Of the last attempt; null: none yet. `failure` null: it was told. */
  readonly last: {
    readonly secondsAgo: number
    readonly text: string
    readonly failure: string | null
  } | null
}

export interface DirectorStatus {
  readonly director: string
  readonly version: string
  readonly configHash: string
  readonly uptimeSeconds: number
  readonly peer: PeerStatus | null
  readonly virtualRouters: readonly VirtualRouterStatus[]
  /** Thrown away before it was clear for which virtual router. */
  readonly advertisements: { readonly discarded: DiscardCounts }
  readonly virtualServices: readonly VirtualServiceStatus[]
  /** Null before the ipvs process has reported, and where there is none. */
  readonly table: TableStatus | null
  readonly sync: SyncStatus
  readonly hooks: readonly HookStatus[]
  readonly processes: readonly ProcessStatus[]
  readonly warnings: readonly string[]
}
