/**
 * The body of an audit's message, behind the header of `relay-message.ts`, whose number is the round's and whose
 * count says how many of the following there are. All numbers are big-endian.
 *
 * | name    | body                                                                             |
 * |---------|----------------------------------------------------------------------------------|
 * | digests | seed 32, first bucket 16, 16 zero; then each: count 32, exclusive or of hashes 32 |
 * | differs | each: bucket 16                                                                  |
 * | hashes  | seed 32, bucket 16, 16 zero; then each: hash 32                                  |
 * | lacks   | bucket 16, 16 zero; then each: hash 32                                           |
 */
import type { Reader, Writer } from '../../base/bytes.js'
import type { AuditMessage } from './audit.js'

export const auditCount = (message: AuditMessage): number => {
  switch (message.kind) {
    case 'digests':
      return message.digests.length
    case 'differs':
      return message.buckets.length
    case 'hashes':
    case 'lacks':
      return message.hashes.length
  }
}

export function appendAudit(writer: Writer, message: AuditMessage): void {
  switch (message.kind) {
    case 'digests':
      writer.u32be(message.seed).u16be(message.first).u16be(0)
      for (const { count, sum } of message.digests) writer.u32be(count).u32be(sum)
      return
    case 'differs':
      for (const bucket of message.buckets) writer.u16be(bucket)
      return
    case 'hashes':
      writer.u32be(message.seed).u16be(message.bucket).u16be(0)
      for (const hash of message.hashes) writer.u32be(hash)
      return
    case 'lacks':
      writer.u16be(message.bucket).u16be(0)
      for (const hash of message.hashes) writer.u32be(hash)
      return
  }
}

/** Undefined when there is less than `count` says. */
export function readAudit(
  kind: AuditMessage['kind'],
  reader: Reader,
  round: number,
  count: number,
): AuditMessage | undefined {
  const many = <T>(read: () => T): T[] => {
    const list: T[] = []
    for (let i = 0; i < count && !reader.failed; i++) list.push(read())
    return list
  }
  const word = (): number => reader.u32be()
  const message = ((): AuditMessage => {
    switch (kind) {
      case 'digests': {
        const [seed, first] = [reader.u32be(), reader.u16be()]
        reader.skip(2)
        return { kind, round, seed, first, digests: many(() => ({ count: word(), sum: word() })) }
      }
      case 'differs':
        return { kind, round, buckets: many(() => reader.u16be()) }
      case 'hashes': {
        const [seed, bucket] = [reader.u32be(), reader.u16be()]
        reader.skip(2)
        return { kind, round, seed, bucket, hashes: many(word) }
      }
      case 'lacks': {
        const bucket = reader.u16be()
        reader.skip(2)
        return { kind, round, bucket, hashes: many(word) }
      }
    }
  })()
  return reader.failed ? undefined : message
}
