/** `failover`: the first rows of a failover's figures, keepalived and vipair by turns in one network. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repository } from '../../lab/paths.js'
import { Arena } from './arena.js'
import { cutOff, type Figures, frozen, killed, orderlyStop, splitAndHeal } from './cases.js'
import { monotonic } from './monotonic.js'
import { Pairing } from './pairing.js'
import { keepalived, type Program, vipair } from './programs.js'
import { type CaseName, type Measurement, table } from './report.js'

export const failoverUsage = `usage: npm run bench -- failover [--quick] [--intervals 1000,100,20,10] [--runs 3] [--repeats 3] [--splits 20]
         [--cases cut,stop,kill,freeze,split] [--programs keepalived,vipair] [--transport udp|multicast]
         [--limit MINUTES]
Needs root and Debian's keepalived. The whole takes about 45 minutes and never more than --limit (60);
--quick takes about four minutes.`

const caseNames: readonly CaseName[] = ['cut', 'stop', 'kill', 'freeze', 'split']

interface Plan {
  readonly intervals: readonly number[]
  readonly runs: number
  /** Of the cases that take no time, in each run. */
  readonly repeats: number
  readonly splits: number
  readonly cases: readonly CaseName[]
  readonly programs: readonly Program[]
  readonly limit: number
}

function plan(argv: readonly string[]): Plan {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      intervals: text,
      runs: text,
      repeats: text,
      splits: text,
      cases: text,
      programs: text,
      transport: text,
      limit: text,
    },
  })
  const { quick, transport = 'udp' } = values
  const list = (given: string | undefined, usual: string): string[] => (given ?? usual).split(',')
  const count = (given: string | undefined, usual: number): number => {
    const value = Number(given ?? usual)
    if (!Number.isInteger(value) || value < 1) throw new Error(`not a count: ${given}`)
    return value
  }
  if (transport !== 'udp' && transport !== 'multicast') throw new Error(`unknown transport ${transport}`)
  const known = [keepalived, vipair(transport)]
  return {
    intervals: list(values.intervals, quick ? '100' : '1000,100,20,10').map((one) => count(one, 0)),
    runs: count(values.runs, quick ? 1 : 3),
    repeats: count(values.repeats, 3),
    splits: count(values.splits, quick ? 6 : 20),
    cases: list(values.cases, caseNames.join()).map((name) => {
      const found = caseNames.find((one) => one === name)
      if (!found) throw new Error(`unknown case ${name}`)
      return found
    }),
    programs: list(values.programs, 'keepalived,vipair').map((name) => {
      const found = known.find((one) => one.name === name)
      if (!found) throw new Error(`unknown program ${name}`)
      return found
    }),
    limit: count(values.limit, 60),
  }
}

/** Answers the exit status. */
export async function failover(argv: readonly string[]): Promise<number> {
  let wanted: Plan
  try {
    wanted = plan(argv)
  } catch (error) {
    process.stderr.write(`${textOf(error)}\n${failoverUsage}\n`)
    return 2
  }
  const artefacts = join(repository, 'artefacts/bench-failover')
  mkdirSync(artefacts, { recursive: true })
  const bench = new Bench(wanted, artefacts)
  // Everything that was made is removed, whoever ends us.
  const end = (): void => bench.interrupt()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  return bench.run()
}

class Bench {
  private readonly measurements: Measurement[] = []
  private readonly deadline: number
  private interrupted = false
  private arena: Arena | undefined
  private readonly begun = new Date()

  constructor(
    private readonly plan: Plan,
    private readonly artefacts: string,
  ) {
    this.deadline = monotonic() + plan.limit * 60_000
  }

  /** Whatever is waited for fails from now on, and the network goes. */
  interrupt(): void {
    this.interrupted = true
    void this.arena?.close()
  }

  async run(): Promise<number> {
    say(this.setting())
    try {
      this.arena = await Arena.open(this.artefacts)
      for (const interval of this.plan.intervals) await this.atInterval(this.arena, interval)
    } finally {
      await this.arena?.close()
    }
    const text = table(this.measurements, this.plan.intervals)
    say(`\n${text}`)
    const file = join(this.artefacts, `${this.begun.toISOString().replaceAll(':', '')}.json`)
    const { intervals, runs, repeats, splits } = this.plan
    const about = { begun: this.begun, setting: this.setting(), intervals, runs, repeats, splits }
    writeFileSync(file, `${JSON.stringify({ ...about, measurements: this.measurements }, undefined, 1)}\n`)
    say(`${file}\nload average at the end: ${loads()}${this.over ? '; ended before its time' : ''}`)
    return this.interrupted || this.measurements.some(({ failure }) => failure !== undefined) ? 1 : 0
  }

  private get over(): boolean {
    return this.interrupted || monotonic() > this.deadline
  }

  private async atInterval(arena: Arena, interval: number): Promise<void> {
    const { runs, programs } = this.plan
    for (let run = 0; run < runs; run++) {
      for (const program of programs) {
        if (this.over) return
        say(`${program.name}, ${interval} ms, run ${run + 1} of ${runs} (load ${loads()})`)
        await this.oneRun(arena, program, interval, run)
      }
    }
  }

  private async oneRun(arena: Arena, program: Program, interval: number, run: number): Promise<void> {
    let pairing: Pairing | undefined
    for (const name of this.plan.cases) {
      for (let index = 0; index < this.times(name, run); index++) {
        if (this.over) break
        const about = { program: program.name, interval, case: name, load: loadavg()[0] ?? 0 }
        try {
          pairing ??= await Pairing.start(arena, program, interval)
          const figures = await this.measure(name, pairing, run, index)
          this.measurements.push({ ...about, figures })
          if (name === 'cut' || name === 'freeze') {
            // A vipair whose role changes again and again holds itself down, and would not return to lb1.
            await pairing.stop()
            pairing = undefined
          }
          if (name !== 'split' || figures.dark === 1) say(`  ${name}: ${brief(figures)}`)
        } catch (error) {
          if (this.interrupted) return
          this.measurements.push({ ...about, failure: textOf(error) })
          say(`  ${name}: not measured: ${textOf(error)}`)
          await pairing?.stop()
          pairing = undefined
          arena.restore()
        }
      }
    }
    if (!this.interrupted) await pairing?.stop()
  }

  /** The splits are shared out among the runs. */
  private times(name: CaseName, run: number): number {
    const { runs, repeats, splits } = this.plan
    if (name === 'split') return Math.floor(((run + 1) * splits) / runs) - Math.floor((run * splits) / runs)
    return name === 'cut' || name === 'stop' ? repeats : 1
  }

  private measure(name: CaseName, pairing: Pairing, run: number, index: number): Promise<Figures> {
    const { runs, repeats } = this.plan
    // Both programs are hit at the same moments between two advertisements.
    const often = (run * repeats + index + 0.5) / (runs * repeats)
    const once = (run + 0.5) / runs
    switch (name) {
      case 'cut':
        return cutOff(pairing, often)
      case 'stop':
        return orderlyStop(pairing, often)
      case 'kill':
        return killed(pairing, once)
      case 'freeze':
        return frozen(pairing, once)
      case 'split':
        return splitAndHeal(pairing, index)
    }
  }

  private setting(): string {
    const versions = this.plan.programs.map(({ name, version }) =>
      version.toLowerCase().startsWith(name) ? version : `${name} ${version}`,
    )
    const [cpu] = cpus()
    const machine = `Linux ${release()}, ${cpus().length} x ${cpu?.model.trim() ?? '?'}, Node ${process.version}`
    return `${versions.join('; ')}; ${machine}; load average ${loads()}`
  }
}

const loads = (): string =>
  loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')

const brief = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`)
    .join(', ')

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
