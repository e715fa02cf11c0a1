/**
 * What two directors say to each other about a planned handover, over the pair's authenticated link. A
 * version that does not know these types ignores and counts them.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   0 |     Type      |     Flags     |   Priority    |     Kind      |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   4 |                          Generation                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   8 |  Name length  |  Text length  |  Name, then text, as UTF-8    |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { Reader, Writer } from '../base/bytes.js'
import { type Priority, priority as toPriority } from '../base/units.js'

/** First byte of a message on the vrrp channel; 1 is an advertisement. */
const types = { request: 0x10, answer: 0x11, released: 0x12 } as const
const flag = { force: 1, taken: 1 } as const
const kinds = ['router', 'group'] as const
const mostText = 200
const mostName = 255

/** What moves in one go: one router, or all of a group. Both directors know it by the same name. */
export interface HandoverUnit {
  readonly kind: (typeof kinds)[number]
  readonly name: string
}

interface Common {
  readonly unit: HandoverUnit
  /** Chosen by the asker: an answer is to this attempt, and a repeated request is no second one. */
  readonly generation: number
}

export type HandoverMessage =
  /** Take over now. `priority` is what the asker advertises; `force`: also when you lack sessions. */
  | (Common & { readonly type: 'request'; readonly priority: Priority; readonly force: boolean })
  /** Undefined: the addresses are here and announced. Otherwise why not. */
  | (Common & { readonly type: 'answer'; readonly refusal: string | undefined })
  /** The asker's kernel has them no longer, or it has given up: what it advertises now is meant. */
  | (Common & { readonly type: 'released' })

export const isHandoverMessage = (message: Uint8Array): boolean =>
  message[0] !== undefined && Object.values<number>(types).includes(message[0])

export function encodeHandover(message: HandoverMessage): Uint8Array {
  const name = new TextEncoder().encode(message.unit.name).subarray(0, mostName)
  const refusal = message.type === 'answer' ? message.refusal : undefined
  const text = new TextEncoder().encode(refusal ?? '').subarray(0, mostText)
  const flags =
    message.type === 'request' && message.force
      ? flag.force
      : message.type === 'answer' && refusal === undefined
        ? flag.taken
        : 0
  return new Writer(10 + name.length + text.length)
    .u8(types[message.type])
    .u8(flags)
    .u8(message.type === 'request' ? message.priority : 0)
    .u8(kinds.indexOf(message.unit.kind))
    .u32be(message.generation)
    .u8(name.length)
    .u8(text.length)
    .bytes(name)
    .bytes(text)
    .finish()
}

/** Undefined: not one of these, or cut off. */
export function decodeHandover(bytes: Uint8Array): HandoverMessage | undefined {
  const reader = new Reader(bytes)
  const type = reader.u8()
  const flags = reader.u8()
  const priority = toPriority(reader.u8())
  const kind = kinds[reader.u8()]
  const generation = reader.u32be()
  const nameLength = reader.u8()
  const textLength = reader.u8()
  const name = new TextDecoder().decode(reader.take(nameLength))
  const text = printable(new TextDecoder().decode(reader.take(textLength)))
  if (reader.failed || kind === undefined || priority === undefined) return undefined
  const common = { unit: { kind, name }, generation }
  switch (type) {
    case types.request:
      return { type: 'request', ...common, priority, force: (flags & flag.force) !== 0 }
    case types.answer:
      return { type: 'answer', ...common, refusal: (flags & flag.taken) !== 0 ? undefined : text }
    case types.released:
      return { type: 'released', ...common }
    default:
      return undefined
  }
}

/** It ends up in a log and on a terminal. */
const printable = (text: string): string => text.replace(/[^ -~]/g, '?')
