/**
 * The IPVS table as the kernel means it: numbers of `constants.ts`, seconds, masks. Identity (keys) is
 * apart from configuration, and configuration from what is only observed.
 */
import type { Endpoint, IpAddress } from '../base/ip.js'
import { formatEndpoint } from '../base/ip.js'
import type { TrafficStatus } from '../base/status.js'
import type { Port } from '../base/units.js'
import { IPPROTO } from './constants.js'

export interface EndpointKey {
  readonly kind: 'endpoint'
  /** IPPROTO. */
  readonly protocol: number
  readonly address: IpAddress
  /** 0: all ports, with persistence. */
  readonly port: Port
}

export interface FwmarkKey {
  readonly kind: 'fwmark'
  readonly family: 4 | 6
  readonly mark: number
}

export type ServiceKey = EndpointKey | FwmarkKey

/** A virtual service as it is asked for. Everything but the key can be changed in place. */
export interface Service {
  readonly key: ServiceKey
  readonly scheduler: string
  /** IP_VS_SVC_F. HASHED is the kernel's own and compares equal always. */
  readonly flags: number
  /** Counts with PERSISTENT only. */
  readonly persistenceSeconds: number
  /** Client granularity of persistence. IPv4: a mask, 0xffffffff for single clients; IPv6: a prefix length. */
  readonly netmask: number
  /** Persistence engine; undefined none. */
  readonly engine: string | undefined
}

export interface Tunnel {
  /** 0 ipip, 1 GUE, 2 GRE. */
  readonly type: number
  readonly port: Port
  /** 0 no checksum, 1 checksum, 2 remote checksum offload. */
  readonly flags: number
}

/** A destination as it is asked for, known by its endpoint within its service. */
export interface Destination {
  readonly endpoint: Endpoint
  /** IP_VS_CONN_F. */
  readonly forwarding: number
  /** 0 quiesces: no new connections, old ones go on. */
  readonly weight: number
  /** Connections above which the destination counts as overloaded; 0 no limit. */
  readonly upperThreshold: number
  /** Connections below which it returns; 0 three quarters of the upper one. */
  readonly lowerThreshold: number
  /** Looked at for forwarding TUNNEL only. */
  readonly tunnel: Tunnel
}

/** Since the service or destination exists; rates are the kernel's averages, a second. */
export type Traffic = TrafficStatus

export const noTraffic: Traffic = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
}

export interface ObservedService extends Service {
  readonly traffic: Traffic
}

export interface ObservedDestination extends Destination {
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
  readonly traffic: Traffic
}

export type DaemonRole = 'master' | 'backup'

/** A kernel sync daemon; there is at most one of each role in a network namespace. */
export interface Daemon {
  readonly role: DaemonRole
  readonly interface: string
  /** 0 to 255: one byte on the wire, though the kernel accepts more. */
  readonly syncId: number
  /** Bytes of UDP payload at most; undefined: the kernel's choice from the interface's MTU, compares equal always. */
  readonly maxLength: number | undefined
}

/** Seconds; how long an idle connection is remembered. */
export interface Timeouts {
  readonly tcp: number
  readonly tcpFin: number
  readonly udp: number
}

export interface ServiceEntry<S extends Service = Service, D extends Destination = Destination> {
  readonly service: S
  /** By `destinationId`. */
  readonly destinations: ReadonlyMap<string, D>
}

export interface Table<S extends Service = Service, D extends Destination = Destination> {
  /** By `serviceId`. */
  readonly services: ReadonlyMap<string, ServiceEntry<S, D>>
  readonly daemons: readonly Daemon[]
}

export type ObservedEntry = ServiceEntry<ObservedService, ObservedDestination>
export type ObservedTable = Table<ObservedService, ObservedDestination>

const protocolNames = new Map<number, string>([
  [IPPROTO.TCP, 'tcp'],
  [IPPROTO.UDP, 'udp'],
  [IPPROTO.SCTP, 'sctp'],
])

/** `tcp 10.0.0.100:80`, `fwmark 7`, `fwmark6 7`. */
export function serviceId(key: ServiceKey): string {
  if (key.kind === 'fwmark') return `fwmark${key.family === 6 ? '6' : ''} ${key.mark}`
  return `${protocolNames.get(key.protocol) ?? key.protocol} ${formatEndpoint(key)}`
}

export const familyOfKey = (key: ServiceKey): 4 | 6 =>
  key.kind === 'fwmark' ? key.family : key.address.family

/** `10.0.0.21:80`. */
export const destinationId = (destination: Destination): string => formatEndpoint(destination.endpoint)

/** `sync master`, `sync backup`. */
export const daemonId = (role: DaemonRole): string => `sync ${role}`
