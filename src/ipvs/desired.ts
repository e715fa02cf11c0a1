/** The table that the file and the servers' health ask for. */
import type { Health } from '../base/facts.js'
import type { Port } from '../base/units.js'
import type {
  Forwarding,
  Protocol,
  RealServerConfig,
  SyncConfig,
  VirtualServiceConfig,
} from '../config/model.js'
import { IP_VS_CONN_F, IP_VS_SVC_F, IPPROTO } from './constants.js'
import type { Daemon, Destination, Service, ServiceEntry, ServiceKey, Table } from './model.js'
import { destinationId, serviceId } from './model.js'

/** The verdict that stands for a server; `unknown` where there is none yet. */
export type HealthOf = (service: string, server: string) => Health

export interface DesiredSetting {
  readonly services: readonly VirtualServiceConfig[]
  readonly sync: SyncConfig
  /** This director's id: the syncid of what it sends. */
  readonly directorId: number
  /** The peer's; undefined without a peer, and then without sync daemons. */
  readonly peerId: number | undefined
}

const protocolNumbers: Readonly<Record<Protocol, number>> = { tcp: IPPROTO.TCP, udp: IPPROTO.UDP }
const forwardingNumbers: Readonly<Record<Forwarding, number>> = {
  direct: IP_VS_CONN_F.DROUTE,
  nat: IP_VS_CONN_F.MASQ,
  // The source is turned by nf_tables, behind IPVS.
  full_nat: IP_VS_CONN_F.MASQ,
}

const noPort = 0 as Port

/** Persistence by single client: IPv4 as a mask, IPv6 as a prefix length. */
const singleClient = { 4: 0xffffffff, 6: 128 } as const

/**
 * Both daemons on `lo`, so that nobody outside hears or injects; the bytes cross to the peer over the
 * pair's authenticated channel. Each director sends under its own id and is told apart by it.
 */
const SYNC_INTERFACE = 'lo'

export function keyOf(service: VirtualServiceConfig): ServiceKey {
  const { address, port } = service.endpoint
  return { kind: 'endpoint', protocol: protocolNumbers[service.protocol], address, port }
}

export function desiredTable(setting: DesiredSetting, healthOf: HealthOf, actual: Table): Table {
  const services = new Map<string, ServiceEntry>()
  for (const service of setting.services) {
    const id = serviceId(keyOf(service))
    services.set(id, desiredEntry(service, healthOf, actual.services.get(id)))
  }
  return { services, daemons: desiredDaemons(setting) }
}

export function desiredDaemons({ sync, directorId, peerId }: DesiredSetting): readonly Daemon[] {
  if (sync.transport === 'off' || peerId === undefined) return []
  return [
    { role: 'master', interface: SYNC_INTERFACE, syncId: directorId, maxLength: undefined },
    { role: 'backup', interface: SYNC_INTERFACE, syncId: peerId, maxLength: undefined },
  ]
}

/** One service with the destinations that should stand now. `actual` is asked only where health is unknown. */
export function desiredEntry(
  config: VirtualServiceConfig,
  healthOf: HealthOf,
  actual: ServiceEntry | undefined,
): ServiceEntry {
  const destinations = new Map<string, Destination>()
  for (const server of config.realServers) {
    const destination = destinationOf(server)
    const id = destinationId(destination)
    const health = server.checks.length === 0 ? 'healthy' : healthOf(config.name, server.name)
    const weight = weightFor(config, server, health, actual?.destinations.get(id)?.weight)
    if (weight !== undefined) destinations.set(id, { ...destination, weight })
  }
  return { service: serviceOf(config), destinations }
}

/**
 * Undefined: absent. Unknown health changes nothing: a destination keeps the weight that it has in the
 * kernel, and only a new one starts as `initial` says.
 */
function weightFor(
  config: VirtualServiceConfig,
  server: RealServerConfig,
  health: Health,
  inKernel: number | undefined,
): number | undefined {
  switch (health) {
    case 'healthy':
      return server.weight
    case 'unhealthy':
      return config.onDown === 'remove' ? undefined : 0
    case 'unknown':
      return inKernel ?? (config.initial === 'up' ? server.weight : 0)
  }
}

function serviceOf(config: VirtualServiceConfig): Service {
  const persistent = config.persistence !== undefined
  return {
    key: keyOf(config),
    scheduler: config.scheduler,
    flags: persistent ? IP_VS_SVC_F.PERSISTENT : 0,
    persistenceSeconds: persistent ? Math.ceil(config.persistence / 1000) : 0,
    netmask: singleClient[config.endpoint.address.family],
    engine: undefined,
  }
}

const destinationOf = (server: RealServerConfig): Destination => ({
  endpoint: server.endpoint,
  forwarding: forwardingNumbers[server.forwarding],
  weight: server.weight,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: { type: 0, port: noPort, flags: 0 },
})
