/** `[[virtual_service]]` in the file's own words to the model. */
import { buildCheck, type CheckConfig, defaultCheck } from './check.js'
import { unlessZero } from './defaults.js'
import type {
  DestinationConfig,
  Forwarding,
  RealServerConfig,
  TunnelConfig,
  VirtualServiceConfig,
} from './model.js'
import { formatServerAddress, hasManyPorts, type ServiceAddress, serviceFamily } from './service-address.js'
import type { FileTable } from './tables/file.js'

type ServiceTable = FileTable['virtual_service'][number]
type ServerTable = ServiceTable['real_servers'][number]
type SorryTable = NonNullable<ServiceTable['sorry_server']>

export function buildService(service: ServiceTable): VirtualServiceConfig {
  const address = addressOf(service)
  // One list for all the servers that have no check of their own.
  const checks = service.check?.flatMap(buildCheck) ?? defaultChecks(service, address)
  return {
    name: service.name,
    address,
    protocol: address.kind === 'fwmark' ? undefined : service.protocol,
    scheduler: service.scheduler,
    schedulerFlags: [...new Set(service.scheduler_flags)].sort(),
    onePacket: service.one_packet,
    forwarding: service.forwarding,
    persistence: unlessZero(service.persistence),
    persistenceNetmask: netmaskOf(service, address),
    persistenceEngine: service.persistence_engine,
    onDown: service.on_down,
    drainTimeout: unlessZero(service.drain_timeout),
    slowStart: unlessZero(service.slow_start),
    quorum: service.quorum,
    quorumHysteresis: service.quorum_hysteresis,
    panicThreshold: service.panic_threshold,
    initial: service.initial,
    realServers: service.real_servers.map((server) => buildServer(server, service, checks)),
    sorryServer: service.sorry_server && buildDestination(service.sorry_server, service),
  }
}

function addressOf({ address, fwmark, family }: ServiceTable): ServiceAddress {
  if (address !== undefined) return address
  if (fwmark === undefined) throw new Error('a service without an address was let through')
  return { kind: 'fwmark', family: family === 'ipv6' ? 6 : 4, mark: fwmark }
}

/** Single clients are the default. */
function netmaskOf({ persistence_netmask: mask }: ServiceTable, address: ServiceAddress): number | undefined {
  const whole = serviceFamily(address) === 4 ? 32 : 128
  return mask === undefined || mask.length === whole ? undefined : mask.length
}

const buildTunnel = ({ type, port, checksum }: NonNullable<ServiceTable['tunnel']>): TunnelConfig => ({
  type,
  port,
  checksum,
})

const plainTunnel: TunnelConfig = { type: 'ipip', port: undefined, checksum: false }

function buildDestination(server: SorryTable, service: ServiceTable): DestinationConfig {
  const forwarding: Forwarding = server.forwarding ?? service.forwarding
  const tunnel = server.tunnel ?? service.tunnel
  return {
    endpoint: server.address,
    forwarding,
    tunnel: forwarding === 'tunnel' ? (tunnel ? buildTunnel(tunnel) : plainTunnel) : undefined,
  }
}

const buildServer = (
  server: ServerTable,
  service: ServiceTable,
  checks: readonly CheckConfig[],
): RealServerConfig => ({
  name: server.name ?? formatServerAddress(server.address),
  ...buildDestination(server, service),
  weight: server.weight,
  upperThreshold: server.upper_threshold,
  lowerThreshold: server.lower_threshold,
  checks: server.check?.flatMap(buildCheck) ?? checks,
})

/** A TCP connection to another protocol's port would only ever fail, and many ports do not say which. */
const defaultChecks = ({ protocol }: ServiceTable, address: ServiceAddress): readonly CheckConfig[] =>
  protocol !== 'tcp' || hasManyPorts(address) ? [] : [defaultCheck]
