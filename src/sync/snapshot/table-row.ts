/**
 * One row of /proc/net/ip_vs_conn as a sync record.
 *
 * What the table does not tell is left to the kernel that gets the record: the forwarding method comes from its
 * own destination, the timeout from its own table of states. A template's time is its service's persistence.
 */
import { connectionRow } from '../../base/connection-row.js'
import type { IpAddress } from '../../base/ip.js'
import { encodeKernelRecord, recordFlags } from '../kernel-record.js'

/** Seconds that a client of this service keeps its real server; undefined when it is not known. */
export type Persistence = (protocol: number, virtual: IpAddress, virtualPort: number) => number | undefined

/** `engine`: kept by a persistence engine, whose data the table shows only in part. */
export type RowProblem = 'malformed' | 'state' | 'engine'

/** TCP states by their place (IP_VS_TCP_S_). */
const tcpStates = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
]
/** In these the kernel counts a TCP connection as active (tcp_state_active_table). */
const activeStates: ReadonlySet<string> = new Set(['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK'])
const templateStates: Readonly<Record<string, number>> = { NONE: 0, ASSURED: 1 }

export function recordOfRow(line: string, persistence: Persistence): Uint8Array | RowProblem {
  const row = connectionRow(line)
  if (!row) return 'malformed'
  const { protocol, client, clientPort, virtual, virtualPort, destination, destinationPort } = row
  if (row.engine !== undefined) return 'engine'
  const kind = kindOf(protocol, clientPort, row.state)
  if (!kind) return 'state'
  const kept = kind.template ? (persistence(protocol, virtual, virtualPort) ?? row.expires) : 0
  const ends = { client, clientPort, virtual, virtualPort, destination, destinationPort }
  // A template of a firewall mark shows the mark where the virtual address would be.
  const fwmark = protocol === 0 ? markOf(virtual) : 0
  const { flags, state } = kind
  return encodeKernelRecord({
    protocol,
    flags,
    state,
    ...ends,
    fwmark,
    timeoutSeconds: kept,
    options: new Uint8Array(0),
  })
}

function kindOf(protocol: number, clientPort: number, name: string) {
  const templateState = clientPort === 0 ? templateStates[name] : undefined
  if (templateState !== undefined) {
    return { template: true, flags: recordFlags.template | recordFlags.inactive, state: templateState }
  }
  if (protocol === 17 && name === 'UDP') return { template: false, flags: recordFlags.inactive, state: 0 }
  const state = tcpStates.indexOf(name)
  if (protocol !== 6 || state < 0) return undefined
  return { template: false, flags: activeStates.has(name) ? 0 : recordFlags.inactive, state }
}

const markOf = (virtual: IpAddress): number =>
  virtual.bytes.slice(0, 4).reduce((mark, byte) => mark * 256 + byte, 0)
