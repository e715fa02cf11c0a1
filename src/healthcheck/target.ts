/** Where a check goes. */
import { type Endpoint, formatEndpoint, formatIp, type IpAddress } from '../base/ip.js'
import type { Port } from '../base/units.js'
import type { HostName } from '../config/host-name.js'
import type { RealServerConfig, TunnelConfig, VirtualServiceConfig } from '../config/model.js'

/** A machine by its name, which DNS turns into an address each time anew. */
export interface NamedTarget extends HostName {
  readonly port: Port
  /** Whose addresses are taken; `only`: no others where there are none. */
  readonly family: IpAddress['family']
  readonly only: boolean
}

/** How clients' packets get to a server that answers from the virtual address. */
export interface ForwardingPath {
  readonly virtual: IpAddress
  readonly server: IpAddress
  /** Undefined: by direct routing. */
  readonly tunnel: TunnelConfig | undefined
}

/** The virtual address on one of its servers. */
export interface ForwardedTarget extends ForwardingPath {
  readonly port: Port
}

export type CheckTarget = Endpoint | NamedTarget | ForwardedTarget

/** Without a port where it has none. */
export function formatTarget(target: CheckTarget): string {
  if ('name' in target) return target.port === 0 ? target.name : `${target.name}:${target.port}`
  if (!('virtual' in target)) return target.port === 0 ? formatIp(target.address) : formatEndpoint(target)
  const { virtual, port, server, tunnel } = target
  return `${formatEndpoint({ address: virtual, port })} on ${formatIp(server)} by ${tunnel?.type ?? 'direct routing'}`
}

/** Undefined where the server's answers are translated, or nothing says what the virtual address is. */
export function pathTo(
  { address }: VirtualServiceConfig,
  { endpoint, forwarding, tunnel }: RealServerConfig,
): ForwardingPath | undefined {
  const answers = forwarding === 'direct' || forwarding === 'tunnel'
  if (!answers || address.kind === 'fwmark') return undefined
  return { virtual: address.address, server: endpoint.address, tunnel }
}
