import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Lane } from '../../src/programs/lane.js'

interface Item {
  readonly number: number
  readonly due: number
}

describe('programs/lane', () => {
  it('gives each turn to whoever is late first, never more than so many at once, and loses nobody', () => {
    const acts = fc.array(fc.oneof(fc.constantFrom('take', 'done'), fc.integer({ min: 0, max: 9 })))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), acts, (most, list) => {
        const lane = new Lane<Item>(most)
        let model: Item[] = []
        let number = 0
        for (const [now, act] of list.entries()) {
          if (act === 'done') {
            if (lane.running > 0) lane.done()
          } else if (act === 'take') {
            const expected = lane.running < most ? model[0] : undefined
            deepEqual(lane.take(), expected)
            if (expected) model = model.slice(1)
          } else {
            const item = { number: number++, due: now + act }
            lane.add(item, now, item.due)
            model = [...model, item].sort((a, b) => a.due - b.due || a.number - b.number)
          }
          ok(lane.running <= most)
          equal(lane.waits, model.length)
        }
        lane.clear()
        equal(lane.waits, 0)
      }),
    )
  })

  it('says since when somebody has been waiting', () => {
    const lane = new Lane<string>(1)
    equal(lane.waitsSince, Number.POSITIVE_INFINITY)
    lane.add('seldom', 1, 60)
    lane.add('often', 2, 3)
    equal(lane.waitsSince, 1)
    equal(lane.take(), 'often')
    equal(lane.waitsSince, 1)
  })
})
