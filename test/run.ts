/**
 * What `npm test` runs: the unit, property and simulation tests here, then every scenario of the lab, in two guests
 * side by side where there are two processors for them. `--unit` and `--lab` run one of the two. The last line is `N passed, N failed`.
 */
import { availableParallelism } from 'node:os'
import { catalogue } from '../lab/catalogue.js'
import { defaultFlavour, type Flavour } from '../lab/guest/flavour.js'
import { qemuIsSetUp } from '../lab/guest/qemu.js'
import { repository } from '../lab/paths.js'
import { runScenarios } from '../lab/run-scenarios.js'
import type { Scenario } from '../lab/scenario.js'
import { runMocha } from './run-mocha.js'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function unit(): Promise<[number, number]> {
  print('unit tests')
  return runMocha(repository, print)
}

async function lab(): Promise<[number, number]> {
  const flavour = defaultFlavour()
  const here = catalogue.filter((one) => one.flavours?.includes(flavour) ?? true)
  const [good, bad] = await scenariosOn(flavour, here)
  const others = catalogue.filter((one) => !here.includes(one))
  if (others.length === 0) return [good, bad]
  const names = others.map(({ name }) => name).join(', ')
  if (!qemuIsSetUp()) {
    print(`lab: not tried, for this machine has no QEMU guest (npm run setup -- --for=qemu): ${names}`)
    return [good, bad]
  }
  const [goodThere, badThere] = await scenariosOn('qemu', others)
  return [good + goodThere, bad + badThere]
}

async function scenariosOn(flavour: Flavour, scenarios: readonly Scenario[]): Promise<[number, number]> {
  print(`lab: ${scenarios.length} scenarios, kernel: ${flavour}`)
  const artefacts = { folder: `${repository}/artefacts/test`, when: 'failed' } as const
  // A guest of user-mode Linux has one processor, however many there are.
  const count = flavour === 'uml' ? Math.min(2, availableParallelism()) : 1
  const lanes = Array.from({ length: count }, (_, lane) => scenarios.filter((_, i) => i % count === lane))
  const runs = lanes.map((some, lane) =>
    runScenarios({
      scenarios: some,
      flavour,
      artefacts,
      print: (line) => print(count === 1 ? line : `${lane + 1}${line}`),
    }),
  )
  const outcomes = (await Promise.all(runs)).flat()
  const failed = outcomes.filter(({ failure }) => failure !== undefined)
  for (const { name, failure } of failed) print(`failed: ${name}: ${failure?.split('\n')[0]}`)
  return [outcomes.length - failed.length, failed.length]
}

const parts = { '--unit': unit, '--lab': lab }
const [option, ...rest] = process.argv.slice(2)
if (rest.length > 0 || (option !== undefined && !(option in parts))) {
  process.stderr.write('usage: node build/test/run.js [--unit | --lab]\n')
  process.exit(2)
}
let passed = 0
let failed = 0
for (const [name, part] of Object.entries(parts)) {
  if (option !== undefined && option !== name) continue
  const [good, bad] = await part()
  passed += good
  failed += bad
}
print(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
