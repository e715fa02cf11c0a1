/** `failover`: the first rows of a failover's figures, keepalived and vipair side by side in one run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { repository } from '../../lab/paths.js'
import { Arena, type Pace } from './arena.js'
import { measure } from './cases.js'
import { type Job, jobsOf } from './jobs.js'
import { monotonic } from './monotonic.js'
import { Pairing } from './pairing.js'
import { failoverUsage, type Plan, parsePlan } from './plan.js'
import { report } from './report.js'
import type { Measurement } from './rows.js'

/** Answers the exit status. */
export async function failover(argv: readonly string[]): Promise<number> {
  let plan: Plan
  try {
    plan = parsePlan(argv)
  } catch (error) {
    process.stderr.write(`${textOf(error)}\n${failoverUsage}\n`)
    return 2
  }
  const artefacts = join(repository, 'artefacts/bench-failover')
  mkdirSync(artefacts, { recursive: true })
  const bench = new Bench(plan, artefacts)
  // Everything that was made is removed, whoever ends us.
  const end = (): void => bench.interrupt()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  return bench.run()
}

/** A client that stood still for longer, ms, has measured itself: once more, until the last attempt counts. */
const longestStall = 15
const attempts = 3

class Bench {
  private readonly measurements: Measurement[] = []
  private readonly deadline: number
  private interrupted = false
  private readonly arenas = new Set<Arena>()
  private readonly begun = new Date()

  constructor(
    private readonly plan: Plan,
    private readonly artefacts: string,
  ) {
    this.deadline = monotonic() + plan.limitMinutes * 60_000
  }

  /** Whatever is waited for fails from now on, and the networks go. */
  interrupt(): void {
    this.interrupted = true
    for (const arena of this.arenas) void arena.close()
  }

  async run(): Promise<number> {
    say(this.setting())
    const { inTurn, atOnce } = jobsOf(this.plan)
    await this.work(inTurn, 1, { udp: 2, tcp: 5 })
    // The clients of several networks together cost no more than the one.
    await this.work(atOnce, this.plan.arenas, { udp: 4, tcp: 20 })
    const counted = this.measurements.filter(({ disturbed }) => !disturbed)
    const { text, allMet } = report(counted, this.plan.intervals)
    say(`\n${text}`)
    const file = join(this.artefacts, `${this.begun.toISOString().replaceAll(':', '')}.json`)
    const { intervals, repeats, splits } = this.plan
    const about = { begun: this.begun, setting: this.setting(), intervals, repeats, splits }
    writeFileSync(file, `${JSON.stringify({ ...about, measurements: this.measurements }, undefined, 1)}\n`)
    const minutes = ((Date.now() - this.begun.getTime()) / 60_000).toFixed(1)
    say(
      `${file}\n${minutes} minutes; load average at the end: ${loads()}${this.over ? '; ended before its time' : ''}`,
    )
    const again = this.measurements.length - counted.length
    if (again > 0) say(`measured again, for the client stood still or the pair did not settle: ${again}`)
    const failed = this.interrupted || counted.some(({ failure }) => failure !== undefined)
    return failed || (this.plan.asserts && !allMet) ? 1 : 0
  }

  private get over(): boolean {
    return this.interrupted || monotonic() > this.deadline
  }

  /** In so many networks at once, each doing one job after the other. */
  private async work(jobs: readonly Job[], arenas: number, pace: Pace): Promise<void> {
    const waiting = [...jobs]
    await Promise.all(
      Array.from({ length: Math.min(arenas, jobs.length) }, async (_, i) => {
        const folder = join(this.artefacts, `network-${i + 1}`)
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder, { recursive: true })
        const arena = await Arena.open(folder, pace)
        this.arenas.add(arena)
        try {
          for (let job = waiting.shift(); job && !this.over; job = waiting.shift()) await this.do(arena, job)
        } finally {
          this.arenas.delete(arena)
          await arena.close()
        }
      }),
    )
  }

  private async do(arena: Arena, { program, interval, case: name, indexes }: Job): Promise<void> {
    let pairing: Pairing | undefined
    for (const index of indexes) {
      for (let attempt = 1; attempt <= attempts && !this.over; attempt++) {
        const about = { program: program.name, interval, case: name, load: loadavg()[0] ?? 0 }
        try {
          pairing ??= await Pairing.start(arena, program, interval)
          const figures = await measure(name, pairing, { index, repeats: this.plan.repeats })
          const disturbed = (figures.clientStall ?? 0) > longestStall && attempt < attempts
          this.note({ ...about, figures, disturbed })
          if (!disturbed) break
        } catch (error) {
          if (this.interrupted) return
          this.note({ ...about, failure: textOf(error), disturbed: attempt < attempts })
          arena.restore()
        }
        await pairing?.stop()
        pairing = undefined
      }
    }
    if (!this.interrupted) await pairing?.stop()
  }

  private note(measurement: Measurement): void {
    this.measurements.push(measurement)
    const { program, interval, case: name, figures, failure, disturbed } = measurement
    const said = figures ? brief(figures) : `not measured: ${failure}`
    say(`${name} at ${interval} ms, ${program}: ${said}${disturbed ? ' (disturbed: again)' : ''}`)
  }

  private setting(): string {
    const versions = this.plan.programs.map((program) => {
      const version = program.version()
      return version.toLowerCase().startsWith(program.name) ? version : `${program.name} ${version}`
    })
    const [cpu] = cpus()
    const machine = `Linux ${release()}, ${cpus().length} x ${cpu?.model.trim() ?? '?'}, Node ${process.version}`
    return `${versions.join('; ')}; ${machine}; load average ${loads()}`
  }
}

const loads = (): string =>
  loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')

const brief = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`)
    .join(', ')

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
