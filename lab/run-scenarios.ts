import { parseLabEvent } from './events.js'
import type { Flavour } from './guest/flavour.js'
import { type GuestRun, runInGuest } from './guest/run-in-guest.js'
import { built } from './paths.js'
import type { Scenario } from './scenario.js'

export interface ScenarioOutcome {
  readonly name: string
  /** Undefined when everything held. */
  readonly failure: string | undefined
}

export interface ScenariosRun {
  readonly scenarios: readonly Scenario[]
  readonly flavour: Flavour
  readonly artefacts: GuestRun['artefacts']
  readonly print: (line: string) => void
}

/** Milliseconds: no scenario may take longer, in the slowest guest. */
const patienceEach = 180_000

/** Runs scenarios in one guest. One that the guest never finished counts as failed. */
export async function runScenarios(run: ScenariosRun): Promise<readonly ScenarioOutcome[]> {
  const { scenarios, flavour, print } = run
  const outcomes = new Map<string, ScenarioOutcome>()
  const hear = (line: string): void => {
    const event = parseLabEvent(line)
    if (event === undefined) print(`    ${line}`)
    else if (event.type === 'begin') print(`  ${event.scenario} …`)
    else if (event.type === 'say') print(`      ${event.text}`)
    else if (event.type === 'record') print(`      ${event.name}: ${event.value}`)
    else {
      outcomes.set(event.scenario, { name: event.scenario, failure: event.failure })
      const verdict = event.failure === undefined ? 'passed' : 'FAILED'
      print(`  ${event.scenario} ${verdict} (${event.seconds.toFixed(1)} s)`)
      if (event.failure !== undefined) print(event.failure.replaceAll(/^/gm, '      '))
    }
  }
  const { exitStatus, console, artefactsFolder } = await runInGuest({
    flavour,
    argv: [process.execPath, built('lab/inside'), ...scenarios.map(({ name }) => name)],
    onOutput: hear,
    timeout: 60_000 + patienceEach * scenarios.length,
    artefacts: run.artefacts,
  })
  const unfinished = scenarios.filter(({ name }) => !outcomes.has(name))
  if (unfinished.length > 0) {
    print(`  the guest ended early (status ${exitStatus}); its console said last:`)
    print(console.replaceAll(/^/gm, '      '))
  }
  if (artefactsFolder !== undefined) print(`  logs and captures: ${artefactsFolder}`)
  return scenarios.map(
    ({ name }) => outcomes.get(name) ?? { name, failure: `the guest ended first (status ${exitStatus})` },
  )
}
