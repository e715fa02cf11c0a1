/** Runs inside the guest: the scenarios named on the command line, one after the other, as events. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from './catalogue.js'
import type { LabEvent } from './events.js'
import { withLab } from './lab.js'
import type { Scenario } from './scenario.js'

const tell = (event: LabEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

async function runScenario(scenario: Scenario): Promise<boolean> {
  const begun = performance.now()
  const artefacts = join(process.env.VIPAIR_ARTEFACTS ?? '/tmp', scenario.name)
  mkdirSync(artefacts, { recursive: true })
  tell({ type: 'begin', scenario: scenario.name })
  let failure: string | undefined
  try {
    const onRecord = (name: string, value: string): void => tell({ type: 'record', name, value })
    const onSay = (text: string): void => tell({ type: 'say', text })
    await withLab(artefacts, scenario.forwarding, { onRecord, onSay }, (lab) => scenario.run(lab))
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const seconds = Math.round((performance.now() - begun) / 100) / 10
  tell({ type: 'end', scenario: scenario.name, failure, seconds })
  return failure === undefined
}

let failed = 0
for (const name of process.argv.slice(2)) {
  const scenario = catalogue.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`no such scenario: ${name}`)
  if (!(await runScenario(scenario))) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
