/**
 * The gratuitous ARP frame with which an Active tells the LAN where an address now is (RFC 9568 section
 * 6.4.2; ARP announcement of RFC 5227 section 2.3). The request form, broadcast, sender and target
 * protocol address both the announced one: every stack updates an existing entry from it, and it is what
 * the field's switches and keepalived have been doing for years. A reply form in addition would only
 * double the traffic.
 *
 *      0         6         12    14    16    18  19  20    22        28      32        38      42
 *      +---------+---------+-----+-----+-----+---+---+-----+---------+-------+---------+-------+
 *      |ff..ff   |our MAC  |0806 |hw 1 |0800 | 6 | 4 |op 1 |our MAC  |address|00..00   |address|
 *      +---------+---------+-----+-----+-----+---+---+-----+---------+-------+---------+-------+
 */
import { equalBytes, Reader } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'
import { equalIp } from '../base/ip.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import { encodeArpRequest, etherTypeArp } from './tracking/arp-probe.js'

const macLength = 6
const etherTypeIpv4 = 0x0800
const hardwareEthernet = 1
const operationRequest = 1
const broadcast = new Uint8Array(macLength).fill(0xff)

/** `mac` is the interface's own, six bytes; `address` IPv4. */
export const encodeGratuitousArp = (mac: Uint8Array, address: IpAddress): Uint8Array =>
  encodeArpRequest(mac, address, address)

export interface GratuitousArp {
  readonly mac: Uint8Array
  readonly address: IpAddress
}

export type ArpError = 'truncated' | 'not_arp' | 'not_gratuitous'

/** Reads what `encodeGratuitousArp` writes; any other ARP is `not_gratuitous`. */
export function decodeGratuitousArp(frame: Uint8Array): Result<GratuitousArp, ArpError> {
  const reader = new Reader(frame)
  const destination = reader.take(macLength)
  reader.skip(macLength)
  const etherType = reader.u16be()
  const hardware = reader.u16be()
  const protocol = reader.u16be()
  const lengths = reader.u16be()
  const operation = reader.u16be()
  const mac = reader.take(macLength)
  const sender: IpAddress = { family: 4, bytes: reader.take(4) }
  reader.skip(macLength)
  const target: IpAddress = { family: 4, bytes: reader.take(4) }
  if (reader.failed) return fail('truncated')
  if (etherType !== etherTypeArp || hardware !== hardwareEthernet || protocol !== etherTypeIpv4)
    return fail('not_arp')
  if (lengths !== ((macLength << 8) | 4) || operation !== operationRequest) return fail('not_gratuitous')
  if (!equalBytes(destination, broadcast) || !equalIp(sender, target)) return fail('not_gratuitous')
  return ok({ mac, address: sender })
}
