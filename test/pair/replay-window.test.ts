import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { emptyReplayWindow, isFresh, remember, replayWindowSize } from '../../src/pair/replay-window.js'

/** What the window must do, with nothing forgotten. */
class Model {
  private readonly seen = new Set<number>()
  private highest = -1

  isFresh(counter: number): boolean {
    return counter > this.highest - replayWindowSize && !this.seen.has(counter)
  }

  remember(counter: number): void {
    this.seen.add(counter)
    this.highest = Math.max(this.highest, counter)
  }
}

describe('replay window', () => {
  it('agrees with a set that forgets nothing, over steps back and leaps ahead', () => {
    const moves = fc.oneof(
      fc.integer({ min: -1100, max: 3 }),
      fc.integer({ min: 0, max: 1100 }),
      fc.nat(100_000),
    )
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(moves, { maxLength: 400 }), (start, steps) => {
        const model = new Model()
        let window = emptyReplayWindow
        let highest = start
        for (const move of [0, ...steps]) {
          const counter = Math.max(0, highest + move)
          assert.equal(isFresh(window, counter), model.isFresh(counter), `counter ${counter}`)
          if (!model.isFresh(counter)) continue
          model.remember(counter)
          window = remember(window, counter)
          highest = Math.max(highest, counter)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('takes every one of a thousand that arrive backwards, once', () => {
    let window = emptyReplayWindow
    for (let counter = replayWindowSize - 1; counter >= 0; counter--) {
      assert.ok(isFresh(window, counter))
      window = remember(window, counter)
      assert.ok(!isFresh(window, counter))
    }
  })

  it('is a value: the window before a counter does not learn of it', () => {
    const before = remember(emptyReplayWindow, 5)
    remember(before, 6)
    assert.ok(isFresh(before, 6))
  })
})
