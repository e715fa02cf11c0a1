/**
 * `npm run sim -- --hours 100`: lives of pairs and triples on a virtual clock; a failing seed is printed.
 * `npm run sim -- --seed 7` lives that one again and prints what happened, with `--events` each event too.
 * With `--directors` the lives are of pairs of whole directors, as they ship, instead of single machines.
 */
import { parseArgs } from 'node:util'
import { CrowdFailure, liveMany } from './crowd.js'
import { livePair } from './directors/scenario.js'
import { live, SeedFailure } from './scenario.js'
import { describeTally, type LifeKind, tallyOf } from './tally.js'

const usage = 'usage: sim [--directors] ([--hours H] [--first-seed N] | --seed N [--events])'

function wrong(): never {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

function options() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      options: {
        seed: text,
        'first-seed': text,
        hours: text,
        events: { type: 'boolean', default: false },
        directors: { type: 'boolean', default: false },
      },
    }).values
  } catch {
    return wrong()
  }
}

const values = options()
const kind: LifeKind = values.directors ? 'directors' : 'machines'

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
  if (values.seed !== undefined) {
    const seed = number(values.seed, 0)
    const lived = kind === 'machines' ? live(seed, { follow }) : await livePair(seed, { follow })
    return describeTally(tallyOf([lived]))
  }
  const first = number(values['first-seed'], 1)
  const tally = await liveMany(kind, first, number(values.hours, kind === 'machines' ? 1_000 : 100))
  return `from seed ${first}: ${describeTally(tally)}`
}

const started = performance.now()
try {
  const lived = await run()
  say(`${lived}: every invariant held (${((performance.now() - started) / 1000).toFixed(1)} s)`)
} catch (error) {
  if (!(error instanceof SeedFailure || error instanceof CrowdFailure)) throw error
  const which = kind === 'machines' ? '--events' : '--directors'
  process.stderr.write(`${error.message}\nreplay: npm run sim -- --seed ${error.seed} ${which}\n`)
  process.exitCode = 1
}
