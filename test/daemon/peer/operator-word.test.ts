/** Whatever way words of operators travel, both directors end with the same. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  compareWords,
  largestCounter,
  newerWords,
  nextCounter,
  type OperatorWord,
  withoutOldEnables,
} from '../../../src/daemon/peer/operator-word.js'

const keyOf = ({ service, server }: OperatorWord): string => `${service}/${server}`
type Words = ReadonlyMap<string, OperatorWord>
const merge = (a: Words, b: Words): Words => new Map([...a, ...newerWords(a, b.values(), keyOf)])
const sorted = (words: Words) => [...words].sort(([a], [b]) => (a < b ? -1 : 1))

const word: fc.Arbitrary<OperatorWord> = fc.record(
  {
    service: fc.constantFrom('web', 'mail'),
    server: fc.constantFrom('rs1', 'rs2', 'rs3'),
    action: fc.constantFrom('enable', 'drain', 'quiesce', 'disable', 'weight'),
    weight: fc.option(fc.nat(3), { nil: undefined }),
    reason: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    // Few, so that they meet.
    counter: fc.nat(4),
    director: fc.constantFrom('lb1', 'lb2'),
  },
  { noNullPrototype: true },
)
const words: fc.Arbitrary<Words> = fc
  .array(word, { maxLength: 12 })
  .map((all) => newerWords(new Map(), all, keyOf))

describe('words of operators', () => {
  it('merge in any order to the same', () =>
    fc.assert(
      fc.property(words, words, (a, b) => assert.deepEqual(sorted(merge(a, b)), sorted(merge(b, a)))),
    ))

  it('merge in any grouping to the same', () =>
    fc.assert(
      fc.property(words, words, words, (a, b, c) =>
        assert.deepEqual(sorted(merge(merge(a, b), c)), sorted(merge(a, merge(b, c)))),
      ),
    ))

  it('change nothing when they are heard again', () =>
    fc.assert(
      fc.property(words, words, (a, b) => {
        const both = merge(a, b)
        assert.deepEqual(sorted(merge(both, b)), sorted(both))
        assert.equal(newerWords(both, a.values(), keyOf).size, 0)
      }),
    ))

  it('are in one order, and a larger counter is later whoever said it', () =>
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(Math.sign(compareWords(a, b)), -Math.sign(compareWords(b, a)) + 0)
        if (a.counter !== b.counter) assert.equal(compareWords(a, b) < 0, a.counter < b.counter)
      }),
    ))

  it('get counters above all that is known, and above those of before a boot', () => {
    const cases = [
      [7, 1_700_000_000_000.5, 1_700_000_000_000],
      [1_800_000_000_000, 1_700_000_000_000, 1_800_000_000_001],
      [largestCounter, 1, largestCounter],
    ] as const
    for (const [highest, wall, expected] of cases) assert.equal(nextCounter(highest, wall), expected)
  })

  it('are kept but for the oldest of many that only enable', () => {
    const said = (server: string, action: OperatorWord['action'], counter: number): OperatorWord => ({
      service: 'web',
      server,
      action,
      weight: undefined,
      reason: undefined,
      counter,
      director: 'lb1',
    })
    const all = [
      said('a', 'drain', 1),
      said('b', 'enable', 2),
      said('c', 'enable', 4),
      said('d', 'enable', 3),
    ]
    const known = new Map(all.map((one) => [one.server, one]))
    assert.deepEqual([...withoutOldEnables(known, 2).keys()], ['a', 'c', 'd'])
    assert.equal(withoutOldEnables(known, 3), known)
  })
})
