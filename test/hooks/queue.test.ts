import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { DirectorEvent } from '../../src/base/events.js'
import { EventQueue, mostPending } from '../../src/hooks/queue.js'

const event = (id: number, subject: string, state = 'healthy'): DirectorEvent => ({
  id,
  at: id,
  type: 'server.health',
  subject,
  state,
  before: undefined,
  reason: '',
})

describe('hooks/queue', () => {
  it('tells the latest of each subject, each once, in rising generations, however it is filled and emptied', () => {
    const acts = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constant('take')), { maxLength: 60 })
    fc.assert(
      fc.property(acts, (list) => {
        const queue = new EventQueue()
        const latest = new Map<string, number>()
        const told: number[] = []
        const toldOf = new Map<string, number>()
        const take = (): void => {
          const first = queue.first
          if (!first) return
          told.push(first.event.id)
          toldOf.set(first.event.subject, first.event.id)
          queue.remove(first)
        }
        for (const [i, act] of list.entries()) {
          if (act === 'take') take()
          else {
            queue.add(event(i + 1, act))
            latest.set(act, i + 1)
          }
          ok(queue.size <= 3)
        }
        while (queue.size > 0) take()
        deepEqual(
          told,
          [...told].sort((a, b) => a - b),
        )
        deepEqual([...toldOf].sort(), [...latest].sort())
      }),
    )
  })

  it('counts what was superseded, and keeps what came while its elder was told', () => {
    const queue = new EventQueue()
    queue.add(event(1, 'a'))
    const telling = queue.first
    queue.add(event(2, 'a', 'unhealthy'))
    queue.add(event(3, 'a', 'healthy'))
    ok(telling)
    queue.remove(telling)
    equal(queue.first?.event.id, 3)
    equal(queue.first?.superseded, 2)
    queue.add(event(3, 'a'))
    equal(queue.first?.superseded, 2, 'told again what it knows')
  })

  it('is bounded: the oldest go, and are counted', () => {
    const queue = new EventQueue()
    for (let i = 0; i < mostPending + 10; i++) queue.add(event(i + 1, `s${i}`))
    equal(queue.size, mostPending)
    equal(queue.lost, 10)
    equal(queue.first?.event.id, 11)
  })
})
