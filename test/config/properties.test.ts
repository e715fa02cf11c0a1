import { equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { diff } from '../../src/config/diff.js'
import { normalForm } from '../../src/config/normal.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem, isError } from '../../src/config/problem.js'
import type { Json } from '../../src/config/schema.js'

const example = readFileSync('configs/pair-dr.toml', 'utf8')

/** Answers without throwing; what it refuses has an error, and every problem stands inside the file. */
function judges(source: string | Uint8Array): void {
  const result = parseConfig(source)
  const problems = result.ok ? result.value.warnings : result.error
  equal(problems.some(isError), !result.ok)
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
  const lines = text.split('\n')
  for (const problem of problems) {
    const line = lines[problem.line - 1]
    ok(line !== undefined && problem.column >= 1, formatProblem('f', problem))
    // A repaired value may be longer than what stood there, never by more than its two quotes and a space.
    ok(problem.column <= line.length + 4, formatProblem('f', problem))
    ok(!/[\p{Cc}]/u.test(formatProblem('f', problem)))
  }
}

const position = fc.nat({ max: example.length })
const piece = fc.oneof(
  fc.constantFrom(
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    '=',
    ',',
    '\n',
    '#',
    '.',
    '"""',
    '[[',
    '\\',
    '-',
    '0',
    'inf',
    '\u202e',
  ),
  fc.constantFrom(
    'name',
    'vrid = 300',
    'lease = 3',
    '[pair]',
    '[[director]]',
    '__proto__ = 1',
    'toString = 1',
  ),
  fc.string({ maxLength: 8, unit: 'binary' }),
)
const mutation = fc.tuple(position, fc.nat({ max: 12 }), piece)

describe('parseConfig answers whatever it is given', function () {
  // A safety net for a busy machine; these take about two seconds.
  this.timeout(60_000)

  it('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), judges), { numRuns: 500 })
  })

  it('random text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400, unit: 'binary' }), judges), { numRuns: 500 })
  })

  it('the pieces of TOML in random order', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => judges(pieces.join(' '))),
      { numRuns: 500 },
    )
  })

  it('a valid file with random changes', () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        let text = example
        for (const [at, length, inserted] of mutations)
          text = text.slice(0, at) + inserted + text.slice(at + length)
        judges(text)
      }),
      { numRuns: 500 },
    )
  })

  it('a valid file with lines lost, doubled and swapped', () => {
    const lines = example.split('\n')
    fc.assert(
      fc.property(fc.array(fc.nat({ max: lines.length - 1 }), { maxLength: lines.length }), (order) => {
        judges(order.map((i) => lines[i]).join('\n'))
      }),
      { numRuns: 300 },
    )
  })
})

describe('the normal form', () => {
  for (const name of ['minimal', 'pair-dr', 'pair-nat', 'services', 'checks']) {
    it(`of ${name}.toml written as a file means the same`, () => {
      const first = parseConfig(readFileSync(`configs/${name}.toml`))
      ok(first.ok)
      const second = parseConfig(toToml({ ...normalForm(first.value.config) }))
      ok(second.ok)
      equal(second.value.config.hash, first.value.config.hash)
      equal(diff(first.value.config, second.value.config).length, 0)
    })
  }
})

/** Each top-level key on a line of its own, everything within it inline. */
function toToml(tables: { readonly [key: string]: Json }): string {
  return Object.entries(tables)
    .map(([key, value]) => `${key} = ${inline(value)}\n`)
    .join('')
}

function inline(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)} = ${inline(inner)}`)
  return `{ ${entries.join(', ')} }`
}
