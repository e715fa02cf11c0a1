/**
 * Netlink attributes (linux/netlink.h, struct nlattr), host byte order:
 *
 *     0 u16 length, these four bytes included   2 u16 type   4 value, padded to a multiple of 4
 *
 * The two top bits of the type are flags: 0x8000 nested, 0x4000 network byte order.
 */
import type { Reader, Writer } from '../base/bytes.js'

const HEADER = 4
const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff

const padding = (length: number): number => -length & 3

export class AttributeWriter {
  constructor(private readonly writer: Writer) {}

  u8(type: number, value: number): this {
    this.header(type, 1).u8(value).zeros(padding(1))
    return this
  }

  u16(type: number, value: number): this {
    this.header(type, 2).u16host(value).zeros(padding(2))
    return this
  }

  u16be(type: number, value: number): this {
    this.header(type, 2).u16be(value).zeros(padding(2))
    return this
  }

  u32(type: number, ...values: readonly number[]): this {
    const writer = this.header(type, 4 * values.length)
    for (const value of values) writer.u32host(value)
    return this
  }

  u32be(type: number, value: number): this {
    this.header(type, 4).u32be(value)
    return this
  }

  u64(type: number, value: bigint): this {
    this.header(type, 8).u64host(value)
    return this
  }

  bytes(type: number, value: Uint8Array): this {
    this.header(type, value.length).bytes(value).zeros(padding(value.length))
    return this
  }

  /** NUL-terminated ASCII: the kernel's names. */
  text(type: number, value: string): this {
    return this.bytes(
      type,
      Uint8Array.from(`${value}\0`, (char) => char.charCodeAt(0) & 0x7f),
    )
  }

  nest(type: number, fill: (inside: AttributeWriter) => void): this {
    const start = this.writer.length
    this.writer.u16host(0).u16host(type | NLA_F_NESTED)
    fill(this)
    this.writer.setU16host(start, this.writer.length - start)
    return this
  }

  private header(type: number, length: number): Writer {
    return this.writer.u16host(HEADER + length).u16host(type)
  }
}

/**
 * Walks the attributes between the reader's position and `end`. Nothing reads past the attribute it is in,
 * nor past `end`: the first attempt fails the underlying reader, and then `next` answers false. A value
 * longer than asked for is cut, for newer kernels may append.
 */
export class AttributeReader {
  type = 0
  length = 0
  private valueEnd: number

  constructor(
    private readonly reader: Reader,
    private readonly end: number = reader.offset + reader.remaining,
  ) {
    this.valueEnd = reader.offset
  }

  /** Moves to the next attribute, over whatever of the current one was not read. */
  next(): boolean {
    const { reader } = this
    const pad = Math.min(padding(this.length), this.end - this.valueEnd)
    reader.skip(this.valueEnd + pad - reader.offset)
    if (reader.failed || reader.offset >= this.end) return false
    if (this.end - reader.offset < HEADER) return this.fail()
    const total = reader.u16host()
    this.type = reader.u16host() & NLA_TYPE_MASK
    this.length = total - HEADER
    this.valueEnd = reader.offset + this.length
    return this.length < 0 || this.valueEnd > this.end ? this.fail() : true
  }

  u8(): number {
    return this.holds(1) ? this.reader.u8() : 0
  }

  u16(): number {
    return this.holds(2) ? this.reader.u16host() : 0
  }

  u16be(): number {
    return this.holds(2) ? this.reader.u16be() : 0
  }

  u32(): number {
    return this.holds(4) ? this.reader.u32host() : 0
  }

  u32be(): number {
    return this.holds(4) ? this.reader.u32be() : 0
  }

  /** A counter of 4 or 8 bytes; above 2^53 it loses its last digits. */
  counter(): number {
    return this.length >= 8 ? Number(this.reader.u64host()) : this.u32()
  }

  /** A copy of the first `length` bytes of the value. */
  bytes(length: number = this.length): Uint8Array {
    return this.holds(length) ? this.reader.take(length) : new Uint8Array(0)
  }

  /** ASCII up to the first NUL. */
  text(): string {
    const bytes = this.bytes()
    const nul = bytes.indexOf(0)
    return String.fromCharCode(...(nul < 0 ? bytes : bytes.subarray(0, nul)))
  }

  nest(): AttributeReader {
    return new AttributeReader(this.reader, this.valueEnd)
  }

  private holds(length: number): boolean {
    return this.length >= length || this.fail()
  }

  private fail(): false {
    this.reader.failed = true
    return false
  }
}
