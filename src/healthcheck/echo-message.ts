/**
 * ICMP echo of both families (RFC 792, RFC 4443 section 4), and what comes in place of an answer.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     Type      |     Code      |           Checksum            |
 * +---------------+---------------+-------------------------------+
 * |          Identifier           |            Sequence           |
 * +-------------------------------+-------------------------------+
 * | Data; of an error, from the packet that it is about           |
 */
import { Reader, Writer } from '../base/bytes.js'
import type { IpAddress } from '../base/ip.js'

type Family = IpAddress['family']

export interface Echo {
  readonly identifier: number
  readonly sequence: number
  readonly payload: Uint8Array
}

export type EchoAnswer =
  | ({ readonly type: 'reply' } & Echo)
  /** `destination`: where the request was going that this is about. */
  | {
      readonly type: 'error'
      readonly reason: string
      readonly identifier: number
      readonly sequence: number
      readonly destination: IpAddress
    }

const types = {
  4: { reply: 0, request: 8 },
  6: { reply: 129, request: 128 },
} as const
const protocolOf = { 4: 1, 6: 58 } as const
const checksumAt = 2

/** The kernel itself has the checksum of version 6, which covers addresses. */
export function encodeEchoRequest(family: Family, { identifier, sequence, payload }: Echo): Uint8Array {
  const writer = new Writer(8 + payload.length)
    .u8(types[family].request)
    .u8(0)
    .u16be(0)
    .u16be(identifier)
    .u16be(sequence)
    .bytes(payload)
  return family === 4 ? writer.setU16be(checksumAt, checksum(writer.finish())).finish() : writer.finish()
}

/** Undefined for whatever is neither. Never throws; the checksum was the kernel's to look at. */
export function decodeEchoAnswer(family: Family, message: Uint8Array): EchoAnswer | undefined {
  const reader = new Reader(message)
  const type = reader.u8()
  const code = reader.u8()
  reader.skip(2)
  if (type !== types[family].reply) {
    const reason = (family === 4 ? reason4 : reason6)(type, code)
    reader.skip(4)
    return reason === undefined || reader.failed ? undefined : decodeError(family, reader, reason)
  }
  const [identifier, sequence] = [reader.u16be(), reader.u16be()]
  if (reader.failed || code !== 0) return undefined
  return { type: 'reply', identifier, sequence, payload: reader.take(reader.remaining) }
}

function decodeError(family: Family, reader: Reader, reason: string): EchoAnswer | undefined {
  const destination = family === 4 ? skipIpv4(reader) : skipIpv6(reader)
  const type = reader.u8()
  reader.skip(3)
  const [identifier, sequence] = [reader.u16be(), reader.u16be()]
  if (reader.failed || !destination || type !== types[family].request) return undefined
  return { type: 'error', reason, identifier, sequence, destination: { family, bytes: destination } }
}

/** RFC 791 section 3.1: options and all. */
function skipIpv4(reader: Reader): Uint8Array | undefined {
  const first = reader.u8()
  reader.skip(8)
  const protocol = reader.u8()
  reader.skip(6)
  const destination = reader.take(4)
  reader.skip((first & 0xf) * 4 - 20)
  return first >> 4 === 4 && protocol === protocolOf[4] ? destination : undefined
}

/** RFC 8200 section 3: what we send has no extension headers. */
function skipIpv6(reader: Reader): Uint8Array | undefined {
  const first = reader.u8()
  reader.skip(5)
  const next = reader.u8()
  reader.skip(17)
  const destination = reader.take(16)
  return first >> 4 === 6 && next === protocolOf[6] ? destination : undefined
}

const unreachable4: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  2: 'protocol unreachable',
  4: 'too large for the path, and not to be fragmented',
  6: 'network unknown',
  7: 'host unknown',
  9: 'network prohibited',
  10: 'host prohibited',
  13: 'prohibited by a filter',
}
/** RFC 792, RFC 1812 section 5.2.7.1. */
function reason4(type: number, code: number): string | undefined {
  if (type === 3) return unreachable4[code] ?? 'host unreachable'
  return type === 11 ? 'time to live exceeded on the way' : undefined
}

const unreachable6: Readonly<Record<number, string>> = {
  0: 'no route to the host',
  1: 'prohibited by a filter',
  2: 'beyond the scope of the source address',
  5: 'prohibited by a filter',
  6: 'refused by a route',
}
/** RFC 4443 section 3. */
function reason6(type: number, code: number): string | undefined {
  if (type === 1) return unreachable6[code] ?? 'host unreachable'
  if (type === 2) return 'too large for the path'
  return type === 3 ? 'hop limit exceeded on the way' : undefined
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i++) sum += (bytes[i] ?? 0) << (i % 2 === 0 ? 8 : 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
