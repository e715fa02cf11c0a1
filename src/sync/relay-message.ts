/**
 * What one director's relay says to the other one, inside the pair channel. All numbers are big-endian.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |    Kind 1     |    Sync id    |             Count             |
 *    +---------------+---------------+-------------------------------+
 *    |                Sequence, from 0 in each session               |
 *    +                                                               +
 *    |                                                               |
 *    +---------------------------------------------------------------+
 *    |         Records, each of which starts on 4 bytes              |
 *    +---------------------------------------------------------------+
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import { appendRecord, splitRecords } from './kernel-message.js'

export const relayHeaderLength = 12
const kinds = { live: 1 } as const

/** Records of the sender's kernel, as they happened. */
export interface LiveRecords {
  readonly syncId: number
  readonly sequence: number
  readonly records: readonly Uint8Array[]
}

export type RelayMessageProblem = 'truncated' | 'kind' | 'record'

export function encodeLiveRecords(message: LiveRecords): Uint8Array {
  const writer = new Writer(1400)
    .u8(kinds.live)
    .u8(message.syncId)
    .u16be(message.records.length)
    .u64be(BigInt(message.sequence))
  for (const record of message.records) appendRecord(writer, record)
  return writer.finish()
}

/** Never throws, keeps no view of `bytes`. */
export function decodeLiveRecords(bytes: Uint8Array): Result<LiveRecords, RelayMessageProblem> {
  const reader = new Reader(bytes)
  const kind = reader.u8()
  const syncId = reader.u8()
  const count = reader.u16be()
  const sequence = Number(reader.u64be())
  if (reader.failed) return fail('truncated')
  if (kind !== kinds.live) return fail('kind')
  const records = splitRecords(bytes, relayHeaderLength, count)
  return records ? ok({ syncId, sequence, records }) : fail('record')
}
