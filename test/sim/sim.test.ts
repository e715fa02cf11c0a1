import assert from 'node:assert/strict'
import { liveMany } from './crowd.js'
import { mutations } from './mutations.js'
import { live, SeedFailure } from './scenario.js'
import type { SimStep } from './sim-step.js'
import { describeTally } from './tally.js'

const virtualHours = 10_000
const firstSeed = 5_000
/** Lives a mutation is given before it counts as unnoticed. */
const patience = 150

describe('sim', function () {
  // Takes a minute on two free processors; the machines that run this are not always free.
  this.timeout(290_000)

  it(`every invariant holds for ${virtualHours} virtual hours`, async () => {
    const tally = await liveMany(firstSeed, virtualHours)
    console.log(describeTally(tally))
    assert.ok(tally.virtualHours >= virtualHours)
    assert.ok(tally.transitions > 10 * virtualHours, 'the scenarios are too tame')
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

function firstFailure(step: SimStep): SeedFailure | undefined {
  for (let seed = 1; seed <= patience; seed++) {
    try {
      live(seed, { step })
    } catch (error) {
      if (error instanceof SeedFailure) return error
      throw error
    }
  }
  return undefined
}
