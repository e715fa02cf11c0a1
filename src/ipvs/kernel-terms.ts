/** A service of the file in the kernel's numbers. */

import { type Port, port as toPort } from '../base/units.js'
import type {
  DestinationConfig,
  Forwarding,
  Protocol,
  RealServerConfig,
  SchedulerFlag,
  TunnelConfig,
  VirtualServiceConfig,
} from '../config/model.js'
import { serviceFamily } from '../config/service-address.js'
import {
  IP_VS_CONN_F,
  IP_VS_CONN_F_TUNNEL_TYPE,
  IP_VS_SVC_F,
  IP_VS_TUNNEL_ENCAP_FLAG,
  IPPROTO,
} from './constants.js'
import { type Destination, type Service, type ServiceKey, serviceId, type Tunnel } from './model.js'

const protocolNumbers: Readonly<Record<Protocol, number>> = {
  tcp: IPPROTO.TCP,
  udp: IPPROTO.UDP,
  sctp: IPPROTO.SCTP,
}
const forwardingNumbers: Readonly<Record<Forwarding, number>> = {
  direct: IP_VS_CONN_F.DROUTE,
  nat: IP_VS_CONN_F.MASQ,
  // The source is turned by nf_tables, behind IPVS.
  full_nat: IP_VS_CONN_F.MASQ,
  tunnel: IP_VS_CONN_F.TUNNEL,
}
const flagNumbers: Readonly<Record<SchedulerFlag, number>> = {
  'sh-fallback': IP_VS_SVC_F.SCHED1,
  'sh-port': IP_VS_SVC_F.SCHED2,
  'mh-fallback': IP_VS_SVC_F.SCHED1,
  'mh-port': IP_VS_SVC_F.SCHED2,
}
const tunnelNumbers: Readonly<Record<TunnelConfig['type'], number>> = {
  ipip: IP_VS_CONN_F_TUNNEL_TYPE.IPIP,
  gue: IP_VS_CONN_F_TUNNEL_TYPE.GUE,
  gre: IP_VS_CONN_F_TUNNEL_TYPE.GRE,
}

const noPort = 0 as Port
const noTunnel: Tunnel = { type: 0, port: noPort, flags: 0 }

/** A sorry server has no weight of its own: it is alone. */
const sorryWeight = 1

/** One for each port. */
export function serviceKeys({ address: at, protocol }: VirtualServiceConfig): readonly ServiceKey[] {
  if (at.kind === 'fwmark') return [{ kind: 'fwmark', family: at.family, mark: at.mark }]
  const { address, firstPort, lastPort } = at
  const keys: ServiceKey[] = []
  for (let number: number = firstPort; number <= lastPort; number++) {
    const port = toPort(number) ?? noPort
    keys.push({ kind: 'endpoint', protocol: protocolNumbers[protocol ?? 'tcp'], address, port })
  }
  return keys
}

/** Their names. */
export const serviceIds = (service: VirtualServiceConfig): readonly string[] =>
  serviceKeys(service).map(serviceId)

export function kernelService(config: VirtualServiceConfig, key: ServiceKey): Service {
  const persistent = config.persistence !== undefined
  const flags = config.schedulerFlags.map((flag) => flagNumbers[flag])
  if (persistent) flags.push(IP_VS_SVC_F.PERSISTENT)
  if (config.onePacket) flags.push(IP_VS_SVC_F.ONEPACKET)
  return {
    key,
    scheduler: config.scheduler,
    flags: flags.reduce((all, flag) => all | flag, 0),
    persistenceSeconds: persistent ? Math.ceil(config.persistence / 1000) : 0,
    netmask: netmaskOf(config),
    engine: config.persistenceEngine,
  }
}

/** Kernel modules that the service needs beside ip_vs. */
export const modulesOf = ({ scheduler, engine }: Service): readonly string[] => [
  `ip_vs_${scheduler}`,
  ...(engine === undefined ? [] : [`ip_vs_pe_${engine}`]),
]

/** IPv4 as a mask, IPv6 as a prefix length. */
function netmaskOf({ address, persistenceNetmask: length }: VirtualServiceConfig): number {
  if (serviceFamily(address) === 6) return length ?? 128
  return length === undefined ? 0xffffffff : 0xffffffff - (2 ** (32 - length) - 1)
}

/** As it is when it is well. Without a port of its own a server is asked on the service's. */
export function kernelDestination(
  key: ServiceKey,
  server: DestinationConfig | RealServerConfig,
): Destination {
  const { address, port } = server.endpoint
  const asked = key.kind === 'fwmark' ? noPort : key.port
  return {
    endpoint: { address, port: port === noPort ? asked : port },
    forwarding: forwardingNumbers[server.forwarding],
    weight: 'weight' in server ? server.weight : sorryWeight,
    upperThreshold: 'weight' in server ? server.upperThreshold : 0,
    lowerThreshold: 'weight' in server ? server.lowerThreshold : 0,
    tunnel: server.tunnel === undefined ? noTunnel : kernelTunnel(server.tunnel),
  }
}

const kernelTunnel = ({ type, port, checksum }: TunnelConfig): Tunnel => ({
  type: tunnelNumbers[type],
  port: port ?? noPort,
  flags:
    checksum === 'remote'
      ? IP_VS_TUNNEL_ENCAP_FLAG.REMCSUM
      : checksum
        ? IP_VS_TUNNEL_ENCAP_FLAG.CSUM
        : IP_VS_TUNNEL_ENCAP_FLAG.NOCSUM,
})
