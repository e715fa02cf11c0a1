import { deepEqual, equal, ok } from 'node:assert/strict'
import { KeptEvents } from '../../../src/daemon/journal/kept-events.js'
import { sampleEvent } from './samples.js'

describe('daemon/journal/kept-events', () => {
  const ids = (kept: KeptEvents): readonly number[] => kept.all.map(({ id }) => id)

  it('keeps the newest of each type: a flood of one pushes out no other, and the order stands', () => {
    const kept = new KeptEvents(100)
    kept.add(sampleEvent(1, 'router.role'))
    for (let id = 2; id < 10_000; id++) {
      kept.add(sampleEvent(id, id % 1_000 === 0 ? 'peer.link' : 'server.health'))
      ok(kept.all.length <= 1 + 9 + 125, `${kept.all.length} at ${id}`)
    }
    const floods = kept.all.filter(({ type }) => type === 'server.health')
    ok(floods.length >= 100)
    equal(floods.at(-1)?.id, 9_999)
    equal(kept.latest('router.role')?.id, 1)
    equal(kept.select({ types: ['peer.link'] }).length, 9)
    deepEqual(
      ids(kept),
      [...ids(kept)].sort((a, b) => a - b),
    )
    equal(kept.newest?.id, 9_999)
  })

  it('selects by generation, type and number', () => {
    const kept = new KeptEvents()
    for (let id = 1; id <= 10; id++) kept.add(sampleEvent(id, id > 5 ? 'peer.link' : 'router.role'))
    const cases = [
      [{}, 10],
      [{ since: 8 }, 2],
      [{ since: 10 }, 0],
      [{ last: 3 }, 3],
      [{ last: 0 }, 0],
      [{ types: ['router.role'], since: 3 }, 2],
      [{ types: ['router.role'], last: 1 }, 1],
    ] as const
    for (const [query, count] of cases) equal(kept.select(query).length, count, JSON.stringify(query))
    equal(kept.select({ types: ['router.role'], last: 1 })[0]?.id, 5)
  })
})
