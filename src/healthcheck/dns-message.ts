/**
 * A question to a DNS server and what it answers (RFC 1035 section 4).
 *
 *   0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
 * +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 * |                      ID                       |
 * +--+-----------+--+--+--+--+--------+-----------+
 * |QR|  Opcode   |AA|TC|RD|RA|   Z    |   RCODE   |
 * +--+-----------+--+--+--+--+--------+-----------+
 * |      QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT       |
 * +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */
import { Reader, Writer } from '../base/bytes.js'
import { fail, ok, type Result } from '../base/result.js'
import type { DnsRecord } from '../config/tables/checks/dns.js'
import { readName, writeName } from './dns-name.js'
import { recordText } from './dns-record.js'

export interface DnsQuestion {
  /** 0 to 65535. */
  readonly id: number
  /** As in the file, with or without the dot at its end. */
  readonly name: string
  readonly record: DnsRecord
}

export interface DnsAnswer {
  /** 0 to 15. */
  readonly rcode: number
  /** There is more, and it did not fit. */
  readonly truncated: boolean
  /** Those of the type that was asked for, whoever they belong to, as a zone file has them. */
  readonly records: readonly string[]
}

/** `foreign`: no answer to this question. */
export type DnsProblem = 'foreign' | 'malformed'

const types: Readonly<Record<DnsRecord, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
}
const classInternet = 1
const flag = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100 } as const
const opcodeMask = 0x7800
const rcodeMask = 0xf

/** A query that asks for recursion, as a client's does. */
export function encodeQuestion({ id, name, record }: DnsQuestion): Uint8Array {
  const writer = new Writer().u16be(id).u16be(flag.recursionDesired).u16be(1).zeros(6)
  return writeName(writer, name).u16be(types[record]).u16be(classInternet).finish()
}

/** Never throws, never reads past the end; a record that does not fit makes the whole malformed. */
export function decodeAnswer(message: Uint8Array, question: DnsQuestion): Result<DnsAnswer, DnsProblem> {
  const reader = new Reader(message)
  const id = reader.u16be()
  const flags = reader.u16be()
  const questions = reader.u16be()
  const answers = reader.u16be()
  reader.skip(4)
  if (reader.failed) return fail('malformed')
  if (id !== question.id || !(flags & flag.response) || flags & opcodeMask) return fail('foreign')
  const header = { rcode: flags & rcodeMask, truncated: (flags & flag.truncated) !== 0 }
  // A server that could not read the question need not repeat it.
  if (questions === 0 && header.rcode !== 0) return ok({ ...header, records: [] })
  if (questions !== 1) return fail('malformed')
  const asked = readName(message, reader.offset)
  if (!asked) return fail('malformed')
  reader.skip(asked.end - reader.offset)
  const same = reader.u16be() === types[question.record] && reader.u16be() === classInternet
  if (reader.failed) return fail('malformed')
  if (!same || plain(asked.name) !== plain(question.name)) return fail('foreign')
  // What was cut off is asked for again.
  const records = header.truncated ? [] : readRecords(message, reader, answers, question.record)
  return records ? ok({ ...header, records }) : fail('malformed')
}

function readRecords(
  message: Uint8Array,
  reader: Reader,
  count: number,
  record: DnsRecord,
): readonly string[] | undefined {
  const records: string[] = []
  for (let i = 0; i < count; i++) {
    const owner = readName(message, reader.offset)
    if (!owner) return undefined
    reader.skip(owner.end - reader.offset)
    const [type, cls] = [reader.u16be(), reader.u16be()]
    reader.skip(4)
    const length = reader.u16be()
    const start = reader.offset
    reader.skip(length)
    if (reader.failed) return undefined
    if (type !== types[record] || cls !== classInternet) continue
    const text = recordText(record, message, start, start + length)
    if (text === undefined) return undefined
    records.push(text)
  }
  return records
}

/** RFC 1035 section 2.3.3: without regard to case; the dot at the end is a matter of writing. */
const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '')
