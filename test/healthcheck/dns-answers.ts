/** DNS answers as a server writes them, right and wrong ones. */
import { Writer } from '../../src/base/bytes.js'
import { type DnsQuestion, encodeQuestion } from '../../src/healthcheck/dns-message.js'

export interface AnswerRecord {
  /** As on the wire. */
  readonly type: number
  readonly data: Uint8Array
  /** By default a pointer to the question's name. */
  readonly owner?: Uint8Array
}

export const pointer = (offset: number): Uint8Array => new Writer(2).u16be(0xc000 | offset).finish()
/** The name of the question stands right behind the header. */
export const questionName = pointer(12)

/** A response that repeats the question. */
export function response(
  question: DnsQuestion,
  records: readonly AnswerRecord[],
  { flags = 0x8180, count = records.length }: { readonly flags?: number; readonly count?: number } = {},
): Uint8Array {
  const writer = new Writer()
    .u16be(question.id)
    .u16be(flags)
    .u16be(1)
    .u16be(count)
    .zeros(4)
    .bytes(encodeQuestion(question).subarray(12))
  for (const { type, data, owner = questionName } of records) {
    writer.bytes(owner).u16be(type).u16be(1).zeros(4).u16be(data.length).bytes(data)
  }
  return writer.finish()
}
