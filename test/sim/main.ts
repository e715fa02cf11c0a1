/** `npm run sim -- --seed 7 --hours 100`: lives of a pair on a virtual clock; a failing seed is printed. */
import { parseArgs } from 'node:util'
import { live, SeedFailure } from './scenario.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    hours: { type: 'string' },
  },
})

const first = Number(values.seed ?? 1)
/** A seed alone replays that one life. */
const hours = values.hours === undefined && values.seed !== undefined ? 0 : Number(values.hours ?? 1_000)
if (!Number.isInteger(first) || first < 0 || !(hours >= 0)) {
  process.stderr.write('usage: sim [--seed N] [--hours H]\n')
  process.exit(2)
}

const started = performance.now()
let lived = 0
let transitions = 0
let faults = 0
let seed = first
try {
  do {
    const outcome = live(seed++)
    lived += outcome.virtualHours
    transitions += outcome.transitions
    faults += outcome.faults
  } while (lived < hours)
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(
    `seeds ${first} to ${seed - 1}: ${lived.toFixed(1)} virtual hours, ${faults} faults, ${transitions} role changes, every invariant held (${seconds.toFixed(1)} s)\n`,
  )
} catch (error) {
  if (!(error instanceof SeedFailure)) throw error
  process.stderr.write(`${error.message}\nreplay: npm run sim -- --seed ${error.seed}\n`)
  process.exitCode = 1
}
