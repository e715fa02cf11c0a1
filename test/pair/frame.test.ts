import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import { decodeFrame, encodeDataHeader, encodeHelloHeader, maxMessageLength } from '../../src/pair/frame.js'
import { decodeHello, encodeHello } from '../../src/pair/hello.js'

const keyId = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const otherKeyId = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)
const tag = new Uint8Array(8).fill(0xee)
const sealed = new Uint8Array(16).fill(0xcc)
const channels = fc.constantFrom('vrrp' as const, 'sync' as const)
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe('pair frame', () => {
  const data = Buffer.concat([encodeDataHeader('sync', keyId, tag, 258), sealed])

  it('has the layout of the diagram', () => {
    assert.equal(
      toHex(data),
      `5601010201020304050607${'08'}${'ee'.repeat(8)}0000000000000102${'cc'.repeat(16)}`,
    )
    const hello = encodeHelloHeader('vrrp', keyId, new Uint8Array(12).fill(0xdd))
    assert.equal(toHex(hello), `560100010102030405060708${'dd'.repeat(12)}`)
  })

  const changed = (at: number, value: number) => {
    const copy = Uint8Array.from(data)
    copy[at] = value
    return copy
  }
  const refused = [
    ['nothing', new Uint8Array(0), 'truncated'],
    ['a header without key id', data.subarray(0, 11), 'truncated'],
    ['data without its tag', data.subarray(0, data.length - 1), 'truncated'],
    ['a hello without its tag', changed(3, 1).subarray(0, 39), 'truncated'],
    ['more than a message', new Uint8Array(28 + maxMessageLength + 17), 'oversize'],
    ['another first byte', changed(0, 0x55), 'magic'],
    ['another version', changed(1, 2), 'version'],
    ['the other channel', changed(2, 0), 'channel'],
    ['an unknown type', changed(3, 3), 'type'],
    ['another key', Buffer.concat([encodeDataHeader('sync', otherKeyId, tag, 0), sealed]), 'key'],
  ] as const
  for (const [name, datagram, problem] of refused) {
    it(`refuses ${name}: ${problem}`, () => {
      assert.deepEqual(decodeFrame(datagram, 'sync', keyId), { ok: false, error: problem })
    })
  }

  it('decodes what it encodes, whatever the numbers', () => {
    fc.assert(
      fc.property(
        channels,
        bytes(8),
        fc.nat(Number.MAX_SAFE_INTEGER),
        fc.uint8Array({ minLength: 16, maxLength: 99 }),
        (channel, id, counter, body) => {
          const header = encodeDataHeader(channel, id, tag, counter)
          const frame = decodeFrame(Buffer.concat([header, body]), channel, id)
          assert.deepEqual(frame, { ok: true, value: { type: 'data', header, tag, counter, sealed: body } })
        },
      ),
    )
  })

  it('answers to any bytes, and keeps no view of them', () => {
    const near = fc
      .tuple(channels, fc.uint8Array({ minLength: 28, maxLength: 60 }))
      .map(([, rest]) => Buffer.concat([Uint8Array.of(0x56, 1, 1, 2), keyId, rest]))
    let decoded = 0
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), near), (datagram) => {
        const frame = decodeFrame(datagram, 'sync', keyId)
        if (!frame.ok) return
        decoded++
        const before = structuredClone(frame.value)
        datagram.fill(0xff)
        assert.deepEqual(frame.value, before)
      }),
      { numRuns: 2000 },
    )
    assert.ok(decoded > 100)
  })
})

describe('hello', () => {
  const stages = fc.constantFrom('offer' as const, 'answer' as const, 'confirm' as const)
  const hellos = fc.record(
    { stage: stages, epoch: bytes(16), echo: bytes(16), configHash: bytes(8) },
    { noNullPrototype: true },
  )

  it('decodes what it encodes, and what a later version adds', () => {
    fc.assert(
      fc.property(hellos, fc.uint8Array(), (hello, later) => {
        assert.deepEqual(decodeHello(encodeHello(hello)), { ok: true, value: hello })
        assert.deepEqual(decodeHello(Buffer.concat([encodeHello(hello), later])), { ok: true, value: hello })
      }),
    )
  })

  it('refuses what is short, of no stage, or of other versions', () => {
    const none = new Uint8Array(16)
    const good = encodeHello({ stage: 'offer', epoch: none, echo: none, configHash: new Uint8Array(8) })
    const changed = (at: number, value: number) =>
      Uint8Array.from(good, (byte, i) => (i === at ? value : byte))
    assert.deepEqual(decodeHello(good.subarray(1)), { ok: false, error: 'truncated' })
    assert.deepEqual(decodeHello(changed(0, 0)), { ok: false, error: 'type' })
    assert.deepEqual(decodeHello(changed(0, 4)), { ok: false, error: 'type' })
    assert.deepEqual(decodeHello(changed(2, 2)), { ok: false, error: 'version' })
    assert.deepEqual(decodeHello(changed(3, 0)), { ok: false, error: 'version' })
  })

  it('answers to any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (body) => typeof decodeHello(body).ok === 'boolean'),
    )
  })
})
