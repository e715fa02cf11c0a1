/** Headers as HTTP/2 packs them (RFC 7541). */
import { Reader, Writer } from '../base/bytes.js'
import { decodeHuffman } from './huffman.js'

export type HeaderField = readonly [name: string, value: string]

/** RFC 7541 section 4.2: what a side has that says nothing of it. */
const tableSize = 4096
/** RFC 7541 section 4.1: beside name and value. */
const overhead = 32
/** A short block can name a long field again and again. */
const longestList = 64 * 1024

/** RFC 7541 appendix A. */
const staticTable: readonly HeaderField[] = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`
  .split('\n')
  .map((line) => {
    const blank = line.indexOf(' ')
    return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)]
  })

/** Plain literals, which any decoder reads and no table remembers. ASCII only. */
export function packHeaders(fields: readonly HeaderField[]): Uint8Array {
  const writer = new Writer()
  for (const [name, value] of fields) writeText(writeText(writer.u8(0), name), value)
  return writer.finish()
}

/** Of one direction of one connection: its blocks build on one another. */
export class HeaderUnpacker {
  private readonly table: HeaderField[] = []
  private size = 0
  private capacity = tableSize

  /** Undefined for what is wrong or too much; then nothing more can be read of this connection. */
  unpack(block: Uint8Array): readonly HeaderField[] | undefined {
    const reader = new Reader(block)
    const fields: HeaderField[] = []
    let length = 0
    while (reader.remaining > 0) {
      const first = reader.u8()
      if ((first & 0xe0) === 0x20) {
        const capacity = readInteger(reader, first, 5)
        if (capacity > tableSize) return undefined
        this.capacity = capacity
        this.evict(0)
        continue
      }
      const field = first & 0x80 ? this.field(readInteger(reader, first, 7)) : this.literal(reader, first)
      if (!field || reader.failed) return undefined
      length += sizeOf(field)
      if (length > longestList) return undefined
      fields.push(field)
    }
    return reader.failed ? undefined : fields
  }

  private literal(reader: Reader, first: number): HeaderField | undefined {
    const indexed = (first & 0x40) !== 0
    const index = readInteger(reader, first, indexed ? 6 : 4)
    const name = index === 0 ? readText(reader) : this.field(index)?.[0]
    const value = readText(reader)
    if (name === undefined || value === undefined) return undefined
    const field: HeaderField = [name, value]
    if (indexed) {
      this.evict(sizeOf(field))
      if (sizeOf(field) <= this.capacity) {
        this.table.unshift(field)
        this.size += sizeOf(field)
      }
    }
    return field
  }

  private field(index: number): HeaderField | undefined {
    return index <= staticTable.length ? staticTable[index - 1] : this.table[index - staticTable.length - 1]
  }

  /** Makes room for so many bytes. */
  private evict(room: number): void {
    while (this.size > 0 && this.size + room > this.capacity) {
      const oldest = this.table.pop()
      this.size -= oldest ? sizeOf(oldest) : this.size
    }
  }
}

const sizeOf = ([name, value]: HeaderField): number => name.length + value.length + overhead

/** RFC 7541 section 5.1; nothing here is as long as 2^21. */
function readInteger(reader: Reader, first: number, prefix: number): number {
  const mask = 2 ** prefix - 1
  let value = first & mask
  if (value < mask) return value
  for (const shift of [0, 7, 14]) {
    const byte = reader.u8()
    value += (byte & 0x7f) << shift
    if (byte < 0x80) return value
  }
  reader.skip(reader.remaining + 1)
  return 0
}

/** RFC 7541 section 5.2. */
function readText(reader: Reader): string | undefined {
  const first = reader.u8()
  const bytes = reader.take(readInteger(reader, first, 7))
  if (first & 0x80) return decodeHuffman(bytes)
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function writeText(writer: Writer, text: string): Writer {
  if (text.length < 127) writer.u8(text.length)
  else {
    let rest = text.length - 127
    for (writer.u8(127); rest >= 0x80; rest >>>= 7) writer.u8((rest & 0x7f) | 0x80)
    writer.u8(rest)
  }
  for (const character of text) writer.u8(character.charCodeAt(0))
  return writer
}
