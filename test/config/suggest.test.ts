import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import { editDistance, nearest } from '../../src/config/suggest.js'

const distances: readonly (readonly [a: string, b: string, distance: number])[] = [
  ['', '', 0],
  ['lease', 'lease', 0],
  ['', 'vrid', 4],
  ['leese', 'lease', 1],
  ['vird', 'vrid', 1],
  ['interfce', 'interface', 1],
  ['kitten', 'sitting', 3],
]

const suggestions: readonly (readonly [text: string, meant: string | undefined])[] = [
  ['advertisment_interval', 'advertisement_interval'],
  ['advertisementInterval', 'advertisement_interval'],
  ['VRID', 'vrid'],
  ['leas', 'lease'],
  ['xyz', undefined],
  ['a', undefined],
  ['', undefined],
  ['v'.repeat(10_000), undefined],
]

describe('suggestions', () => {
  for (const [a, b, distance] of distances) {
    it(`${a || 'nothing'} is ${distance} away from ${b || 'nothing'}`, () =>
      equal(editDistance(a, b), distance))
  }

  for (const [text, meant] of suggestions) {
    it(`${text.slice(0, 30) || 'nothing'} means ${meant ?? 'nothing known'}`, () => {
      equal(nearest(text, ['name', 'vrid', 'lease', 'advertisement_interval']), meant)
    })
  }

  it('distances are symmetric and bounded by the longer text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
        const distance = editDistance(a, b)
        return distance === editDistance(b, a) && distance <= Math.max(a.length, b.length)
      }),
    )
  })
})
