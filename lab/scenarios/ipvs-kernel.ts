import assert from 'node:assert/strict'
import type { Lab } from '../lab.js'
import { built } from '../paths.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  let done = false
  const exercise = lab.topology.spawn('lb1', 'exercise', [process.execPath, built('lab/ipvs-exercise')], {
    onLine: (line) => {
      const said: { name?: string; value?: string | number; done?: boolean } = JSON.parse(line)
      done ||= said.done === true
      if (said.name !== undefined) lab.record(said.name, said.value ?? '')
    },
  })
  assert.equal(await exercise.ended, 0, 'see lb1-exercise.log among the artefacts')
  assert.ok(done, 'the exercise ended early')
}

export const ipvsKernel: Scenario = {
  name: 'ipvs-kernel',
  summary:
    'services, servers and daemons in the real table: built, adopted, changed one by one, 30,000 at once',
  forwarding: 'direct',
  run,
}
