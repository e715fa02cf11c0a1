/**
 * Asks an IPv4 neighbour whether it is there: an ARP request (RFC 826), which only its owner answers.
 *
 *      0         6         12    14    16    18  19  20    22        28      32        38      42
 *      +---------+---------+-----+-----+-----+---+---+-----+---------+-------+---------+-------+
 *      |ff..ff   |our MAC  |0806 |hw 1 |0800 | 6 | 4 |op 1 |our MAC  |our IP |00..00   |asked  |
 *      +---------+---------+-----+-----+-----+---+---+-----+---------+-------+---------+-------+
 */
import { equalBytes, Reader, Writer } from '../../base/bytes.js'
import { equalIp, type IpAddress } from '../../base/ip.js'
import { fail, ok, type Result } from '../../base/result.js'

const macLength = 6
export const etherTypeArp = 0x0806
const etherTypeIpv4 = 0x0800
const hardwareEthernet = 1
const operations = { request: 1, reply: 2 } as const
const broadcast = new Uint8Array(macLength).fill(0xff)

/** Replies only, for a socket's filter. */
export const arpReplyBytes = [
  { offset: 20, value: 0 },
  { offset: 21, value: operations.reply },
] as const

/** `source` undefined: this interface has no address of its own (an ARP probe, RFC 5227 section 2.1.1). */
export function encodeArpRequest(
  mac: Uint8Array,
  source: IpAddress | undefined,
  target: IpAddress,
): Uint8Array {
  return new Writer(42)
    .bytes(broadcast)
    .bytes(mac)
    .u16be(etherTypeArp)
    .u16be(hardwareEthernet)
    .u16be(etherTypeIpv4)
    .u8(macLength)
    .u8(4)
    .u16be(operations.request)
    .bytes(mac)
    .bytes(source?.bytes ?? new Uint8Array(4))
    .zeros(macLength)
    .bytes(target.bytes)
    .finish()
}

export type ProbeAnswerError = 'truncated' | 'kind' | 'not_for_us' | 'another'

/** The MAC address with which `target` answers; anything that is not its reply to `mac` is refused. */
export function decodeArpReply(
  frame: Uint8Array,
  mac: Uint8Array,
  target: IpAddress,
): Result<Uint8Array, ProbeAnswerError> {
  const reader = new Reader(frame)
  reader.skip(2 * macLength)
  const etherType = reader.u16be()
  const hardware = reader.u16be()
  const protocol = reader.u16be()
  const lengths = reader.u16be()
  const operation = reader.u16be()
  const sender = reader.take(macLength)
  const senderAddress: IpAddress = { family: 4, bytes: reader.take(4) }
  const receiver = reader.take(macLength)
  reader.skip(4)
  if (reader.failed) return fail('truncated')
  if (etherType !== etherTypeArp || hardware !== hardwareEthernet || protocol !== etherTypeIpv4)
    return fail('kind')
  if (lengths !== ((macLength << 8) | 4) || operation !== operations.reply) return fail('kind')
  if (!equalBytes(receiver, mac)) return fail('not_for_us')
  return equalIp(senderAddress, target) ? ok(sender) : fail('another')
}
