/** The file as the rest of the program sees it: complete, typed, every default filled in. */
import type { Endpoint, IpAddress, IpPrefix } from '../base/ip.js'
import type { AddressSpec, RuleSpec, Scope } from '../base/ports.js'
import type { Millis, Port, Priority, Vrid, Weight } from '../base/units.js'
import type { CheckConfig } from './check.js'
import type { HookConfig } from './hook.js'
import type { ServiceAddress } from './service-address.js'

export interface Config {
  readonly pair: PairConfig
  /** One or two, in the file's order. */
  readonly directors: readonly DirectorConfig[]
  readonly virtualRouters: readonly VirtualRouterConfig[]
  readonly virtualServices: readonly VirtualServiceConfig[]
  readonly sync: SyncConfig
  readonly ipvs: IpvsConfig
  readonly healthcheck: HealthcheckConfig
  readonly control: ControlConfig
  readonly log: LogConfig
  readonly hooks: readonly HookConfig[]
  /** First 16 hex digits of the SHA-256 of the normalised content: equal on both directors when the files mean the same. */
  readonly hash: string
}

export interface PairConfig {
  readonly name: string
  readonly keyFile: string | undefined
  readonly port: Port
}

export interface DirectorConfig {
  readonly name: string
  readonly address: IpAddress
  /** Further own addresses: the n-th of one director and the n-th of the other are one more path. */
  readonly addresses: readonly IpAddress[]
  readonly priority: Priority
  /** 1 for the first director, 2 for the second: its IPVS sync id. */
  readonly id: number
}

export type Preempt = 'when_synced' | 'always' | 'never'

export interface GarpConfig {
  /** Announcements at a take-over. */
  readonly count: number
  /** Between them. */
  readonly interval: Millis
  /** Repeated for as long as Active; undefined never. */
  readonly refresh: Millis | undefined
}

export interface VirtualAddress extends AddressSpec {
  /** Undefined: the router's. */
  readonly interface?: string
}

/** A route of the Active's. */
export interface VirtualRoute {
  /** Length 0: the default route. */
  readonly to: IpPrefix
  readonly via: IpAddress | undefined
  /** Undefined: where the gateway is; without a gateway, or `onlink`, the router's. */
  readonly interface: string | undefined
  readonly source: IpAddress | undefined
  /** Undefined: the kernel's default. */
  readonly metric: number | undefined
  readonly table: number
  readonly scope: Scope
  readonly onlink: boolean
}

/** A policy rule of the Active's. */
export type VirtualRule = RuleSpec

export interface VirtualRouterConfig {
  readonly name: string
  readonly vrid: Vrid
  /** Undefined: the interface that holds the director's address. */
  readonly interface: string | undefined
  /** Of one family. */
  readonly addresses: readonly VirtualAddress[]
  /** They come after the addresses and go before them, and are of their family. */
  readonly routes: readonly VirtualRoute[]
  readonly rules: readonly VirtualRule[]
  /** `multicast` and `unicast` are IP protocol 112, the latter to the peer director's address. */
  readonly transport: 'udp' | 'multicast' | 'unicast'
  /** 2 with IPv4 and protocol 112 only. */
  readonly version: 2 | 3
  /** What the checksum of a version 3 advertisement over IPv4 covers when it is sent. */
  readonly checksum: 'pseudo_header' | 'plain'
  /** Version 2's simple password, 1 to 8 bytes; undefined: no authentication. */
  readonly password: string | undefined
  readonly advertisementInterval: Millis
  readonly preempt: Preempt
  readonly preemptDelay: Millis
  /** Routers of one group are Active on the same director, all or none. Undefined: on its own. */
  readonly group: string | undefined
  /** Undefined: addresses are added for ever (`"0s"`). */
  readonly lease: Millis | undefined
  readonly garp: GarpConfig
  /** By director name; the director's own priority where absent. */
  readonly priority: Readonly<Record<string, Priority>>
  /** Names are unique within a router. */
  readonly track: readonly TrackConfig[]
  /** Accept_Mode of RFC 9568 section 6.1. */
  readonly accept: boolean
  /** The addresses are on a macvlan with the virtual router MAC address (RFC 9568 section 7.3). */
  readonly virtualMac: boolean
}

interface TrackCommon {
  /** What status and log call it. */
  readonly name: string
  /**
   * -253 to 253. Negative: added to the priority while it is down; positive: while it is up. Undefined:
   * down takes the router out of the election.
   */
  readonly weight: number | undefined
}

interface SampledTrack extends TrackCommon {
  readonly interval: Millis
  /** Consecutive good ones that make it up. */
  readonly rise: number
  /** Consecutive bad ones that make it down. */
  readonly fall: number
}

export interface InterfaceTrackConfig extends TrackCommon {
  readonly kind: 'interface'
  readonly interface: string
  /** Must be on the interface; undefined: the link is enough. */
  readonly address: IpAddress | undefined
}

export interface ScriptTrackConfig extends SampledTrack {
  readonly kind: 'script'
  /** Absolute path of a program, and its arguments. */
  readonly command: readonly string[]
  readonly timeout: Millis
  readonly user: string
}

export interface FileTrackConfig extends TrackCommon {
  readonly kind: 'file'
  readonly path: string
  /** The whole number in the file is added to the priority, and a file without one adds nothing. */
  readonly weightFromContent: boolean
  readonly interval: Millis
}

export interface ProcessTrackConfig extends SampledTrack {
  readonly kind: 'process'
  /** Name or absolute path of the program. */
  readonly program: string
  readonly pidFile: string | undefined
}

export interface GatewayTrackConfig extends SampledTrack {
  readonly kind: 'gateway'
  readonly address: IpAddress
  /** Undefined: the one whose network the address is in. */
  readonly interface: string | undefined
}

export interface ServicesTrackConfig extends TrackCommon {
  readonly kind: 'services'
  readonly weight: number
  /** How long a difference must last. */
  readonly hold: Millis
  /** The weight counts for each server that only the peer sees. */
  readonly perServer: boolean
}

export type TrackConfig =
  | InterfaceTrackConfig
  | ScriptTrackConfig
  | FileTrackConfig
  | ProcessTrackConfig
  | GatewayTrackConfig
  | ServicesTrackConfig

/** Of all its addresses. */
export const familyOf = ({ addresses }: Pick<VirtualRouterConfig, 'addresses'>): IpAddress['family'] =>
  addresses[0]?.address.family ?? 4

export type Forwarding = 'direct' | 'nat' | 'full_nat' | 'tunnel'
export type Protocol = 'tcp' | 'udp' | 'sctp'
/** Names of ipvsadm, for IP_VS_SVC_F_SCHED_* (linux/ip_vs.h). */
export type SchedulerFlag = 'sh-fallback' | 'sh-port' | 'mh-fallback' | 'mh-port'

export interface TunnelConfig {
  readonly type: 'ipip' | 'gue' | 'gre'
  /** UDP port of GUE; undefined with the others. */
  readonly port: Port | undefined
  /** Of the outer header, for GUE and GRE; `remote`: remote checksum offload, for GUE. */
  readonly checksum: boolean | 'remote'
}

/** A machine that packets are handed to. */
export interface DestinationConfig {
  /** Port 0: the one that the client asked for. */
  readonly endpoint: Endpoint
  readonly forwarding: Forwarding
  /** With forwarding `tunnel`, and only then. */
  readonly tunnel: TunnelConfig | undefined
}

export interface VirtualServiceConfig {
  readonly name: string
  readonly address: ServiceAddress
  /** Undefined with a firewall mark, which goes with any. */
  readonly protocol: Protocol | undefined
  /** Kernel name: `rr`, `wrr`, `lc`, `wlc`, `sh`, `mh` … */
  readonly scheduler: string
  /** In one order, each once; of the scheduler that they belong to. */
  readonly schedulerFlags: readonly SchedulerFlag[]
  /** UDP only: every packet is scheduled by itself. */
  readonly onePacket: boolean
  /** Of servers that name none. */
  readonly forwarding: Forwarding
  /** Persistence time; undefined none. */
  readonly persistence: Millis | undefined
  /** Prefix length: clients that share it share a server. Undefined: each client for itself. */
  readonly persistenceNetmask: number | undefined
  /** Kernel name of what tells clients apart; undefined: their address. */
  readonly persistenceEngine: 'sip' | undefined
  readonly onDown: 'quiesce' | 'remove'
  /** How long a server that leaves may keep its connections; undefined: it goes at once. */
  readonly drainTimeout: Millis | undefined
  /** How long a returning server's weight rises; undefined: it has all of it at once. */
  readonly slowStart: Millis | undefined
  /** What the servers that are up must weigh together, at least 1. */
  readonly quorum: number
  /** Enough again at `quorum` and this much more, too few below `quorum` less this. */
  readonly quorumHysteresis: number
  /** Share of the servers; undefined: failures are always believed. */
  readonly panicThreshold: number | undefined
  readonly initial: 'up' | 'down'
  readonly realServers: readonly RealServerConfig[]
  /** Stands in while the quorum is not reached. */
  readonly sorryServer: DestinationConfig | undefined
}

export interface RealServerConfig extends DestinationConfig {
  /** Unique within its service; the address text where the file gives none. */
  readonly name: string
  readonly weight: Weight
  /** Connections above which it gets no more; 0: no limit. */
  readonly upperThreshold: number
  /** Connections below which it gets some again; 0: three quarters of the upper one. */
  readonly lowerThreshold: number
  /** All must pass; empty: always healthy. */
  readonly checks: readonly CheckConfig[]
}

export interface SyncConfig {
  /** `off` runs no sync daemons at all. */
  readonly transport: 'unicast' | 'off'
}

export interface IpvsConfig {
  readonly onExit: 'keep' | 'flush'
  readonly manage: 'declared' | 'all'
  readonly reconcileInterval: Millis
  /** Kernel settings by name, beside those that vipair sets of its own accord. */
  readonly sysctls: Readonly<Record<string, string>>
  /** How long an idle connection is remembered; undefined: as the kernel has it. Whole seconds. */
  readonly timeouts: {
    readonly tcp: Millis | undefined
    readonly tcpFin: Millis | undefined
    readonly udp: Millis | undefined
  }
}

export interface HealthcheckConfig {
  /** How many share the checks. */
  readonly processes: number | 'auto'
}

export interface ControlConfig {
  /** Group name that may use the socket; undefined: root only. */
  readonly group: string | undefined
  /** Permission bits of the socket, default 0o660. */
  readonly mode: number
}

export interface LogConfig {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly format: 'journal' | 'json' | 'text'
}
