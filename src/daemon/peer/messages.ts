/**
 * What the parents of the two directors tell each other, inside the pair's vrrp channel. All numbers are
 * big-endian; a name is its length (8 bits) and its bytes, a text the same with 16 bits.
 *
 *    +---------------+---------------+-------------------------------+
 *    |     Kind      |   Version 1   |
 *    +---------------+---------------+-------------------------------+
 *    |              Life of the sender's parent (64 bits)            |
 *    +---------------------------------------------------------------+
 *
 * | kind | name    | then                                                                           |
 * |------|---------|--------------------------------------------------------------------------------|
 * | 0x30 | summary | config hash (64), the receiver's life as far as known (64, or 0), then for words and for health: revision of the sender's last change (64), and up to which of the receiver's it has all (64) |
 * | 0x31 | words   | range, count (16), each: service, server, counter (64), director, action (8), weight (16), reason |
 * | 0x32 | health  | range, until the end: service, health (8), reason, count (16), names of the servers |
 *
 * A range is two revisions (64 bits each): the message has every key whose last change is above the first and
 * not above the second. Servers are named and not counted off: two files need not agree, and the directors do
 * not take a new one at the same moment.
 */
import { fromHex, Reader, toHex, Writer } from '../../base/bytes.js'
import type { AdminAction, Health } from '../../base/facts.js'
import { fail, ok, type Result } from '../../base/result.js'
import { largestCounter, type OperatorWord } from './operator-word.js'

/** What is said of one server; `gone`: it is in the sender's file no more. */
export interface ServerView {
  readonly service: string
  readonly server: string
  readonly health: Health | 'gone'
  readonly reason: string
}

export interface StreamMarks {
  /** Of the sender's last change. */
  readonly revision: number
  /** Up to which of the receiver's revisions the sender has all. */
  readonly has: number
}

interface Range {
  readonly from: number
  readonly to: number
}

/** Of one run of a director's parent: 16 hex digits. */
export type Life = string

export type PeerMessage =
  | {
      readonly kind: 'summary'
      readonly life: Life
      readonly configHash: string
      /** Undefined: nothing was heard of the receiver. */
      readonly knownLife: Life | undefined
      readonly words: StreamMarks
      readonly health: StreamMarks
    }
  | ({ readonly kind: 'words'; readonly life: Life; readonly words: readonly OperatorWord[] } & Range)
  | ({ readonly kind: 'health'; readonly life: Life; readonly servers: readonly ServerView[] } & Range)

export type PeerMessageProblem = 'truncated' | 'kind' | 'version' | 'value'

/** As many of the entries as fit, in one message. */
export interface Packed {
  readonly bytes: Uint8Array
  readonly count: number
}

const kinds = { summary: 0x30, words: 0x31, health: 0x32 } as const
const version = 1
/** `PairLink.send` takes no more. */
const longestMessage = 1_400
export const lifeLength = 8
const hashLength = 8
const noLife = new Uint8Array(lifeLength)
/** Bytes; reasons of many checks are cut. With three of the longest names every entry fits a message. */
const longestReason = 400
const longestWords = 700
const longestName = 127
const healths: readonly ServerView['health'][] = ['unknown', 'healthy', 'unhealthy', 'gone']
const actions: readonly (AdminAction | 'enable')[] = ['enable', 'drain', 'quiesce', 'disable', 'weight']

export function encodeSummary({
  life,
  configHash,
  knownLife,
  words,
  health,
}: Omit<Extract<PeerMessage, { kind: 'summary' }>, 'kind'>): Uint8Array {
  const writer = begin(kinds.summary, life)
    .bytes(eightBytes(configHash))
    .bytes(knownLife === undefined ? noLife : eightBytes(knownLife))
  for (const { revision, has } of [words, health]) writer.u64be(BigInt(revision)).u64be(BigInt(has))
  return writer.finish()
}

/** `entries`: the word and its revision, ascending; the first always fits. */
export function packWords(
  life: Life,
  from: number,
  entries: readonly (readonly [OperatorWord, number])[],
): Packed {
  const writer = begin(kinds.words, life)
  const texts = entries.map(([word]) => encodeWord(word))
  let length = writer.length + 18
  let count = 0
  for (const { length: more } of texts) {
    if (count > 0 && length + more > longestMessage) break
    length += more
    count++
  }
  writer
    .u64be(BigInt(from))
    .u64be(BigInt(entries[count - 1]?.[1] ?? from))
    .u16be(count)
  for (const text of texts.slice(0, count)) writer.bytes(text)
  return { bytes: writer.finish(), count }
}

function encodeWord(word: OperatorWord): Uint8Array {
  const writer = new Writer(128)
  name(writer, word.service)
  name(writer, word.server)
  writer.u64be(BigInt(word.counter))
  name(writer, word.director)
  writer.u8(actions.indexOf(word.action)).u16be(word.weight ?? 0)
  return text(writer, word.reason ?? '', longestWords).finish()
}

/** `entries`: the view and its revision, ascending; the first always fits. Neighbours that agree share words. */
export function packHealth(
  life: Life,
  from: number,
  entries: readonly (readonly [ServerView, number])[],
): Packed {
  const writer = begin(kinds.health, life).u64be(BigInt(from))
  const range = writer.length
  writer.zeros(8)
  let group: { readonly view: ServerView; readonly at: number; count: number } | undefined
  let to = from
  let count = 0
  for (const [view, revision] of entries) {
    const server = Buffer.from(view.server).subarray(0, longestName)
    const joins = group !== undefined && sameGroup(group.view, view)
    const head = joins ? new Uint8Array(0) : groupHead(view)
    if (writer.length + head.length + 1 + server.length > longestMessage) break
    if (!joins) {
      writer.bytes(head)
      group = { view, at: writer.length - 2, count: 0 }
    }
    writer.u8(server.length).bytes(server)
    if (group) writer.setU16be(group.at, ++group.count)
    to = revision
    count++
  }
  const bytes = writer.finish()
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(range, BigInt(to), false)
  return { bytes, count }
}

const sameGroup = (a: ServerView, b: ServerView): boolean =>
  a.service === b.service && a.health === b.health && a.reason === b.reason

function groupHead({ service, health, reason }: ServerView): Uint8Array {
  const writer = name(new Writer(128), service).u8(healths.indexOf(health))
  return text(writer, reason, longestReason).u16be(0).finish()
}

/** Never throws, keeps no view of `bytes`. Text is for people: it is made printable. */
export function decodePeerMessage(bytes: Uint8Array): Result<PeerMessage, PeerMessageProblem> {
  const reader = new Reader(bytes)
  const kind = reader.u8()
  if (reader.u8() !== version) return fail(reader.failed ? 'truncated' : 'version')
  const life = toHex(reader.take(lifeLength))
  if (reader.failed) return fail('truncated')
  if (kind === kinds.summary) return decodeSummary(reader, life)
  if (kind !== kinds.words && kind !== kinds.health) return fail('kind')
  const from = Number(reader.u64be())
  const to = Number(reader.u64be())
  if (reader.failed) return fail('truncated')
  if (to <= from || !Number.isSafeInteger(to)) return fail('value')
  if (kind === kinds.health) {
    const servers = decodeServers(reader)
    return servers.ok ? ok({ kind: 'health', life, from, to, servers: servers.value }) : servers
  }
  const words: OperatorWord[] = []
  const count = reader.u16be()
  for (let i = 0; i < count; i++) {
    const word = decodeWord(reader)
    if (reader.failed) return fail('truncated')
    if (!word) return fail('value')
    words.push(word)
  }
  return ok({ kind: 'words', life, from, to, words })
}

function decodeSummary(reader: Reader, life: Life): Result<PeerMessage, PeerMessageProblem> {
  const configHash = toHex(reader.take(hashLength))
  const known = reader.take(lifeLength)
  const [words, health] = [marks(reader), marks(reader)]
  if (reader.failed) return fail('truncated')
  const knownLife = known.every((byte) => byte === 0) ? undefined : toHex(known)
  return ok({ kind: 'summary', life, configHash, knownLife, words, health })
}

const marks = (reader: Reader): StreamMarks => ({
  revision: Number(reader.u64be()),
  has: Number(reader.u64be()),
})

function decodeWord(reader: Reader): OperatorWord | undefined {
  const [service, server] = [readName(reader), readName(reader)]
  const counter = Number(reader.u64be())
  const director = readName(reader)
  const action = actions[reader.u8()]
  const weight = reader.u16be()
  const reason = readText(reader)
  if (action === undefined || counter > largestCounter) return undefined
  return {
    service,
    server,
    action,
    weight: action === 'weight' ? weight : undefined,
    reason: reason === '' ? undefined : reason,
    counter,
    director,
  }
}

function decodeServers(reader: Reader): Result<readonly ServerView[], PeerMessageProblem> {
  const servers: ServerView[] = []
  while (reader.remaining > 0) {
    const service = readName(reader)
    const health = healths[reader.u8()]
    const reason = readText(reader)
    const count = reader.u16be()
    if (reader.failed) return fail('truncated')
    if (health === undefined) return fail('value')
    for (let i = 0; i < count && !reader.failed; i++)
      servers.push({ service, server: readName(reader), health, reason })
    if (reader.failed) return fail('truncated')
  }
  return ok(servers)
}

const begin = (kind: number, life: Life): Writer =>
  new Writer(longestMessage).u8(kind).u8(version).bytes(eightBytes(life))

function eightBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes?.length !== lifeLength) throw new RangeError('16 hex digits expected')
  return bytes
}

function name(writer: Writer, value: string): Writer {
  const bytes = Buffer.from(value).subarray(0, longestName)
  return writer.u8(bytes.length).bytes(bytes)
}

function text(writer: Writer, value: string, most: number): Writer {
  const bytes = Buffer.from(value).subarray(0, most)
  return writer.u16be(bytes.length).bytes(bytes)
}

const readName = (reader: Reader): string => printable(reader.take(reader.u8()))
const readText = (reader: Reader): string => printable(reader.take(reader.u16be()))
const printable = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '?')
