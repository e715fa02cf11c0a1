/**
 * `npm run sim -- --hours 100`: lives of pairs and triples on a virtual clock; a failing seed is printed.
 * `npm run sim -- --seed 7` lives that one again and prints what happened, with `--events` each event too.
 */
import { parseArgs } from 'node:util'
import { CrowdFailure, liveMany } from './crowd.js'
import { live, SeedFailure } from './scenario.js'
import { describeTally, tallyOf } from './tally.js'

const usage = 'usage: sim [--hours H] [--first-seed N] | --seed N [--events]'

function wrong(): never {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

function options() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      options: { seed: text, 'first-seed': text, hours: text, events: { type: 'boolean', default: false } },
    }).values
  } catch {
    return wrong()
  }
}

const values = options()

const number = (given: string | undefined, usual: number): number => {
  const value = Number(given ?? usual)
  return value >= 0 && Number.isFinite(value) ? value : wrong()
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Everything, or only what changed. */
const follow = (line: string): void => {
  if (values.events || !/^\S+ s {2}lb\d+ \(/.test(line)) say(line)
}

async function run(): Promise<string> {
  if (values.seed !== undefined) return describeTally(tallyOf([live(number(values.seed, 0), { follow })]))
  const first = number(values['first-seed'], 1)
  const tally = await liveMany(first, number(values.hours, 1_000))
  return `from seed ${first}: ${describeTally(tally)}`
}

const started = performance.now()
try {
  const lived = await run()
  say(`${lived}: every invariant held (${((performance.now() - started) / 1000).toFixed(1)} s)`)
} catch (error) {
  if (!(error instanceof SeedFailure || error instanceof CrowdFailure)) throw error
  process.stderr.write(`${error.message}\nreplay: npm run sim -- --seed ${error.seed} --events\n`)
  process.exitCode = 1
}
