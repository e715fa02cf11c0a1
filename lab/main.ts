/** `npm run lab -- list | run SCENARIO … | shell` */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { catalogue } from './catalogue.js'
import { defaultFlavour, type Flavour, flavours, isFlavour } from './guest/flavour.js'
import { runInGuest } from './guest/run-in-guest.js'
import { built } from './paths.js'
import { runScenarios } from './run-scenarios.js'
import type { Scenario } from './scenario.js'

const usage = `usage: npm run lab -- list
       npm run lab -- run SCENARIO … | all  [--flavour ${flavours.join('|')}] [--keep-artefacts DIR]
       npm run lab -- shell [--forwarding direct|nat] [--flavour …]`

function wrong(problem: string): never {
  process.stderr.write(`${problem}\n${usage}\n`)
  process.exit(2)
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        flavour: { type: 'string' },
        forwarding: { type: 'string', default: 'direct' },
        'keep-artefacts': { type: 'string' },
      },
    })
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

const { positionals, values } = parse()
const [command, ...names] = positionals

function flavour(): Flavour {
  if (values.flavour === undefined) return defaultFlavour()
  return isFlavour(values.flavour) ? values.flavour : wrong(`unknown flavour ${values.flavour}`)
}

function chosen(on: Flavour): readonly Scenario[] {
  const possible = catalogue.filter((one) => one.flavours?.includes(on) ?? true)
  if (names.length === 1 && names[0] === 'all') return possible
  if (names.length === 0) wrong('run what?')
  return names.map(
    (name) => possible.find((one) => one.name === name) ?? wrong(`no scenario ${name} on ${on}`),
  )
}

async function run(): Promise<number> {
  const on = flavour()
  const kept = values['keep-artefacts']
  const outcomes = await runScenarios({
    scenarios: chosen(on),
    flavour: on,
    artefacts: kept === undefined ? undefined : { folder: resolve(kept), when: 'always' },
    print: (line) => void process.stdout.write(`${line}\n`),
  })
  const failed = outcomes.filter(({ failure }) => failure !== undefined).length
  process.stdout.write(`${outcomes.length - failed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}

async function shell(): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) wrong('shell needs a terminal')
  process.stdout.write('Starting the lab …\n')
  const { exitStatus } = await runInGuest({
    flavour: flavour(),
    argv: [process.execPath, built('lab/shell'), values.forwarding],
    env: { TERM: process.env.TERM ?? 'linux' },
    terminal: true,
  })
  return exitStatus
}

if (command === 'list') {
  const width = Math.max(...catalogue.map(({ name }) => name.length))
  for (const { name, summary, flavours } of catalogue) {
    const only = flavours ? ` [${flavours.join(', ')}]` : ''
    process.stdout.write(`${name.padEnd(width)}  ${summary}${only}\n`)
  }
} else if (command === 'run') process.exitCode = await run()
else if (command === 'shell') process.exitCode = await shell()
else wrong(command === undefined ? 'what to do?' : `unknown command ${command}`)
