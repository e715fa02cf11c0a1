/** Virtual services in the status: what the file says beside what the kernel and the checks say. Pure. */
import { weightAsked } from '../base/asked-weight.js'
import type { ServerHealth } from '../base/facts.js'
import type {
  PanicStatus,
  QuorumStatus,
  RealServerStatus,
  SorryServerStatus,
  TrafficStatus,
  VirtualServiceStatus,
} from '../base/status.js'
import type { Millis } from '../base/units.js'
import type { DestinationConfig, RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { formatServerAddress, formatServiceAddress, serviceFamily } from '../config/service-address.js'
import type { IpvsServerStatus, IpvsServiceStatus } from '../ipvs/status.js'
import type { ChecksByServer } from './checks-by-server.js'
import { healthKey } from './health-key.js'
import type { PeerMirror } from './peer/mirror.js'
import type { ServerOverrides } from './server-overrides.js'
import type { TrafficView } from './traffic.js'

export interface ServiceStatusInput {
  readonly uptime: Millis
  /** Now, on the monotonic clock. */
  readonly now: Millis
  /** By `healthKey`. */
  readonly health: ReadonlyMap<string, ServerHealth>
  /** Since when, on the monotonic clock; by `healthKey`. */
  readonly healthSince: ReadonlyMap<string, Millis>
  /** By `healthKey`. */
  readonly checks: ChecksByServer
  readonly overrides: Pick<ServerOverrides, 'of' | 'saidAt'>
  /** Undefined without a peer. */
  readonly mirror: Pick<PeerMirror, 'verdict'> | undefined
  readonly traffic: TrafficView | undefined
  /** Undefined before the ipvs process has reported. */
  readonly inKernel: IpvsServiceStatus | undefined
}

export function serviceStatus(
  service: VirtualServiceConfig,
  input: ServiceStatusInput,
): VirtualServiceStatus {
  const there = new Map(input.inKernel?.realServers.map((server) => [server.name, server]))
  const traffic = input.traffic?.ofServers(service.name)
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
      serverStatus(service, server, input, there.get(server.name), traffic?.get(server.name) ?? null),
    ),
    sorryServer: service.sorryServer ? sorryStatus(service.sorryServer, input) : null,
    draining: (input.inKernel?.draining ?? []).map(({ left, ...rest }) => ({
      ...rest,
      secondsLeft: left / 1000,
    })),
    traffic: input.traffic?.ofService(service.name) ?? null,
    quorum: quorumStatus(service, input),
    panic: panicStatus(input),
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

function quorumStatus(
  { quorum: needed, quorumHysteresis: hysteresis }: VirtualServiceConfig,
  { inKernel, now }: ServiceStatusInput,
): QuorumStatus | null {
  if (inKernel?.quorum === undefined) return null
  const { have, reached, since } = inKernel.quorum
  return { needed, hysteresis, have, reached, sinceSeconds: Math.max(0, now - since) / 1000 }
}

function panicStatus({ inKernel, now }: ServiceStatusInput): PanicStatus | null {
  if (inKernel?.panic === undefined) return null
  const { since, until, suspects } = inKernel.panic
  return {
    sinceSeconds: Math.max(0, now - since) / 1000,
    secondsLeft: until === undefined ? null : Math.max(0, until - now) / 1000,
    suspects,
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
  { now, uptime, health, healthSince, checks, overrides, mirror }: ServiceStatusInput,
  there: IpvsServerStatus | undefined,
  traffic: TrafficStatus | null,
): RealServerStatus {
  const override = overrides.of(service.name, server.name)
  const key = healthKey(service.name, server.name)
  const known = health.get(key)
  const since = healthSince.get(key)
  return {
    name: server.name,
    address: formatServerAddress(server.endpoint),
    health: known?.health ?? 'unknown',
    reason: known?.reason ?? 'no verdict yet',
    sinceSeconds: (since === undefined ? uptime : Math.max(0, now - since)) / 1000,
    checks: checks.get(key) ?? [],
    weight: server.weight,
    asked: known?.asked
      ? { weight: weightAsked(known.asked.weight, server.weight), by: known.asked.by }
      : null,
    effectiveWeight: there?.kernelWeight ?? null,
    forwarding: forwardingText(server),
    peer: mirror?.verdict(service.name, server.name) ?? null,
    admin: override?.action ?? 'enabled',
    adminReason: override?.reason ?? null,
    suspect: there?.suspect ?? false,
    heldSeconds: secondsOf(there?.heldLeft),
    adminDirector: overrides.saidAt(service.name, server.name) ?? null,
    drainSeconds: secondsOf(there?.drainLeft),
    slowStartSeconds: secondsOf(there?.slowStartLeft),
    activeConnections: there?.activeConnections ?? 0,
    inactiveConnections: there?.inactiveConnections ?? 0,
    traffic,
  }
}

const secondsOf = (span: Millis | undefined): number | null => (span === undefined ? null : span / 1000)

function forwardingText({ forwarding, tunnel }: DestinationConfig): string {
  if (!tunnel) return forwarding
  const port = tunnel.port === undefined ? '' : `:${tunnel.port}`
  const checksum =
    tunnel.checksum === false ? '' : tunnel.checksum === true ? ' checksum' : ' remote checksum'
  return `${forwarding} ${tunnel.type}${port}${checksum}`
}
