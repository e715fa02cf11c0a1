/**
 * One datagram of the kernel's connection sync protocol, version 1 (net/netfilter/ipvs/ip_vs_sync.c,
 * `struct ip_vs_sync_mesg`). All numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |   Reserved 0  |    Sync id    |   Size of the whole datagram  |
 *    +---------------+---------------+-------------------------------+
 *    |     Count     |   Version 1   |           Spare 0             |
 *    +---------------+---------------+-------------------------------+
 *    |         Records, each of which starts on 4 bytes              |
 *    +---------------------------------------------------------------+
 *
 * Records stay as they are here: the relay moves them without looking inside. Their fields are read and
 * written in kernel-record.ts.
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { soundRecordSize } from './kernel-record.js'

/** IP_VS_SYNC_GROUP and IP_VS_SYNC_PORT. */
export const kernelSyncGroup = '224.0.0.81'
export const kernelSyncPort = 8848

export const kernelHeaderLength = 8
const protocolVersion = 1
const mostRecords = 255

export interface KernelMessage {
  /** 0 to 255; a backup daemon takes only its own. */
  readonly syncId: number
  /** At most 255, each as it is on the wire without the padding behind it. */
  readonly records: readonly Uint8Array[]
}

export type KernelMessageProblem = 'truncated' | 'size' | 'version' | 'record'

/** Each record of `message` must be sound. */
export function encodeKernelMessage(message: KernelMessage): Uint8Array {
  if (message.records.length > mostRecords) throw new RangeError(`at most ${mostRecords} records a message`)
  const writer = new Writer(1500)
    .u8(0)
    .u8(message.syncId)
    .u16be(0)
    .u8(message.records.length)
    .u8(protocolVersion)
    .u16be(0)
  for (const record of message.records) appendRecord(writer, record)
  return writer.setU16be(2, writer.length).finish()
}

/** Never throws; accepts what the kernel's backup accepts (ip_vs_process_message), keeps no view of `datagram`. */
export function decodeKernelMessage(datagram: Uint8Array): Result<KernelMessage, KernelMessageProblem> {
  const reader = new Reader(datagram)
  reader.skip(1)
  const syncId = reader.u8()
  const size = reader.u16be()
  const count = reader.u8()
  const version = reader.u8()
  reader.skip(2)
  if (reader.failed) return fail('truncated')
  if (version !== protocolVersion) return fail('version')
  if (size !== datagram.length) return fail('size')
  const records = splitRecords(datagram, kernelHeaderLength, count)
  return records ? ok({ syncId, records }) : fail('record')
}

/** Pads before the record, as the kernel does: nothing follows the last one. */
export function appendRecord(writer: Writer, record: Uint8Array): void {
  writer.zeros(-writer.length & 3).bytes(record)
}

/** Copies of `count` records from `offset` on, a multiple of 4; undefined when one of them is not sound. */
export function splitRecords(
  bytes: Uint8Array,
  offset: number,
  count: number,
): readonly Uint8Array[] | undefined {
  const records: Uint8Array[] = []
  let at = offset
  for (let i = 0; i < count; i++) {
    at += -at & 3
    const size = soundRecordSize(bytes, at)
    if (size === undefined) return undefined
    records.push(new Uint8Array(bytes.subarray(at, at + size)))
    at += size
  }
  return records
}
