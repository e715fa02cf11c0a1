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
 * | 5    | sourcePorts | of this list; then 16 bits each: part, and how many parts | translations (`translation-codec.ts`), back to back |
 *
 * The sync id is the sender's, and 0 in a request.
 */
import { Reader, Writer } from '../base/bytes.js'
import type { Translation } from '../base/facts.js'
import { fail, ok, type Result } from '../base/result.js'
import { appendRecord, splitRecords } from './kernel-message.js'
import { appendTranslation, readTranslation } from './translation-codec.js'

export const relayHeaderLength = 12
const kinds = { live: 1, request: 2, rows: 3, end: 4, sourcePorts: 5 } as const

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

/** A part of the list of full NAT's connections whose source port is not their client's own. */
export interface SourcePorts {
  readonly kind: 'sourcePorts'
  readonly syncId: number
  readonly id: number
  /** From 0, below `parts`. */
  readonly part: number
  readonly parts: number
  readonly translations: readonly Translation[]
}

export type RelayMessage = LiveRecords | SnapshotRequest | SnapshotRows | SnapshotEnd | SourcePorts
export type RelayMessageProblem = 'truncated' | 'kind' | 'record'

export function encodeRelayMessage(message: RelayMessage): Uint8Array {
  const syncId = message.kind === 'request' ? 0 : message.syncId
  const records = message.kind === 'live' || message.kind === 'rows' ? message.records : []
  const count = message.kind === 'sourcePorts' ? message.translations.length : records.length
  const number = message.kind === 'live' ? message.sequence : message.id
  const writer = new Writer(1400).u8(kinds[message.kind]).u8(syncId).u16be(count).u64be(BigInt(number))
  if (message.kind === 'end') writer.u64be(BigInt(message.rows))
  for (const record of records) appendRecord(writer, record)
  if (message.kind === 'sourcePorts') {
    writer.u16be(message.part).u16be(message.parts)
    for (const one of message.translations) appendTranslation(writer, one)
  }
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
  if (kind === kinds.sourcePorts) return decodeSourcePorts(reader, syncId, number, count)
  if (kind !== kinds.live && kind !== kinds.rows) return fail('kind')
  const records = splitRecords(bytes, relayHeaderLength, count)
  if (!records) return fail('record')
  return kind === kinds.live
    ? ok({ kind: 'live', syncId, sequence: number, records })
    : ok({ kind: 'rows', syncId, id: number, records })
}

function decodeSourcePorts(
  reader: Reader,
  syncId: number,
  id: number,
  count: number,
): Result<SourcePorts, RelayMessageProblem> {
  const part = reader.u16be()
  const parts = reader.u16be()
  if (reader.failed) return fail('truncated')
  const translations: Translation[] = []
  for (let i = 0; i < count; i++) {
    const one = readTranslation(reader)
    if (!one) return fail('record')
    translations.push(one)
  }
  return ok({ kind: 'sourcePorts', syncId, id, part, parts, translations })
}
