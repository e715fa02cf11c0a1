import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Millis, millis } from '../../src/base/units.js'
import { Deadlines } from '../../src/healthcheck/deadlines.js'
import { Schedule } from '../../src/healthcheck/schedule.js'
import { timeLimit } from '../../src/healthcheck/time-limit.js'

const interval = millis(1_000)
const start = millis(5_000)

function next(schedule: Schedule): Millis {
  const deadline = schedule.nextDeadline()
  assert.notEqual(deadline, undefined)
  return millis(deadline ?? 0)
}

/** Every key that is due, in order. */
function takeAll(schedule: Schedule, now: Millis): string[] {
  const keys: string[] = []
  for (let due = schedule.takeDue(now); due; due = schedule.takeDue(now)) keys.push(due.key)
  return keys
}

describe('healthcheck/schedule', () => {
  it('a check keeps its slots however long and late its runs are', () => {
    const schedule = new Schedule(0.25)
    schedule.add('a', interval, start)
    const first: number = next(schedule)
    assert.equal(first, 5_250)
    let now: number = first
    for (let slot = 1; slot <= 50; slot++) {
      assert.equal(schedule.takeDue(millis(now + (slot % 7)))?.late, slot % 7)
      schedule.finished('a', millis(now + 300 + slot))
      now = next(schedule)
      assert.equal(now, first + slot * interval)
    }
    assert.equal(schedule.missed, 0)
  })

  it('never two runs at once: a run that outlasts its interval skips slots', () => {
    const schedule = new Schedule(0)
    schedule.add('a', interval, start)
    assert.deepEqual(takeAll(schedule, start), ['a'])
    assert.equal(schedule.nextDeadline(), undefined)
    assert.deepEqual(takeAll(schedule, millis(start + 2_000)), [])
    schedule.finished('a', millis(start + 2_300))
    assert.equal(next(schedule), start + 3_000)
    assert.equal(schedule.missed, 2)
  })

  it('a check that ends at once does not run again in the same slot', () => {
    const schedule = new Schedule(0)
    schedule.add('a', interval, start)
    takeAll(schedule, start)
    schedule.finished('a', start)
    assert.equal(next(schedule), start + 1_000)
  })

  it('after a stall the checks are spread as before, not all at once', () => {
    const schedule = new Schedule(0)
    for (let i = 0; i < 100; i++) schedule.add(`${i}`, interval, start)
    const woken = millis(start + 10_000)
    assert.deepEqual(takeAll(schedule, woken), ['0'])
    const perTenth = new Array<number>(10).fill(0)
    for (let tenth = 0; tenth < 10; tenth++) {
      perTenth[tenth] = takeAll(schedule, millis(woken + tenth * 100 + 99)).length
    }
    assert.ok(Math.max(...perTenth) <= 13, `starts in each tenth: ${perTenth}`)
    assert.equal(
      perTenth.reduce((a, b) => a + b),
      99,
    )
  })

  it('a removed check is not due; adding a known one changes nothing', () => {
    const schedule = new Schedule(0)
    schedule.add('a', interval, start)
    schedule.add('a', millis(10), millis(start + 1))
    assert.equal(next(schedule), start)
    schedule.remove('a')
    assert.equal(schedule.nextDeadline(), undefined)
    schedule.finished('a', start)
    assert.equal(schedule.nextDeadline(), undefined)
  })

  it('100,000 checks: each runs once an interval, and no hundredth of it has 5 % more than its share', () => {
    const schedule = new Schedule(0.7)
    for (let i = 0; i < 100_000; i++) schedule.add(`${i}`, interval, start)
    const runs = new Map<string, number>()
    for (let tick = 0; tick < 300; tick++) {
      const now = millis(start + tick * 10 + 9.999)
      const keys = takeAll(schedule, now)
      assert.ok(keys.length <= 1_050, `${keys.length} starts in 10 ms`)
      for (const key of keys) {
        runs.set(key, (runs.get(key) ?? 0) + 1)
        schedule.finished(key, now)
      }
    }
    assert.deepEqual(new Set(runs.values()), new Set([3]))
    assert.equal(runs.size, 100_000)
  }).timeout(60_000)

  it('while a verdict changes the next run comes after the fast interval, and the slots stay', () => {
    const schedule = new Schedule(0)
    const fast = millis(100)
    schedule.add('a', interval, start, fast)
    assert.deepEqual(takeAll(schedule, start), ['a'])
    schedule.finished('a', millis(start + 30), true)
    for (const at of [100, 200, 300]) {
      assert.equal(next(schedule), start + at)
      assert.equal(schedule.takeDue(millis(start + at))?.late, 0)
      schedule.finished('a', millis(start + at + 20), at < 300)
    }
    assert.equal(next(schedule), start + 1_000)
    // Started in its slot, and slower than the fast interval: at once again.
    takeAll(schedule, millis(start + 1_000))
    schedule.finished('a', millis(start + 1_400), true)
    assert.equal(next(schedule), start + 1_400)
    // A run between two slots that outlasts one of them has cost it.
    takeAll(schedule, millis(start + 1_400))
    schedule.finished('a', millis(start + 2_100), false)
    assert.equal(next(schedule), start + 3_000)
    assert.equal(schedule.missed, 1)
  })

  it('a slot that comes sooner than the fast interval is kept, and serves', () => {
    const schedule = new Schedule(0)
    schedule.add('a', interval, start, millis(400))
    for (const at of [0, 400, 800, 1_000, 1_400]) {
      assert.equal(next(schedule), start + at)
      assert.deepEqual(takeAll(schedule, millis(start + at)), ['a'])
      schedule.finished('a', millis(start + at + 10), true)
    }
    assert.equal(schedule.missed, 0)
  })

  it('hastened, a check runs now, once, and never beside itself', () => {
    const schedule = new Schedule(0.5)
    schedule.add('a', interval, start)
    schedule.hasten('a', millis(start + 100))
    schedule.hasten('a', millis(start + 150))
    assert.deepEqual(takeAll(schedule, millis(start + 100)), ['a'])
    schedule.hasten('a', millis(start + 110))
    assert.equal(schedule.nextDeadline(), undefined)
    schedule.finished('a', millis(start + 120))
    assert.equal(next(schedule), start + 500)
    schedule.hasten('gone', start)
    assert.equal(next(schedule), start + 500)
  })

  it('after a stall a run between slots is dropped, and its slot served or skipped as ever', () => {
    const schedule = new Schedule(0)
    schedule.add('a', interval, start, millis(100))
    takeAll(schedule, start)
    schedule.finished('a', start, true)
    assert.deepEqual(takeAll(schedule, millis(start + 5_300)), [])
    assert.equal(next(schedule), start + 6_000)
    assert.equal(schedule.missed, 5)
  })

  it('10,000 checks that are new converge in fast runs without ever herding', () => {
    const schedule = new Schedule(0.3)
    const [long, fast] = [millis(10_000), millis(1_000)]
    for (let i = 0; i < 10_000; i++) schedule.add(`${i}`, long, start, fast)
    const runs = new Map<string, number>()
    for (let tick = 0; tick < 1_200; tick++) {
      const now = millis(start + tick * 10 + 9.999)
      const keys = takeAll(schedule, now)
      // Two runs each within an interval, where rise is 2: at most twice the usual number at any time.
      assert.ok(keys.length <= 25, `${keys.length} starts in 10 ms`)
      for (const key of keys) {
        runs.set(key, (runs.get(key) ?? 0) + 1)
        schedule.finished(key, now, runs.get(key) === 1)
      }
      if (tick === 1_101) assert.equal([...runs.values()].filter((count) => count >= 2).length, 10_000)
    }
  }).timeout(60_000)

  it('more than can be done: each check has its share of what can, whatever its interval, and none starves', () => {
    const schedule = new Schedule(0.3)
    const intervals = [100, 1_000, 10_000]
    for (let i = 0; i < 3_000; i++) schedule.add(`${i}`, millis(intervals[i % 3] ?? 0), start)
    // 11,100 starts a second are wanted, 3,000 are possible.
    const runs = new Map<string, number>()
    for (let now: number = start; now < start + 60_000; now += 10) {
      for (let i = 0; i < 30; i++) {
        const due = schedule.takeDue(millis(now))
        if (!due) break
        runs.set(due.key, (runs.get(due.key) ?? 0) + 1)
        schedule.finished(due.key, millis(now))
      }
    }
    const least = intervals.map((_, kind) =>
      Math.min(...Array.from({ length: 1_000 }, (_, i) => runs.get(`${3 * i + kind}`) ?? 0)),
    )
    const wanted = intervals.map((each) => 60_000 / each)
    // The slow ones hardly notice; the fast ones share what is left.
    assert.ok((least[2] ?? 0) >= (wanted[2] ?? 0) - 2, `${least} of ${wanted}`)
    assert.ok((least[1] ?? 0) >= (wanted[1] ?? 0) * 0.4, `${least} of ${wanted}`)
    assert.ok((least[0] ?? 0) >= (wanted[0] ?? 0) * 0.1, `${least} of ${wanted}`)
  })

  it('two directors with other seeds check at other moments', () => {
    const [one, two] = [new Schedule(0.1), new Schedule(0.6)]
    for (const schedule of [one, two]) schedule.add('a', interval, start)
    assert.equal(next(two) - next(one), 500)
  })
})

describe('healthcheck/deadlines', () => {
  it('answers like a sorted list under random changes', () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      at: fc.integer({ min: 0, max: 50 }),
      what: fc.constantFrom('set', 'set', 'delete', 'take'),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
        const deadlines = new Deadlines()
        const model = new Map<string, number>()
        for (const { key, at, what } of changes) {
          if (what === 'set') {
            deadlines.set(key, millis(at))
            model.set(key, at)
          } else if (what === 'delete') {
            deadlines.delete(key)
            model.delete(key)
          } else {
            const taken = deadlines.takeDue(millis(at))
            const least = Math.min(...model.values())
            assert.equal(taken?.at, least <= at ? least : undefined)
            if (taken) {
              assert.equal(model.get(taken.key), taken.at)
              model.delete(taken.key)
            }
          }
          assert.equal(deadlines.next(), model.size === 0 ? undefined : Math.min(...model.values()))
          assert.equal(deadlines.size, model.size)
        }
      }),
    )
  })
})

describe('healthcheck/time-limit', () => {
  const run = { startedAt: millis(100), timeout: millis(400), stalledBefore: millis(50) }
  const table = [
    { stalled: 50, limit: 500, what: 'no stall since: the timeout' },
    { stalled: 350, limit: 800, what: 'a stall is given back' },
    { stalled: 9_050, limit: 9_500, what: 'however long it was' },
  ]
  for (const { stalled, limit, what } of table) {
    it(what, () => assert.equal(timeLimit(run, millis(stalled)), limit))
  }
})
