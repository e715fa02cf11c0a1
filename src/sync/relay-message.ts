/**
 * What one director's relay says to the other one, inside the pair channel. All numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |     Kind      |    Sync id    |             Count             |
 *    +---------------+---------------+-------------------------------+
 *    |                        Number (64 bits)                       |
 *    +---------------------------------------------------------------+
 *    |         Records, each of which starts on 4 bytes              |
 *    +---------------------------------------------------------------+
 *
 * | kind | name    | number                                     | records          |
 * |------|---------|--------------------------------------------|------------------|
 * | 1    | live    | sequence, from 0 in each session           | as they happened |
 * | 2    | request | of a snapshot, chosen by the one who asks  | none             |
 * | 3    | rows    | the request's                              | a part of it     |
 * | 4    | end     | the request's, then 64 bits: how many rows | none             |
 *
 * The sync id is the sender's, and 0 in a request.
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { appendRecord, splitRecords } from './kernel-message.js'

export const relayHeaderLength = 12
const kinds = { live: 1, request: 2, rows: 3, end: 4 } as const

/** Records of the sender's kernel, as they happened. */
export interface LiveRecords {
  readonly kind: 'live'
  readonly syncId: number
  readonly sequence: number
  readonly records: readonly Uint8Array[]
}

export interface SnapshotRequest {
  readonly kind: 'request'
  readonly id: number
}

export interface SnapshotRows {
  readonly kind: 'rows'
  readonly syncId: number
  readonly id: number
  readonly records: readonly Uint8Array[]
}

export interface SnapshotEnd {
  readonly kind: 'end'
  readonly syncId: number
  readonly id: number
  /** Records in all messages of rows together. */
  readonly rows: number
}

export type RelayMessage = LiveRecords | SnapshotRequest | SnapshotRows | SnapshotEnd
export type RelayMessageProblem = 'truncated' | 'kind' | 'record'

export function encodeRelayMessage(message: RelayMessage): Uint8Array {
  const syncId = message.kind === 'request' ? 0 : message.syncId
  const records = message.kind === 'live' || message.kind === 'rows' ? message.records : []
  const number = message.kind === 'live' ? message.sequence : message.id
  const writer = new Writer(1400)
    .u8(kinds[message.kind])
    .u8(syncId)
    .u16be(records.length)
    .u64be(BigInt(number))
  if (message.kind === 'end') writer.u64be(BigInt(message.rows))
  for (const record of records) appendRecord(writer, record)
  return writer.finish()
}

/** Never throws, keeps no view of `bytes`. */
export function decodeRelayMessage(bytes: Uint8Array): Result<RelayMessage, RelayMessageProblem> {
  const reader = new Reader(bytes)
  const kind = reader.u8()
  const syncId = reader.u8()
  const count = reader.u16be()
  const number = Number(reader.u64be())
  if (reader.failed) return fail('truncated')
  if (kind === kinds.request) return ok({ kind: 'request', id: number })
  if (kind === kinds.end) {
    const rows = Number(reader.u64be())
    return reader.failed ? fail('truncated') : ok({ kind: 'end', syncId, id: number, rows })
  }
  if (kind !== kinds.live && kind !== kinds.rows) return fail('kind')
  const records = splitRecords(bytes, relayHeaderLength, count)
  if (!records) return fail('record')
  return kind === kinds.live
    ? ok({ kind: 'live', syncId, sequence: number, records })
    : ok({ kind: 'rows', syncId, id: number, records })
}
