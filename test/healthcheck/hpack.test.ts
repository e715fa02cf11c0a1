import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fromHex } from '../../src/base/bytes.js'
import { type HeaderField, HeaderUnpacker, packHeaders } from '../../src/healthcheck/hpack.js'
import { decodeHuffman } from '../../src/healthcheck/huffman.js'

function hex(text: string): Uint8Array {
  const bytes = fromHex(text.replaceAll(' ', ''))
  assert.ok(bytes)
  return bytes
}

describe('healthcheck: HPACK', () => {
  const texts: readonly (readonly [hex: string, text: string | undefined])[] = [
    // RFC 7541 appendix C.4 and C.6.
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['25a849e95bb8e8b4bf', 'custom-value'],
    ['6402', '302'],
    ['aec3771a4b', 'private'],
    ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['', ''],
    // Section 5.2: padding of eight ones, of zeros, and the end within a text.
    ['ff', undefined],
    ['00', undefined],
    ['ffffffff', undefined],
  ]
  for (const [code, text] of texts) {
    it(`Huffman ${code}: ${text}`, () => assert.equal(decodeHuffman(hex(code)), text))
  }

  it('reads three answers in a row, whose table forgets the oldest (RFC 7541 appendix C.6)', () => {
    const unpacker = new HeaderUnpacker()
    // The appendix has a table of 256 bytes.
    const first = unpacker.unpack(
      hex(
        '3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      ),
    )
    const date = 'Mon, 21 Oct 2013 20:13:21 GMT'
    assert.deepEqual(first, [
      [':status', '302'],
      ['cache-control', 'private'],
      ['date', date],
      ['location', 'https://www.example.com'],
    ])
    assert.deepEqual(unpacker.unpack(hex('4883640effc1c0bf')), [
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', date],
      ['location', 'https://www.example.com'],
    ])
    const third = unpacker.unpack(
      hex(
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ),
    )
    assert.deepEqual(third, [
      [':status', '200'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
      ['location', 'https://www.example.com'],
      ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ])
  })

  it('what is packed is unpacked', () => {
    const text = fc.string({ maxLength: 400, unit: fc.constantFrom(...' !"#abcXYZ019~') })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (fields: HeaderField[]) => {
        assert.deepEqual(new HeaderUnpacker().unpack(packHeaders(fields)), fields)
      }),
    )
  })

  it('whatever arrives is answered, and costs no more than it should', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
        const unpacker = new HeaderUnpacker()
        for (const block of blocks) unpacker.unpack(block)
      }),
      { numRuns: 2_000 },
    )
    // A field of 4,000 bytes, and its index sixteen thousand times: 64 MB.
    const long = [0x40, 1, 0x61, 0x7f, 0xa1, 0x1e, ...Array<number>(4_000).fill(0x62)]
    const bomb = Uint8Array.from([...long, ...Array<number>(12_000).fill(0x80 | 62)])
    assert.equal(new HeaderUnpacker().unpack(bomb), undefined)
    assert.equal(new HeaderUnpacker().unpack(Uint8Array.from(long))?.length, 1)
  })

  const wrong: readonly (readonly [what: string, hex: string])[] = [
    ['the index 0', '80'],
    ['an index of an empty table', 'be'],
    ['a table that is larger than ours', '3fe21f'],
    ['a text that is longer than the block', '000561'],
    ['a number without end', 'ffffffffffffff'],
    ['half a field', '0001'],
  ]
  for (const [what, code] of wrong) {
    it(what, () => assert.equal(new HeaderUnpacker().unpack(hex(code)), undefined))
  }
})
