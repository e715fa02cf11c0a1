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
 * | 6    | digests, differs, hashes, lacks: 6 to 9 | the audit's round | as `coverage/audit-message.ts` says |
 * | 10   | repair  | 0                                          | what the peer was found to lack |
 *
 * | 11   | flush   | chosen by the one who asks; then 64 bits: the sequence of the next live message | none |
 * | 12   | flushed | the one of the flush; then 64 bits: live messages before that one that never came | none |
 *
 * The sync id is the sender's, and 0 in a request, a flush and its answer, and in an audit.
 */
import { Reader, Writer } from '../base/bytes.js'
import type { Translation } from '../base/facts.js'
import { fail, ok, type Result, unreachable } from '../base/result.js'
import type { AuditMessage } from './coverage/audit.js'
import { appendAudit, auditCount, readAudit } from './coverage/audit-message.js'
import { appendRecord, splitRecords } from './kernel-message.js'
import { appendTranslation, readTranslation } from './translation-codec.js'

export const relayHeaderLength = 12
const kinds = {
  live: 1,
  request: 2,
  rows: 3,
  end: 4,
  sourcePorts: 5,
  digests: 6,
  differs: 7,
  hashes: 8,
  lacks: 9,
  repair: 10,
  flush: 11,
  flushed: 12,
} as const
const auditKinds = ['digests', 'differs', 'hashes', 'lacks'] as const

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

/** Sessions that an audit found the peer to lack. */
export interface Repair {
  readonly kind: 'repair'
  readonly syncId: number
  readonly records: readonly Uint8Array[]
}

/** Asks to be told when everything live before `sequence` is in the receiver's kernel. */
export interface Flush {
  readonly kind: 'flush'
  readonly id: number
  readonly sequence: number
}

export interface Flushed {
  readonly kind: 'flushed'
  readonly id: number
  readonly missing: number
}

export type RelayMessage =
  | Flush
  | Flushed
  | LiveRecords
  | SnapshotRequest
  | SnapshotRows
  | SnapshotEnd
  | SourcePorts
  | AuditMessage
  | Repair
export type RelayMessageProblem = 'truncated' | 'kind' | 'record'

export function encodeRelayMessage(message: RelayMessage): Uint8Array {
  const writer = new Writer(1400)
  const head = (syncId: number, count: number, number: number): Writer =>
    writer.u8(kinds[message.kind]).u8(syncId).u16be(count).u64be(BigInt(number))
  switch (message.kind) {
    case 'live':
    case 'rows':
    case 'repair':
      head(message.syncId, message.records.length, numberOf(message))
      for (const record of message.records) appendRecord(writer, record)
      break
    case 'request':
      head(0, 0, message.id)
      break
    case 'flush':
      head(0, 0, message.id).u64be(BigInt(message.sequence))
      break
    case 'flushed':
      head(0, 0, message.id).u64be(BigInt(message.missing))
      break
    case 'end':
      head(message.syncId, 0, message.id).u64be(BigInt(message.rows))
      break
    case 'sourcePorts':
      head(message.syncId, message.translations.length, message.id).u16be(message.part).u16be(message.parts)
      for (const one of message.translations) appendTranslation(writer, one)
      break
    case 'digests':
    case 'differs':
    case 'hashes':
    case 'lacks':
      head(0, auditCount(message), message.round)
      appendAudit(writer, message)
      break
    default:
      unreachable(message)
  }
  return writer.finish()
}

const numberOf = (message: LiveRecords | SnapshotRows | Repair): number =>
  message.kind === 'live' ? message.sequence : message.kind === 'rows' ? message.id : 0

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
  if (kind === kinds.flush || kind === kinds.flushed) {
    const count64 = Number(reader.u64be())
    if (reader.failed) return fail('truncated')
    return kind === kinds.flush
      ? ok({ kind: 'flush', id: number, sequence: count64 })
      : ok({ kind: 'flushed', id: number, missing: count64 })
  }
  if (kind === kinds.sourcePorts) return decodeSourcePorts(reader, syncId, number, count)
  const auditKind = auditKinds.find((name) => kinds[name] === kind)
  if (auditKind !== undefined) {
    const message = readAudit(auditKind, reader, number, count)
    return message ? ok(message) : fail('truncated')
  }
  if (kind !== kinds.live && kind !== kinds.rows && kind !== kinds.repair) return fail('kind')
  const records = splitRecords(bytes, relayHeaderLength, count)
  if (!records) return fail('record')
  if (kind === kinds.repair) return ok({ kind: 'repair', syncId, records })
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
