import assert from 'node:assert/strict'
import { anotherKey, Director } from '../director.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  const directors = [new Director(lab, 'lb1', {}, anotherKey()), new Director(lab, 'lb2', {}, anotherKey())]
  for (const director of directors) director.start()
  for (const director of directors) {
    const status = await director.until(
      'says that the keys differ',
      30000,
      ({ peer }) => peer?.keyMatches === false,
    )
    assert.equal(status.peer?.reachable, false, `${director.name} must not trust its peer`)
    assert.ok(status.warnings.length > 0, `${director.name} warns`)
    lab.record(`${director.name} warns`, JSON.stringify(status.warnings))
  }
}

export const differentKeys: Scenario = {
  name: 'different-keys',
  summary: 'two directors with different keys exchange nothing, and both say so',
  forwarding: 'direct',
  run,
}
