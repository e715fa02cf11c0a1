import { strict as assert } from 'node:assert'
import { Reader, Writer } from '../../src/base/bytes.js'

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
