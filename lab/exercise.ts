import assert from 'node:assert/strict'
import type { Lab } from './lab.js'
import { built } from './paths.js'

/**
 * Runs a program of the build on lb1 to its end. It prints one JSON object a line: what it measured as `name` and
 * `value`, and `{"done":true}` at last.
 */
export async function runExercise(lab: Lab, program: string): Promise<void> {
  let done = false
  const exercise = lab.topology.spawn('lb1', 'exercise', [process.execPath, built(program)], {
    onLine: (line) => {
      const said: { name?: string; value?: string | number; done?: boolean } = JSON.parse(line)
      done ||= said.done === true
      if (said.name !== undefined) lab.record(said.name, said.value ?? '')
    },
  })
  assert.equal(await exercise.ended, 0, 'see lb1-exercise.log among the artefacts')
  assert.ok(done, 'the exercise ended early')
}
