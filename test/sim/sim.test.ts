import assert from 'node:assert/strict'
import { mutations } from './mutations.js'
import { live, SeedFailure } from './scenario.js'

/** Seeds that once failed, with the fault that they showed. */
const kept: readonly (readonly [seed: number, what: string])[] = [
  [907_616, 'a preemption that was under way when the sessions were lost went on'],
]

const virtualHours = 200
const firstSeed = 5_000
/** Lives a mutation is given before it counts as unnoticed. */
const patience = 150

describe('sim', function () {
  this.timeout(120_000)

  for (const [seed, what] of kept) {
    it(`seed ${seed}: ${what}`, () => {
      assert.ok(live(seed).faults > 0)
    })
  }

  it(`every invariant holds for ${virtualHours} virtual hours`, () => {
    let hours = 0
    let roles = 0
    for (let seed = firstSeed; hours < virtualHours; seed++) {
      const outcome = live(seed)
      hours += outcome.virtualHours
      roles += outcome.transitions
    }
    assert.ok(roles > virtualHours, `only ${roles} role changes: the scenarios are too tame`)
  })

  it('the same seed lives the same life', () => {
    assert.deepEqual(live(7), live(7))
  })

  for (const [name, step] of Object.entries(mutations)) {
    it(`notices: ${name}`, () => {
      const noticed = firstFailure(step)
      assert.ok(noticed, `${patience} lives and nobody noticed`)
      assert.match(noticed.message, /^seed \d+: /)
    })
  }
})

function firstFailure(step: (typeof mutations)[string]): SeedFailure | undefined {
  for (let seed = 1; seed <= patience; seed++) {
    try {
      live(seed, step)
    } catch (error) {
      if (error instanceof SeedFailure) return error
      throw error
    }
  }
  return undefined
}
