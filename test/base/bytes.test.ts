import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { equalBytes, fromHex, Reader, toHex, Writer } from '../../src/base/bytes.js'

describe('Writer', () => {
  it('grows under every kind of write', () => {
    const writes: readonly ((writer: Writer) => Writer)[] = [
      (writer) => writer.u8(1),
      (writer) => writer.u16be(0x0203),
      (writer) => writer.u32be(0x04050607),
      (writer) => writer.u64be(8n),
      (writer) => writer.u16host(9),
      (writer) => writer.u32host(10),
      (writer) => writer.u64host(11n),
      (writer) => writer.bytes(Uint8Array.of(12, 13)),
      (writer) => writer.zeros(3),
    ]
    for (const write of writes) {
      const roomy = write(new Writer(64)).finish()
      assert.deepEqual(write(new Writer(0)).finish(), roomy)
      const reader = new Reader(write(write(new Writer(1))).finish())
      assert.deepEqual(reader.take(roomy.length), roomy)
      assert.deepEqual(reader.take(roomy.length), roomy)
    }
  })
})

describe('Reader', () => {
  it('takes copies, also from a Buffer', () => {
    const buffer = Buffer.from([1, 2, 3])
    const taken = new Reader(buffer).take(2)
    buffer.fill(9)
    assert.deepEqual(taken, Uint8Array.of(1, 2))
  })
})

const numbers = [
  { kind: 'u8', size: 1 },
  { kind: 'u16be', size: 2 },
  { kind: 'u32be', size: 4 },
  { kind: 'u16host', size: 2 },
  { kind: 'u32host', size: 4 },
] as const
const wide = ['u64be', 'u64host'] as const

const field = fc.oneof(
  fc.constantFrom(...numbers).chain(({ kind, size }) =>
    fc.integer({ min: 0, max: 2 ** (8 * size) - 1 }).map((value) => ({
      size,
      write: (writer: Writer) => writer[kind](value),
      check: (reader: Reader) => assert.equal(reader[kind](), value),
    })),
  ),
  fc.tuple(fc.constantFrom(...wide), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(([kind, value]) => ({
    size: 8,
    write: (writer: Writer) => writer[kind](value),
    check: (reader: Reader) => assert.equal(reader[kind](), value),
  })),
  fc.uint8Array({ maxLength: 100 }).map((value) => ({
    size: value.length,
    write: (writer: Writer) => writer.bytes(value),
    check: (reader: Reader) => assert.deepEqual(reader.take(value.length), value),
  })),
)

describe('Writer and Reader', () => {
  it('what was written is read back, and exactly that', () => {
    fc.assert(
      fc.property(fc.array(field), fc.nat(20), (fields, capacity) => {
        const writer = new Writer(capacity)
        for (const { write } of fields) write(writer)
        const bytes = writer.finish()
        assert.equal(
          bytes.length,
          fields.reduce((sum, { size }) => sum + size, 0),
        )
        const reader = new Reader(bytes)
        for (const { check } of fields) check(reader)
        assert.equal(reader.remaining, 0)
        assert.equal(reader.failed, false)
      }),
    )
  })

  it('network order is big-endian; host order is this machine’s', () => {
    assert.equal(
      toHex(new Writer().u16be(0x0102).u32be(0x03040506).u64be(0x0708n).finish()),
      '0102030405060000000000000708',
    )
    const host = new Writer().u16host(0x0102).u32host(0x03040506).u64host(7n).finish()
    const native = [new Uint16Array([0x0102]), new Uint32Array([0x03040506]), new BigUint64Array([7n])]
    assert.deepEqual(host, Uint8Array.from(native.flatMap(({ buffer }) => [...new Uint8Array(buffer)])))
  })

  it('reading past the end fails, stays failed and answers zero', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3))
    assert.equal(reader.u16be(), 0x0102)
    assert.equal(reader.u32be(), 0)
    assert.equal(reader.failed, true)
    assert.equal(reader.u8(), 0, 'a byte is left, but nothing is read after a failure')
    assert.equal(reader.offset, 2)
    assert.equal(reader.take(1).length, 0)
    for (const length of [-1, 4, Number.POSITIVE_INFINITY]) {
      const fresh = new Reader(Uint8Array.of(1, 2, 3))
      fresh.skip(length)
      assert.equal(fresh.failed, true, `skip ${length}`)
    }
  })

  it('reads within a view, not around it', () => {
    const reader = new Reader(Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4))
    assert.equal(reader.u16be(), 0x0102)
    assert.equal(reader.u8(), 0)
    assert.equal(reader.failed, true)
  })

  it('overwrites what is known last', () => {
    const writer = new Writer().zeros(2).u8(7)
    assert.equal(toHex(writer.setU16be(0, 0x0102).finish()), '010207')
    const host = new Reader(writer.setU16host(0, 0x0304).finish())
    assert.equal(host.u16host(), 0x0304)
    assert.equal(new Reader(new Writer().zeros(4).setU32host(0, 5).finish()).u32host(), 5)
  })
})

describe('hexadecimal', () => {
  it('goes there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => equalBytes(fromHex(toHex(bytes)) ?? Uint8Array.of(1), bytes)),
    )
    assert.deepEqual(fromHex('00fFA0'), Uint8Array.of(0, 255, 160))
  })

  it('anything else is no hexadecimal', () => {
    for (const text of ['0', '0g', ' 00', '0x00', '00 ']) assert.equal(fromHex(text), undefined, text)
  })

  it('equal bytes are equal in length too', () => {
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true)
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)), false)
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false)
  })
})
