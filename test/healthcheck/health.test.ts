import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AskedWeight } from '../../src/base/facts.js'
import type { Weight } from '../../src/base/units.js'
import { leastAsked } from '../../src/healthcheck/asked.js'
import {
  type CheckState,
  combine,
  initialCheckState,
  isChanging,
  step,
} from '../../src/healthcheck/health.js'
import { failed, inconclusive, type Outcome, passed } from '../../src/healthcheck/outcome.js'

const subject = 'tcp 10.0.0.21:80'

/** `+` pass, `7` pass that asks for 70 %, `-` refused, `x` reset, `?` inconclusive. */
function outcomeOf(letter: string): Outcome {
  if (letter === '+') return passed('connected')
  if (/\d/.test(letter)) return passed(`up ${letter}0%`, { percent: Number(letter) * 10 })
  if (letter === '?') return inconclusive('out of file descriptors')
  return failed(letter === 'x' ? 'connection reset' : 'connection refused')
}

function run(rise: number, fall: number, letters: string) {
  let state: CheckState = initialCheckState(subject)
  const changes: string[] = []
  for (const [i, letter] of [...letters].entries()) {
    const [next, effects] = step({ rise, fall, subject }, state, outcomeOf(letter))
    for (const effect of effects) {
      const what = effect.type === 'healthChanged' ? effect : { health: 'asks', reason: effect.asked?.by }
      changes.push(`${i}: ${what.health}, ${what.reason}`)
    }
    state = next
  }
  return { state, changes }
}

describe('healthcheck/health', () => {
  const refused = `${subject}: connection refused (3 of 3 failed)`
  const connected = `${subject}: connected (2 of 2 passed)`
  const table: { letters: string; ends: CheckState['name']; changes: string[] }[] = [
    { letters: '', ends: 'unknown', changes: [] },
    { letters: '+', ends: 'unknown', changes: [] },
    { letters: '--', ends: 'unknown', changes: [] },
    { letters: '+-+-+-', ends: 'unknown', changes: [] },
    { letters: '++', ends: 'healthy', changes: [`1: healthy, ${connected}`] },
    { letters: '---', ends: 'unhealthy', changes: [`2: unhealthy, ${refused}`] },
    { letters: '--+---', ends: 'unhealthy', changes: [`5: unhealthy, ${refused}`] },
    { letters: '++--+--', ends: 'healthy', changes: [`1: healthy, ${connected}`] },
    {
      letters: '++---',
      ends: 'unhealthy',
      changes: [`1: healthy, ${connected}`, `4: unhealthy, ${refused}`],
    },
    { letters: '---+-+', ends: 'unhealthy', changes: [`2: unhealthy, ${refused}`] },
    { letters: '---++', ends: 'healthy', changes: [`2: unhealthy, ${refused}`, `4: healthy, ${connected}`] },
    {
      letters: '++-?-?-',
      ends: 'unhealthy',
      changes: [`1: healthy, ${connected}`, `6: unhealthy, ${refused}`],
    },
    { letters: '++??????', ends: 'healthy', changes: [`1: healthy, ${connected}`] },
    {
      letters: '77772++-3',
      ends: 'healthy',
      changes: [
        `1: healthy, ${subject}: up 70% (2 of 2 passed)`,
        `4: asks, ${subject}: up 20%`,
        '5: asks, undefined',
        `8: asks, ${subject}: up 30%`,
      ],
    },
    {
      letters: '---x',
      ends: 'unhealthy',
      changes: [`2: unhealthy, ${refused}`, `3: unhealthy, ${subject}: connection reset (3 of 3 failed)`],
    },
  ]
  for (const { letters, ends, changes } of table) {
    it(`rise 2, fall 3: "${letters}" ends ${ends}`, () => {
      const result = run(2, 3, letters)
      assert.equal(result.state.name, ends)
      assert.deepEqual(result.changes, changes)
    })
  }

  it('counts on its way to the first verdict', () => {
    assert.equal(run(2, 3, '--').state.reason, `${subject}: connection refused (2 of 3 failed)`)
    assert.equal(run(2, 3, '-+').state.reason, `${subject}: connected (1 of 2 passed)`)
  })

  it('unchanged means the same object', () => {
    const { state } = run(1, 1, '+')
    assert.equal(step({ rise: 1, fall: 1, subject }, state, passed('connected'))[0], state)
    assert.equal(step({ rise: 1, fall: 1, subject }, state, inconclusive('EMFILE'))[0], state)
    const down = run(1, 2, '--').state
    assert.equal(step({ rise: 2, fall: 2, subject }, down, outcomeOf('-'))[0], down)
  })

  it('agrees with the definition for random outcomes: the latest complete row decides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('+', '-', 'x', '?'), { maxLength: 60 }),
        (rise, fall, letters) => {
          const seen = letters.filter((letter) => letter !== '?')
          let expected: CheckState['name'] = 'unknown'
          for (let end = seen.length; end > 0 && expected === 'unknown'; end--) {
            const row = (length: number, pass: boolean) =>
              end >= length && seen.slice(end - length, end).every((letter) => (letter === '+') === pass)
            if (row(rise, true)) expected = 'healthy'
            else if (row(fall, false)) expected = 'unhealthy'
          }
          assert.equal(run(rise, fall, letters.join('')).state.name, expected)
        },
      ),
    )
  })

  it('is changing while there is no verdict, and while the last run spoke against it', () => {
    const changing = ['', '+', '-', '++', '++-', '++-+', '---', '---+', '---+-'].map((letters) =>
      isChanging(run(2, 3, letters).state),
    )
    assert.deepEqual(changing, [true, true, true, false, true, false, false, true, false])
  })

  describe('several checks of one server', () => {
    const asks = (weight: AskedWeight, by: string): CheckState => {
      return { name: 'healthy', failures: 0, reason: by, asked: { weight, by } }
    }
    const fifth = { weight: 20 as Weight }

    it('the least weight counts, in percent or not, and only of those that ask and are healthy', () => {
      const [half, some] = [asks({ percent: 50 }, 'half'), asks(fifth, 'some')]
      const none: CheckState = { name: 'healthy', failures: 0, reason: 'no word' }
      const ill: CheckState = { name: 'unhealthy', passes: 0, reason: 'ill' }
      assert.equal(leastAsked([half, some, none], 100)?.by, 'some')
      assert.equal(leastAsked([some, half, ill], 10)?.by, 'half')
      assert.equal(leastAsked([none, ill], 10), undefined)
    })

    const up: CheckState = { name: 'healthy', failures: 0, reason: 'a passes' }
    const down: CheckState = { name: 'unhealthy', passes: 0, reason: 'b fails' }
    const open: CheckState = { name: 'unknown', passes: 0, failures: 0, reason: 'c has not run' }
    const previous = (health: 'unknown' | 'healthy' | 'unhealthy') => ({ health, reason: 'before' })

    it('all must pass', () => {
      assert.deepEqual(combine([up, up], previous('unknown')), {
        health: 'healthy',
        reason: 'a passes; a passes',
      })
      assert.deepEqual(combine([up, down, open], previous('healthy')), {
        health: 'unhealthy',
        reason: 'b fails',
      })
    })

    it('the last verdict stands while one is open', () => {
      assert.deepEqual(combine([up, open], previous('healthy')), previous('healthy'))
      assert.deepEqual(combine([up, open], previous('unhealthy')), previous('unhealthy'))
      assert.deepEqual(combine([up, open], previous('unknown')), {
        health: 'unknown',
        reason: 'a passes; c has not run',
      })
    })

    it('no check at all is healthy', () => {
      assert.deepEqual(combine([], previous('unknown')), { health: 'healthy', reason: 'no check configured' })
    })
  })
})
