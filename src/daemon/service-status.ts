/** Virtual services in the status: what the file says beside what the kernel and the checks say. Pure. */
import type { ServerHealth } from '../base/facts.js'
import type { RealServerStatus, SorryServerStatus, VirtualServiceStatus } from '../base/status.js'
import type { Millis } from '../base/units.js'
import type { DestinationConfig, RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { formatServerAddress, formatServiceAddress, serviceFamily } from '../config/service-address.js'
import type { IpvsServerStatus, IpvsServiceStatus } from '../ipvs/status.js'
import { healthKey } from './health-key.js'

export interface ServiceStatusInput {
  readonly uptime: Millis
  /** Now, on the monotonic clock. */
  readonly now: Millis
  /** By `healthKey`. */
  readonly health: ReadonlyMap<string, ServerHealth>
  /** Since when, on the monotonic clock; by `healthKey`. */
  readonly healthSince: ReadonlyMap<string, Millis>
  /** Undefined before the ipvs process has reported. */
  readonly inKernel: IpvsServiceStatus | undefined
}

export function serviceStatus(
  service: VirtualServiceConfig,
  input: ServiceStatusInput,
): VirtualServiceStatus {
  const there = new Map(input.inKernel?.realServers.map((server) => [server.name, server]))
  return {
    name: service.name,
    address: formatServiceAddress(service.address),
    protocol: service.protocol ?? 'any',
    scheduler: service.scheduler,
    schedulerFlags: service.schedulerFlags,
    onePacket: service.onePacket,
    forwarding: service.forwarding,
    persistence: persistenceStatus(service),
    realServers: service.realServers.map((server) =>
      serverStatus(service, server, input, there.get(server.name)),
    ),
    sorryServer: service.sorryServer ? sorryStatus(service.sorryServer, input) : null,
    quorum: null,
  }
}

function persistenceStatus(service: VirtualServiceConfig): VirtualServiceStatus['persistence'] {
  const { persistence, persistenceNetmask, persistenceEngine, address } = service
  if (persistence === undefined) return null
  const whole = serviceFamily(address) === 4 ? 32 : 128
  return {
    seconds: persistence / 1000,
    netmask: persistenceNetmask ?? whole,
    engine: persistenceEngine ?? null,
  }
}

function sorryStatus(server: DestinationConfig, { inKernel }: ServiceStatusInput): SorryServerStatus {
  const there = inKernel?.sorryServer
  return {
    address: formatServerAddress(server.endpoint),
    forwarding: forwardingText(server),
    active: there?.inKernel ?? false,
    activeConnections: there?.activeConnections ?? 0,
    inactiveConnections: there?.inactiveConnections ?? 0,
  }
}

function serverStatus(
  service: VirtualServiceConfig,
  server: RealServerConfig,
  { now, uptime, health, healthSince }: ServiceStatusInput,
  there: IpvsServerStatus | undefined,
): RealServerStatus {
  const key = healthKey(service.name, server.name)
  const known = health.get(key)
  const since = healthSince.get(key)
  return {
    name: server.name,
    address: formatServerAddress(server.endpoint),
    health: known?.health ?? 'unknown',
    reason: known?.reason ?? 'no verdict yet',
    sinceSeconds: (since === undefined ? uptime : Math.max(0, now - since)) / 1000,
    weight: server.weight,
    effectiveWeight: there?.kernelWeight ?? null,
    forwarding: forwardingText(server),
    admin: 'enabled',
    activeConnections: there?.activeConnections ?? 0,
    inactiveConnections: there?.inactiveConnections ?? 0,
  }
}

function forwardingText({ forwarding, tunnel }: DestinationConfig): string {
  if (!tunnel) return forwarding
  const port = tunnel.port === undefined ? '' : `:${tunnel.port}`
  const checksum =
    tunnel.checksum === false ? '' : tunnel.checksum === true ? ' checksum' : ' remote checksum'
  return `${forwarding} ${tunnel.type}${port}${checksum}`
}
