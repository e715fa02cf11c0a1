/**
 * What `npm test` runs: the unit, property and simulation tests here, then every scenario of the lab, in two guests
 * side by side where there are two processors for them. What fails beside others, on a machine that is shared, is tried
 * once more by itself, and the run says so: a fault fails again. `--unit` and `--lab` run one of the two. The last line is `N passed, N failed`.
 */
import { availableParallelism } from 'node:os'
import { catalogue } from '../lab/catalogue.js'
import { defaultFlavour, type Flavour } from '../lab/guest/flavour.js'
import { qemuIsSetUp } from '../lab/guest/qemu.js'
import { repository } from '../lab/paths.js'
import { runScenarios } from '../lab/run-scenarios.js'
import type { Scenario } from '../lab/scenario.js'
import { runMocha, testFiles } from './run-mocha.js'

/** More than these are no accident. */
const mostTriedAgain = 5

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function unit(): Promise<[number, number]> {
  print('unit tests')
  const first = await runMocha(repository, testFiles(repository), print)
  const counts = new Map(first.files)
  let problems = first.problem === undefined ? 0 : 1
  const failed = [...counts].filter(([, [, bad]]) => bad > 0).map(([file]) => file)
  if (problems === 0 && failed.length > 0 && failed.length <= mostTriedAgain) {
    print(`once more, by themselves: ${failed.join(', ')}`)
    for (const file of failed) {
      const again = await runMocha(repository, [file], print)
      counts.set(file, again.files.get(file) ?? [0, 1])
      if (again.problem !== undefined) problems += 1
    }
    const mended = failed.filter((file) => counts.get(file)?.[1] === 0)
    if (mended.length > 0) print(`failed beside others, passed alone: ${mended.join(', ')}`)
  }
  const sum = (column: 0 | 1): number => [...counts.values()].reduce((all, count) => all + count[column], 0)
  return [sum(0), sum(1) + problems]
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
  const outcomes = new Map((await Promise.all(runs)).flat().map((outcome) => [outcome.name, outcome]))
  const again = scenarios.filter(({ name }) => outcomes.get(name)?.failure !== undefined)
  if (again.length > 0 && again.length <= mostTriedAgain) {
    print(`once more, by themselves: ${again.map(({ name }) => name).join(', ')}`)
    for (const outcome of await runScenarios({ scenarios: again, flavour, artefacts, print })) {
      if (outcome.failure === undefined) print(`failed beside others, passed alone: ${outcome.name}`)
      outcomes.set(outcome.name, outcome)
    }
  }
  const failed = [...outcomes.values()].filter(({ failure }) => failure !== undefined)
  for (const { name, failure } of failed) print(`failed: ${name}: ${failure?.split('\n')[0]}`)
  return [outcomes.size - failed.length, failed.length]
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
