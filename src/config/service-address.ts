/** What clients connect to: ports of one address, or whatever a firewall mark is on. */
import { formatEndpoint, formatIp, type IpAddress, parseEndpoint, parseIp } from '../base/ip.js'
import { type Port, port as toPort } from '../base/units.js'

export interface PortsAddress {
  readonly kind: 'ports'
  readonly address: IpAddress
  /** 0 together with `lastPort`: every port, with persistence. */
  readonly firstPort: Port
  /** Included. */
  readonly lastPort: Port
}

export interface MarkAddress {
  readonly kind: 'fwmark'
  readonly family: 4 | 6
  /** 1 to 2^32 - 1. */
  readonly mark: number
}

export type ServiceAddress = PortsAddress | MarkAddress

export const serviceFamily = (at: ServiceAddress): 4 | 6 =>
  at.kind === 'fwmark' ? at.family : at.address.family

/** Several ports, all of them, or any: a server given without a port is asked on the one that the client asked for. */
export const hasManyPorts = (at: ServiceAddress): boolean =>
  at.kind === 'fwmark' || at.firstPort === 0 || at.firstPort !== at.lastPort

/** `10.0.0.100:8000-8010` or `[2001:db8::1]:80`; undefined when it is neither, or the ports run backwards. */
export function parsePorts(text: string): PortsAddress | undefined {
  const match = /^(.*:(\d+))-(0|[1-9]\d{0,4})$/.exec(text)
  const first = parseEndpoint(match?.[1] ?? text)
  if (!first) return undefined
  const last = match ? toPort(Number(match[3])) : first.port
  if (last === undefined || last < first.port || (match && first.port === 0)) return undefined
  return { kind: 'ports', address: first.address, firstPort: first.port, lastPort: last }
}

/** `10.0.0.100:80`, `10.0.0.100:8000-8010`, `fwmark 7`, `fwmark6 7`. */
export function formatServiceAddress(at: ServiceAddress): string {
  if (at.kind === 'fwmark') return `fwmark${at.family === 6 ? '6' : ''} ${at.mark}`
  const first = formatEndpoint({ address: at.address, port: at.firstPort })
  return at.firstPort === at.lastPort ? first : `${first}-${at.lastPort}`
}

/** `10.0.0.21:80`, and `10.0.0.21` where the port is the one that the client asked for (0). */
export const formatServerAddress = (endpoint: {
  readonly address: IpAddress
  readonly port: Port
}): string => (endpoint.port === 0 ? formatIp(endpoint.address) : formatEndpoint(endpoint))

/** Port 0 when there is none; undefined when it is no address. */
export function parseServerAddress(text: string): { address: IpAddress; port: Port } | undefined {
  const endpoint = parseEndpoint(text)
  if (endpoint) return endpoint
  const address = parseIp(text)
  return address && { address, port: 0 as Port }
}
