/**
 * The programs process: runs what checks and hooks ask for, so many at a time, and nothing else. Of what is asked
 * it believes only which program of the file it is to be.
 */
import type { Clock, Log, Timer } from '../base/ports.js'
import type { ProgramRun, ProgramUser, RunningProgram, RunProgram } from '../base/program.js'
import { after, type Millis, millis } from '../base/units.js'
import { type ProgramConfig, programKey } from '../config/program.js'
import { Lane } from './lane.js'

export interface ProgramRequest {
  /** Unique for who asks. */
  readonly id: number
  /** Who asks; the parent fills it in. */
  readonly origin: string
  /** `programKey` of a program in the file. */
  readonly key: string
  /** Only names that begin with `VIPAIR_` reach the program. */
  readonly variables: Readonly<Record<string, string>>
  /** Its standard input; undefined: nothing. */
  readonly input: string | undefined
  /** After so long it is late. Where not all can run at once, who is late first is next. */
  readonly patience: Millis
}

export interface ProgramEnded {
  readonly id: number
  readonly origin: string
  readonly run: ProgramRun
}

export interface ProgramsPorts {
  readonly clock: Clock
  readonly log: Log
  readonly runProgram: RunProgram
  /** Who a program runs as; undefined: as this process. A text says why it cannot. */
  readonly userOf: (name: string) => ProgramUser | undefined | string
  /** Why a file may not be run; undefined: it may. */
  readonly problemOf: (path: string) => string | undefined
  /** A process group has begun or is gone: for whoever clears up when this process is killed. */
  readonly onGroup: (group: number, there: boolean) => void
  /** Ends what has left its process group and lost its parent; true: something was there. */
  readonly endLeftovers: (isRunning: (group: number) => boolean) => boolean
}

export interface ProgramsStatus {
  readonly running: number
  readonly waiting: number
  /** Milliseconds that one of those has been waiting for its turn. */
  readonly waitedFor: number
  readonly ended: number
  /** Programs that may not or cannot be run, with the reason. */
  readonly refused: readonly string[]
}

export interface ProgramsRuntime {
  /** `variables`: for every program. */
  configure(programs: readonly ProgramConfig[], variables: Readonly<Record<string, string>>): void
  run(request: ProgramRequest): void
  status(): ProgramsStatus
  /** Kills what still runs. */
  stop(): void
}

/** Scripts mostly wait for an answer; more at once would cost the machine's memory rather than save time. */
export const mostAtOnce = { check: 64, hook: 16 } as const
/** Starts in one turn of the loop: each holds it for a millisecond or two. */
const startsPerTurn = 8
const leftoverInterval = millis(1_000)

export function startPrograms(ports: ProgramsPorts, onEnded: (ended: ProgramEnded) => void): ProgramsRuntime {
  return new Runtime(ports, onEnded)
}

class Runtime implements ProgramsRuntime {
  private programs = new Map<string, ProgramConfig>()
  private variables: Readonly<Record<string, string>> = {}
  private readonly lanes = {
    check: new Lane<ProgramRequest>(mostAtOnce.check),
    hook: new Lane<ProgramRequest>(mostAtOnce.hook),
  }
  private readonly running = new Map<number, RunningProgram>()
  private readonly refused = new Map<string, string>()
  private ended = 0
  private turnPending = false
  private leftoverTimer: Timer | undefined
  private stopped = false

  constructor(
    private readonly ports: ProgramsPorts,
    private readonly onEnded: (ended: ProgramEnded) => void,
  ) {}

  configure(programs: readonly ProgramConfig[], variables: Readonly<Record<string, string>>): void {
    this.programs = new Map(programs.map((program) => [programKey(program), program]))
    this.variables = variables
    for (const key of this.refused.keys()) if (!this.programs.has(key)) this.refused.delete(key)
  }

  run(request: ProgramRequest): void {
    const program = this.programs.get(request.key)
    if (!program || this.stopped) this.end(request, { how: 'refused', reason: 'is not in the file any more' })
    else {
      const now = this.ports.clock.now()
      this.lanes[program.use].add(request, now, after(now, request.patience))
      this.takeTurn()
    }
  }

  status(): ProgramsStatus {
    const { check, hook } = this.lanes
    const since = Math.min(check.waitsSince, hook.waitsSince)
    return {
      running: check.running + hook.running,
      waiting: check.waits + hook.waits,
      waitedFor: since === Number.POSITIVE_INFINITY ? 0 : this.ports.clock.now() - since,
      ended: this.ended,
      refused: [...this.refused.values()],
    }
  }

  stop(): void {
    this.stopped = true
    this.leftoverTimer?.cancel()
    for (const lane of Object.values(this.lanes)) lane.clear()
    for (const { kill } of this.running.values()) kill()
    this.ports.endLeftovers((group) => this.running.has(group))
  }

  /** A few starts, then what has happened meanwhile, then the next few. */
  private takeTurn(): void {
    if (this.turnPending || this.stopped) return
    this.turnPending = true
    this.ports.clock.afterPendingInput(() => {
      this.turnPending = false
      if (this.stopped) return
      let started = 0
      for (const lane of [this.lanes.hook, this.lanes.check]) {
        for (; started < startsPerTurn; started++) {
          const request = lane.take()
          if (!request) break
          this.start(request, lane)
        }
      }
      if (started === startsPerTurn) this.takeTurn()
    })
  }

  private start(request: ProgramRequest, lane: Lane<ProgramRequest>): void {
    const done = (): void => {
      lane.done()
      this.takeTurn()
    }
    const program = this.programs.get(request.key)
    const call = program ? this.callOf(program, request) : 'is not in the file any more'
    if (typeof call === 'string') {
      if (program) this.refused.set(request.key, call)
      this.end(request, { how: 'refused', reason: call })
      done()
      return
    }
    let group: number | undefined
    const running = this.ports.runProgram(
      call,
      (run) => {
        if (run.how === 'refused') this.refused.set(request.key, `${call.command[0]}: ${run.reason}`)
        else this.refused.delete(request.key)
        this.end(request, run)
      },
      () => {
        if (group !== undefined) {
          this.running.delete(group)
          this.ports.onGroup(group, false)
        }
        done()
        this.lookForLeftovers()
      },
    )
    group = running.group
    if (group === undefined) return
    this.running.set(group, running)
    this.ports.onGroup(group, true)
  }

  /** A text: why it may not be run now. */
  private callOf({ command, user: name, timeout }: ProgramConfig, request: ProgramRequest) {
    const problem = this.ports.problemOf(command[0] ?? '')
    if (problem !== undefined) return problem
    const user = this.ports.userOf(name)
    if (typeof user === 'string') return `${command[0]}: ${user}`
    const given = Object.entries(request.variables).filter(([name]) => /^VIPAIR_[A-Z_]+$/.test(name))
    const variables = { ...this.variables, ...Object.fromEntries(given) }
    return { command, timeout, user, variables, ...(request.input !== undefined && { input: request.input }) }
  }

  private end({ id, origin }: ProgramRequest, run: ProgramRun): void {
    this.ended++
    this.onEnded({ id, origin, run })
  }

  /** At most once a second, and once more after the last program. */
  private lookForLeftovers(): void {
    if (this.leftoverTimer || this.stopped) return
    const { clock } = this.ports
    const look = (): void => {
      this.leftoverTimer = undefined
      // What is ended leaves children of its own: they come to light one generation after the other.
      if (this.ports.endLeftovers((group) => this.running.has(group))) this.lookForLeftovers()
    }
    this.leftoverTimer = clock.at(after(clock.now(), leftoverInterval as Millis), look)
  }
}
