import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { emptyFifo, type Fifo, push, shift } from '../../src/sync/fifo.js'

describe('fifo', () => {
  it('agrees with an array, whatever is pushed and shifted', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (moves) => {
        const model: number[] = []
        let fifo: Fifo<number> = emptyFifo
        for (const value of moves) {
          if (value !== null) {
            model.push(value)
            fifo = push(fifo, value)
          } else {
            const taken = shift(fifo)
            assert.equal(taken?.[0], model.shift())
            fifo = taken?.[1] ?? fifo
          }
          assert.equal(fifo.length, model.length)
        }
      }),
    )
  })
})
