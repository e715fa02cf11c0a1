/**
 * One row of /proc/net/ip_vs_conn (ip_vs_conn_seq_show), in hexadecimal but for IPv6 addresses. The columns:
 *
 *     Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
 */
import { fromHex } from './bytes.js'
import { type IpAddress, ipFromBytes, parseIp } from './ip.js'

export interface ConnectionRow {
  /** IPPROTO; 0 for a template of a firewall mark. */
  readonly protocol: number
  readonly client: IpAddress
  readonly clientPort: number
  /** The firewall mark in its first four bytes where the protocol is 0. */
  readonly virtual: IpAddress
  readonly virtualPort: number
  readonly destination: IpAddress
  readonly destinationPort: number
  /** As the kernel names it: `ESTABLISHED`, `UDP`, `ASSURED` … */
  readonly state: string
  /** Seconds. */
  readonly expires: number
  /** Name of the persistence engine that keeps it. */
  readonly engine: string | undefined
}

const protocols: Readonly<Record<string, number>> = { IP: 0, TCP: 6, UDP: 17 }

/** Undefined when it is no row, or one of another protocol. */
export function connectionRow(line: string): ConnectionRow | undefined {
  const columns = line.trim().split(/\s+/)
  const [protocolName = '', from = '', fromPort = '', to = '', toPort = ''] = columns
  const [, , , , , dest = '', destPort = '', state = '', expires = '', engine] = columns
  const protocol = protocols[protocolName]
  const [client, virtual, destination] = [address(from), address(to), address(dest)]
  const [clientPort, virtualPort, destinationPort] = [portOf(fromPort), portOf(toPort), portOf(destPort)]
  if (protocol === undefined || !client || !virtual || !destination) return undefined
  if (clientPort === undefined || virtualPort === undefined || destinationPort === undefined) return undefined
  if (!/^\d+$/.test(expires)) return undefined
  const ends = { client, clientPort, virtual, virtualPort, destination, destinationPort }
  return { protocol, ...ends, state, expires: Number(expires), engine }
}

function address(text: string): IpAddress | undefined {
  if (text.includes(':')) return parseIp(text)
  const bytes = text.length === 8 ? fromHex(text) : undefined
  return bytes && ipFromBytes(bytes)
}

const portOf = (text: string): number | undefined =>
  /^[0-9A-Fa-f]{4}$/.test(text) ? Number.parseInt(text, 16) : undefined
