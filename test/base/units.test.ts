import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  after,
  centis,
  centisToMillis,
  millis,
  millisToCentis,
  port,
  priority,
  vrid,
  weight,
} from '../../src/base/units.js'

describe('base/units', () => {
  const ranges: [name: string, make: (n: number) => number | undefined, low: number, high: number][] = [
    ['vrid', vrid, 1, 255],
    ['priority', priority, 0, 255],
    ['weight', weight, 0, 65_535],
    ['port', port, 0, 65_535],
  ]
  for (const [name, make, low, high] of ranges) {
    it(`${name} is a whole number from ${low} to ${high}`, () => {
      assert.equal(make(low), low)
      assert.equal(make(high), high)
      for (const n of [low - 1, high + 1, low + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.equal(make(n), undefined, `${n}`)
      }
      fc.assert(
        fc.property(
          fc.double(),
          (n) => (make(n) !== undefined) === (Number.isInteger(n) && n >= low && n <= high),
        ),
      )
    })
  }

  it('centiseconds and milliseconds convert to the nearest', () => {
    assert.equal(millisToCentis(millis(1_000)), 100)
    assert.equal(millisToCentis(millis(14)), 1)
    assert.equal(millisToCentis(millis(15)), 2)
    assert.equal(centisToMillis(centis(4_095)), 40_950)
    fc.assert(fc.property(fc.nat(4_095), (n) => millisToCentis(centisToMillis(centis(n))) === n))
  })

  it('a span after a moment', () => assert.equal(after(millis(1_500), millis(250)), 1_750))
})
