import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Lane } from '../../src/programs/lane.js'

describe('programs/lane', () => {
  it('gives turns in the order of arrival, never more than so many at once, and loses nobody', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('add', 'take', 'done')),
        (most, acts) => {
          const lane = new Lane<number>(most)
          const turns: number[] = []
          let added = 0
          for (const act of acts) {
            if (act === 'add') lane.add(added++, added)
            else if (act === 'done' && lane.running > 0) lane.done()
            else if (act === 'take') {
              const item = lane.take()
              if (item !== undefined) turns.push(item)
            }
            ok(lane.running <= most)
            equal(turns.length + lane.waits, added)
          }
          deepEqual(
            turns,
            turns.map((_, i) => i),
          )
          deepEqual(
            lane.drain(),
            Array.from({ length: added - turns.length }, (_, i) => turns.length + i),
          )
          equal(lane.waitsSince, undefined)
        },
      ),
    )
  })

  it('says since when the next has been waiting', () => {
    const lane = new Lane<string>(1)
    for (let i = 0; i < 300; i++) lane.add(`${i}`, i)
    for (let i = 0; i < 200; i++) {
      equal(lane.waitsSince, i)
      equal(lane.take(), `${i}`)
      lane.done()
    }
    equal(lane.waits, 100)
  })
})
