/** The PROXY protocol's header of a connection that speaks for itself (haproxy's proxy-protocol.txt). */
import { type Endpoint, formatIp } from '../base/ip.js'

/** Section 2.2, and a version 2 header whose command is LOCAL: without addresses, made for health checks. */
const localHeader = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
  ...[0x20, 0x00, 0x00, 0x00],
)

/**
 * Version 1 (section 2.1) tells the connection's own addresses: its `UNKNOWN`, which may be said instead, is
 * refused by many servers.
 */
export function proxyHeader(version: 1 | 2, from: Endpoint, to: Endpoint): Uint8Array {
  if (version === 2) return localHeader
  const family = to.address.family === 6 ? 'TCP6' : 'TCP4'
  const line = ['PROXY', family, formatIp(from.address), formatIp(to.address), from.port, to.port]
  return new TextEncoder().encode(`${line.join(' ')}\r\n`)
}
