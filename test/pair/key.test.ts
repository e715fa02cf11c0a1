import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { equalPairKeys, formatPairKey, pairKeyProblemText, parsePairKey } from '../../src/pair/key.js'

const bytes = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const base64 = Buffer.from(bytes).toString('base64')
const hex = Buffer.from(bytes).toString('hex')

const parsed = (text: string) => {
  const key = parsePairKey(text)
  assert.ok(key.ok)
  return key.value
}

describe('pair key file', () => {
  for (const text of [base64, `${base64}\n`, `${base64}\r\n`, hex, hex.toUpperCase(), `${hex}\n`]) {
    it(`reads ${JSON.stringify(text).slice(0, 20)}… of ${text.length} characters`, () => {
      assert.deepEqual(new Uint8Array(parsed(text).export()), bytes)
    })
  }

  const refused = [
    ['', 'empty'],
    ['\n', 'empty'],
    [`${base64}\n\n`, 'several_lines'],
    [`${base64}\n${base64}\n`, 'several_lines'],
    [` ${base64}`, 'encoding'],
    [`${base64} `, 'encoding'],
    ['# a comment', 'encoding'],
    [base64.slice(0, -1), 'encoding'],
    [hex.slice(0, -1), 'encoding'],
    [`${hex.slice(0, -1)}g`, 'length'],
    [hex.slice(0, -2), 'encoding'],
    [Buffer.alloc(31, 'x').toString('base64'), 'length'],
    [Buffer.alloc(33, 'x').toString('base64'), 'length'],
    ['00'.repeat(32), 'weak'],
  ] as const
  for (const [text, problem] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))} (${text.length}): ${problem}`, () => {
      assert.deepEqual(parsePairKey(text), { ok: false, error: problem })
      assert.ok(!text || !pairKeyProblemText(problem).includes(text.trim() || '\n'))
    })
  }

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (random) => {
        fc.pre(new Set(random).size > 1)
        assert.deepEqual(new Uint8Array(parsed(formatPairKey(random)).export()), random)
      }),
    )
  })

  it('never shows the key when printed', () => {
    const text = inspect(parsed(base64), { depth: 5 }) + JSON.stringify(parsed(base64))
    assert.ok(!text.includes(base64) && !text.includes(hex))
  })

  it('tells keys apart', () => {
    assert.ok(equalPairKeys(parsed(base64), parsed(hex)))
    assert.ok(!equalPairKeys(parsed(base64), parsed('ab'.repeat(31).concat('ac'))))
  })
})
