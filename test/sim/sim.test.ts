import assert from 'node:assert/strict'
import { liveMany } from './crowd.js'
import { mutations } from './mutations.js'
import { live, SeedFailure } from './scenario.js'
import type { SimStep } from './sim-step.js'
import { describeTally } from './tally.js'

const virtualHours = 10_000
const parts = 5
const seedsApart = 100_000
/** Lives a mutation is given before it counts as unnoticed. */
const patience = 150

describe('sim', function () {
  // Takes a minute on two free processors; the machines that run this are not always free.
  this.timeout(290_000)

  // In parts, so that a busy machine shows that it goes on.
  for (let part = 1; part <= parts; part++) {
    it(`every invariant holds for ${virtualHours} virtual hours, part ${part} of ${parts}`, async () => {
      const hours = virtualHours / parts
      const tally = await liveMany(part * seedsApart, hours)
      console.log(describeTally(tally))
      assert.ok(tally.virtualHours >= hours)
      assert.ok(tally.transitions > 10 * hours, 'the scenarios are too tame')
    })
  }

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
