/**
 * Cursors over bytes. Endianness is in the method's name: `u16be` is network order, `u16host` is the
 * machine's own (netlink headers and attributes).
 */

const littleEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/**
 * Reads forward and never past the end: the first read that would sets `failed`, and from then on every
 * read answers zero. A decoder checks `failed` once, at the end of a group of fields.
 */
export class Reader {
  failed = false
  private readonly view: DataView
  private position = 0

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  get offset(): number {
    return this.position
  }

  u8(): number {
    const at = this.advance(1)
    return at < 0 ? 0 : this.view.getUint8(at)
  }

  u16be(): number {
    const at = this.advance(2)
    return at < 0 ? 0 : this.view.getUint16(at, false)
  }

  u32be(): number {
    const at = this.advance(4)
    return at < 0 ? 0 : this.view.getUint32(at, false)
  }

  u64be(): bigint {
    const at = this.advance(8)
    return at < 0 ? 0n : this.view.getBigUint64(at, false)
  }

  u16host(): number {
    const at = this.advance(2)
    return at < 0 ? 0 : this.view.getUint16(at, littleEndianHost)
  }

  u32host(): number {
    const at = this.advance(4)
    return at < 0 ? 0 : this.view.getUint32(at, littleEndianHost)
  }

  u64host(): bigint {
    const at = this.advance(8)
    return at < 0 ? 0n : this.view.getBigUint64(at, littleEndianHost)
  }

  /** A copy of the next `length` bytes: a decoded value keeps no view of the caller's buffer. */
  take(length: number): Uint8Array {
    const at = this.advance(length)
    // Not `slice`: on a Buffer, which is what sockets hand over, that is a view.
    return at < 0 ? new Uint8Array(0) : new Uint8Array(this.bytes.subarray(at, at + length))
  }

  skip(length: number): void {
    this.advance(length)
  }

  private advance(length: number): number {
    if (this.failed || length < 0 || length > this.remaining) {
      this.failed = true
      return -1
    }
    const at = this.position
    this.position += length
    return at
  }
}

/** Writes forward into a buffer that grows; `finish` answers exactly what was written. */
export class Writer {
  private buffer: Uint8Array
  private view: DataView
  private position = 0

  constructor(capacity = 64) {
    this.buffer = new Uint8Array(capacity)
    this.view = new DataView(this.buffer.buffer)
  }

  get length(): number {
    return this.position
  }

  u8(value: number): this {
    const at = this.reserve(1)
    this.view.setUint8(at, value)
    return this
  }

  u16be(value: number): this {
    const at = this.reserve(2)
    this.view.setUint16(at, value, false)
    return this
  }

  u32be(value: number): this {
    const at = this.reserve(4)
    this.view.setUint32(at, value, false)
    return this
  }

  u64be(value: bigint): this {
    const at = this.reserve(8)
    this.view.setBigUint64(at, value, false)
    return this
  }

  u16host(value: number): this {
    const at = this.reserve(2)
    this.view.setUint16(at, value, littleEndianHost)
    return this
  }

  u32host(value: number): this {
    const at = this.reserve(4)
    this.view.setUint32(at, value, littleEndianHost)
    return this
  }

  u64host(value: bigint): this {
    const at = this.reserve(8)
    this.view.setBigUint64(at, value, littleEndianHost)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length)
    this.buffer.set(value, at)
    return this
  }

  zeros(length: number): this {
    const at = this.reserve(length)
    this.buffer.fill(0, at, at + length)
    return this
  }

  /** Overwrites two bytes already written: lengths and checksums are known last. */
  setU16be(at: number, value: number): this {
    this.view.setUint16(at, value, false)
    return this
  }

  setU16host(at: number, value: number): this {
    this.view.setUint16(at, value, littleEndianHost)
    return this
  }

  setU32host(at: number, value: number): this {
    this.view.setUint32(at, value, littleEndianHost)
    return this
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.position)
  }

  /** Begins anew, in the same memory. */
  clear(): this {
    this.position = 0
    return this
  }

  /** May replace `buffer` and `view`: call it before touching them. */
  private reserve(length: number): number {
    const at = this.position
    const needed = at + length
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
      grown.set(this.buffer)
      this.buffer = grown
      this.view = new DataView(grown.buffer)
    }
    this.position = needed
    return at
  }
}

/** Lower-case hexadecimal, no separators. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** The bytes of a hexadecimal string; undefined when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
