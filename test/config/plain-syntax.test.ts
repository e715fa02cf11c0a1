import { deepEqual, equal, ok } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import parser from 'toml/lib/parser.js'
import { vipairFile } from '../../bench/ipvs/files.js'
import { plainStatements } from '../../src/config/plain-syntax.js'

/** What the parser makes of it; undefined where it finds an error. */
function parsed(text: string): unknown {
  try {
    return parser.parse(text)
  } catch {
    return undefined
  }
}

/** Whatever is read at all is read as the parser reads it. */
function agrees(text: string): boolean {
  const plain = plainStatements(text)
  if (plain === undefined) return false
  deepEqual(plain, parsed(text), text)
  return true
}

const word = fc.constantFrom('a', 'b', 'name', 'real_servers', 'x-1', '0', 'true', '__proto__')
const blank = fc.constantFrom('', ' ', '\t', '  ')
const gap = fc.constantFrom('', ' ', '\n', ' # c\n')
const scalar = fc.constantFrom(
  ...['"x"', "'y'", '""', "''", '"it\'s # no comment"', "'\"'", '"]"', '"a\\tb"', '0', '7', '65535'],
  ...['01', '-1', '+1', '1_000', '1.5', '1e3', '0x1f', 'true', 'false', 'truex', 'inf', '1979-05-27'],
  ...['"""x"""', "'''x'''", '123456789012345678901', '"\u00e9"', '"', '1 2'],
)
const { value } = fc.letrec<{ value: string; list: string; table: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('table')),
  list: fc
    .tuple(fc.array(fc.tuple(gap, tie('value'), gap), { maxLength: 4 }), fc.constantFrom('', ',', ', \n'))
    .map(([items, end]) => `[${items.map((item) => item.join('')).join(',')}${end}]`),
  table: fc
    .tuple(
      fc.array(fc.tuple(blank, word, blank, tie('value'), blank), { maxLength: 4 }),
      fc.constantFrom('', ',', '\n'),
    )
    .map(([entries, end]) => {
      const each = entries.map(
        ([before, name, space, of, behind]) => `${before}${name}${space}=${of}${behind}`,
      )
      return `{${each.join(',')}${end}}`
    }),
}))
const line = fc.oneof(
  fc
    .tuple(blank, word, blank, value, blank)
    .map(([before, name, space, of, end]) => `${before}${name}=${space}${of}${end}`),
  fc
    .tuple(
      fc.constantFrom('[', '[[', ' ['),
      word,
      fc.constantFrom('', '.b', ' . b'),
      fc.constantFrom(']', ']]', ']]]'),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('', '# comment', 'a', '= 1', ']', 'a = 1 b = 2', 'a.b = 1', '"a" = 1', '\r'),
)

describe('config plain syntax', () => {
  it('reads whole files like the parser: the large one, and the examples where they are plain', () => {
    ok(agrees(vipairFile({ servers: 1000, firstWeight: 100 })))
    for (const name of readdirSync('configs').filter((one) => one.endsWith('.toml')))
      agrees(readFileSync(`configs/${name}`, 'utf8'))
  })

  it('agrees with the parser on whatever it reads', () => {
    let read = 0
    const lines = fc.array(line, { maxLength: 4 })
    fc.assert(
      fc.property(lines, (some) => {
        if (agrees(some.join('\n'))) read += 1
      }),
      { numRuns: 3_000 },
    )
    ok(read > 300, `${read} of 3,000 were plain`)
  })

  it('leaves to the parser what is not plain, and every error', () => {
    for (const text of [
      ...['a = "\\n"', 'a = """x"""', 'a.b = 1', '"a" = 1', 'a = 1.5', 'a = 1979-05-27', 'a = "\u00e9"'],
      ...['a = 1 b = 2', 'a = 1\r\n', '[a', '[[a]', '[a]]', 'a = {b=1,b=2}', 'a =', 'a = [1 2]', 'a = {} x'],
    ])
      equal(plainStatements(text), undefined, text)
  })

  it('is not drowned by depth', () => {
    for (const text of [`a = ${'['.repeat(100_000)}`, `a = ${'{a='.repeat(100_000)}`])
      equal(plainStatements(text), undefined)
  })
})
