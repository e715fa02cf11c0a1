/**
 * One connection in the kernel's sync protocol, version 1 (`struct ip_vs_sync_v4` and `ip_vs_sync_v6`). All
 * numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------+-----------------------+
 *    |  Type: 0, 1 v6|   Protocol    | Ver. 0|         Size          |
 *    +---------------+---------------+-------+-----------------------+
 *    |                             Flags                             |
 *    +-------------------------------+-------------------------------+
 *    |             State             |          Client port          |
 *    +-------------------------------+-------------------------------+
 *    |          Virtual port         |       Destination port        |
 *    +-------------------------------+-------------------------------+
 *    |                         Firewall mark                         |
 *    +---------------------------------------------------------------+
 *    |                       Timeout in seconds                      |
 *    +---------------------------------------------------------------+
 *    |   Client, virtual and destination address, 4 or 16 bytes each |
 *    +---------------------------------------------------------------+
 *    |   Options: type, length, data; together up to Size            |
 *    +---------------------------------------------------------------+
 */
import { Reader, Writer } from '../base/bytes.js'
import { type IpAddress, ipFromBytes } from '../base/ip.js'
import { markerService } from '../base/sync-marker.js'

/** IP_VS_CONN_F_ flags that travel (include/uapi/linux/ip_vs.h); the low three bits are the forwarding method. */
export const recordFlags = {
  methodMask: 0x0007,
  noOutput: 0x0080,
  inactive: 0x0100,
  noClientPort: 0x0800,
  template: 0x1000,
} as const

export interface KernelRecord {
  /** 6, 17, 132; 0 for a template of a firewall mark. */
  readonly protocol: number
  readonly flags: number
  readonly state: number
  readonly client: IpAddress
  readonly clientPort: number
  readonly virtual: IpAddress
  readonly virtualPort: number
  readonly destination: IpAddress
  readonly destinationPort: number
  /** 0 without one. */
  readonly fwmark: number
  /** 0: the receiving kernel's own timeout for the state. */
  readonly timeoutSeconds: number
  /** Sequence adjustment and persistence data, as they came: type, length, data, one after another. */
  readonly options: Uint8Array
}

const v6Bit = 1
const tcp = 6
const sizeMask = 0x0fff
const fixedLength = { 4: 36, 6: 72 } as const

/** All three addresses must be of one family. */
export function encodeKernelRecord(record: KernelRecord): Uint8Array {
  const { family } = record.client
  if (record.virtual.family !== family || record.destination.family !== family) {
    throw new RangeError('a sync record holds addresses of one family')
  }
  const size = fixedLength[family] + record.options.length
  if (size > sizeMask) throw new RangeError(`a sync record has at most ${sizeMask} bytes`)
  return new Writer(size)
    .u8(family === 6 ? v6Bit : 0)
    .u8(record.protocol)
    .u16be(size)
    .u32be(record.flags)
    .u16be(record.state)
    .u16be(record.clientPort)
    .u16be(record.virtualPort)
    .u16be(record.destinationPort)
    .u32be(record.fwmark)
    .u32be(record.timeoutSeconds)
    .bytes(record.client.bytes)
    .bytes(record.virtual.bytes)
    .bytes(record.destination.bytes)
    .bytes(record.options)
    .finish()
}

/** Undefined when `bytes` are not one sound record and nothing else. */
export function decodeKernelRecord(bytes: Uint8Array): KernelRecord | undefined {
  if (soundRecordSize(bytes, 0) !== bytes.length) return undefined
  const reader = new Reader(bytes)
  const addressLength = reader.u8() & v6Bit ? 16 : 4
  const protocol = reader.u8()
  reader.skip(2)
  const flags = reader.u32be()
  const state = reader.u16be()
  const [clientPort, virtualPort, destinationPort] = [reader.u16be(), reader.u16be(), reader.u16be()]
  const [fwmark, timeoutSeconds] = [reader.u32be(), reader.u32be()]
  const client = ipFromBytes(reader.take(addressLength))
  const virtual = ipFromBytes(reader.take(addressLength))
  const destination = ipFromBytes(reader.take(addressLength))
  if (!client || !virtual || !destination) return undefined
  const ports = { clientPort, virtualPort, destinationPort }
  const options = reader.take(reader.remaining)
  return { protocol, flags, state, client, virtual, destination, ...ports, fwmark, timeoutSeconds, options }
}

/**
 * The size that the record at `offset` says it has; undefined unless all of it is there and the kernel's
 * backup would read it through (ip_vs_proc_sync_conn): known version, whole addresses, whole options.
 */
export function soundRecordSize(bytes: Uint8Array, offset: number): number | undefined {
  if (offset + 4 > bytes.length) return undefined
  const fixed = fixedLength[(bytes[offset] ?? 0) & v6Bit ? 6 : 4]
  const versionAndSize = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
  const size = versionAndSize & sizeMask
  const end = offset + size
  if (versionAndSize > sizeMask || size < fixed || end > bytes.length) return undefined
  for (let at = offset + fixed; at < end; ) {
    const length = bytes[at + 1] ?? 0
    if (at + 2 > end || length === 0 || at + 2 + length > end) return undefined
    at += 2 + length
  }
  return size
}

/** A connection to vipair's own service, which is nobody's business but this machine's. */
export const isMarker = (record: Uint8Array): boolean =>
  record[0] === 0 &&
  record[1] === tcp &&
  record[12] === markerService.port >> 8 &&
  record[13] === (markerService.port & 0xff) &&
  markerService.address.bytes.every((byte, i) => record[28 + i] === byte)

export const clientPortOf = (record: Uint8Array): number => ((record[10] ?? 0) << 8) | (record[11] ?? 0)

/**
 * What tells connections apart, as a text: family, protocol, client and virtual side. The kernel keeps at
 * most one entry of each.
 */
export function connectionKey(record: Uint8Array): string {
  const addressesEnd = (record[0] ?? 0) & v6Bit ? 24 + 32 : 24 + 8
  const view = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  const template = (record[6] ?? 0) & (recordFlags.template >> 8) ? 't' : 'c'
  const text = (from: number, to: number) => view.toString('latin1', from, to)
  return `${template}${text(0, 2)}${text(10, 14)}${text(24, addressesEnd)}`
}
