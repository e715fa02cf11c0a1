/** The services whose servers see the virtual address as their client. */
import { formatIp, type IpAddress } from '../../base/ip.js'
import type { Protocol, VirtualServiceConfig } from '../../config/model.js'

/** Traffic to ports of one virtual address. */
export interface EndpointTarget {
  readonly kind: 'ports'
  readonly protocol: Protocol
  readonly address: IpAddress
  /** 0 with `lastPort` 0: all. */
  readonly firstPort: number
  /** Included. */
  readonly lastPort: number
  /** Of the servers: what their answers come from. 0: the port that the client asked for. */
  readonly serverPorts: readonly number[]
}

/** Traffic that a firewall rule has marked; the virtual address is whatever it was sent to. */
export interface MarkTarget {
  readonly kind: 'fwmark'
  readonly family: 4 | 6
  readonly mark: number
  readonly servers: readonly IpAddress[]
}

export type FullNatTarget = EndpointTarget | MarkTarget

export const targetFamily = (target: FullNatTarget): 4 | 6 =>
  target.kind === 'fwmark' ? target.family : target.address.family

export function fullNatTargets(services: readonly VirtualServiceConfig[]): readonly FullNatTarget[] {
  return services.flatMap(({ address: at, protocol, realServers, sorryServer }): readonly FullNatTarget[] => {
    const all = sorryServer === undefined ? realServers : [...realServers, sorryServer]
    const endpoints = all.flatMap(({ forwarding, endpoint }) => (forwarding === 'full_nat' ? endpoint : []))
    if (endpoints.length === 0) return []
    if (at.kind === 'fwmark') {
      const { family, mark } = at
      return [{ kind: 'fwmark', family, mark, servers: endpoints.map(({ address }) => address) }]
    }
    if (protocol === undefined) return []
    const serverPorts = [...new Set(endpoints.map(({ port }) => port as number))].sort((a, b) => a - b)
    return [{ ...at, protocol, serverPorts }]
  })
}

/** Whether a connection to this address and port is one of the target's; `protocol` as in the file. */
export function belongsTo(
  target: FullNatTarget,
  protocol: Protocol,
  address: IpAddress,
  port: number,
  server: IpAddress,
): boolean {
  if (target.kind === 'fwmark')
    return (
      target.family === address.family && target.servers.some((one) => formatIp(one) === formatIp(server))
    )
  if (target.protocol !== protocol || formatIp(target.address) !== formatIp(address)) return false
  return target.firstPort === 0 || (port >= target.firstPort && port <= target.lastPort)
}
