import assert from 'node:assert/strict'
import { liveMany } from './crowd.js'
import { pairMutations } from './directors/mutations.js'
import { livePair } from './directors/scenario.js'
import { mutations } from './mutations.js'
import { live, SeedFailure } from './scenario.js'
import type { SimStep } from './sim-step.js'
import { describeTally } from './tally.js'

/** Of machines alone, and of whole directors: the latter cost twenty times as much. */
const virtualHours = 10_000
const directorHours = 200
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
      const tally = await liveMany('machines', part * seedsApart, hours)
      console.log(describeTally(tally))
      assert.ok(tally.virtualHours >= hours)
      assert.ok(tally.transitions > 10 * hours, 'the scenarios are too tame')
    })
  }

  it(`every rule holds for ${directorHours} virtual hours of whole directors`, async () => {
    const tally = await liveMany('directors', seedsApart, directorHours)
    console.log(describeTally(tally))
    assert.ok(tally.virtualHours >= directorHours)
    assert.ok(tally.transitions > 10 * directorHours, 'the scenarios are too tame')
  })

  it('the same seed lives the same life', async () => {
    assert.deepEqual(live(7), live(7))
    assert.deepEqual(await livePair(7), await livePair(7))
  })

  for (const [name, step] of Object.entries(mutations)) {
    it(`notices: ${name}`, () => {
      const noticed = firstFailure(step)
      assert.ok(noticed, `${patience} lives and nobody noticed`)
      assert.match(noticed.message, /^seed \d+: /)
    })
  }
})

describe('sim of directors', function () {
  this.timeout(120_000)

  for (const [name, takeOut] of Object.entries(pairMutations)) {
    it(`notices: ${name}`, async () => {
      const noticed = await firstPairFailure(takeOut)
      assert.ok(noticed, `${patience} lives and nobody noticed`)
      assert.match(noticed.message, /^seed \d+: /)
    })
  }
})

async function firstPairFailure(takeOut: () => () => void): Promise<SeedFailure | undefined> {
  const putBack = takeOut()
  try {
    for (let seed = 1; seed <= patience; seed++) await livePair(seed)
  } catch (error) {
    if (error instanceof SeedFailure) return error
    throw error
  } finally {
    putBack()
  }
  return undefined
}

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
