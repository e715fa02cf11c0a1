/**
 * The tracker process: looks at scripts, files and processes, and tells what changed. It is a process of
 * its own, because the vrrp process must never wait: a fork copies page tables, a file system can hang.
 */
import type { Clock, Log, Timer } from '../../../base/ports.js'
import type { ProgramRun, ProgramUser, RunningProgram, RunProgram } from '../../../base/program.js'
import { unreachable } from '../../../base/result.js'
import { after, type Millis, millis } from '../../../base/units.js'
import type { FileTrackConfig, ProcessTrackConfig, ScriptTrackConfig } from '../../../config/model.js'
import { scriptProblem } from '../../../config/script-file.js'
import { lookAtFile } from '../checkers/file.js'
import { ProcessLooker } from '../checkers/process.js'
import { judgeFile } from '../file.js'
import { type OutsideTrack, trackKey } from '../identity.js'
import { filterOutcome, type Outcome, unfiltered } from '../rise-fall.js'
import { judgeScript } from '../script.js'
import type { Finding } from '../verdict.js'

/** A finding about the thing that `trackKey` names. */
export interface TrackFact {
  readonly key: string
  readonly finding: Finding
}

export interface OutsidePorts {
  readonly clock: Clock
  readonly log: Log
  readonly runProgram: RunProgram
  /** Who a script runs as; undefined: as this process. A text says why it cannot. */
  readonly userOf: (name: string) => ProgramUser | undefined | string
  /** A script's process group has begun or is gone: for whoever clears up when this process is killed. */
  readonly onGroup?: (group: number, there: boolean) => void
}

export interface OutsideRuntime {
  configure(tracks: readonly OutsideTrack[]): void
  /** Kills what still runs. */
  stop(): void
}

/** A file that has not answered for so long is down: its file system hangs. */
const filePatience = millis(2_000)

/** `onChange` gets every first finding and each that differs from the one before. */
export function startOutside(ports: OutsidePorts, onChange: (fact: TrackFact) => void): OutsideRuntime {
  let looks: Look[] = []
  return {
    configure(tracks) {
      for (const look of looks) look.stop()
      const unique = new Map(tracks.map((track) => [trackKey(track), track]))
      looks = [...unique].map(([key, track]) => {
        let told: Finding | undefined
        const look = createLook(ports, track, (finding) => {
          if (
            told &&
            told.state === finding.state &&
            told.reason === finding.reason &&
            told.delta === finding.delta
          )
            return
          told = finding
          onChange({ key, finding })
        })
        look.start()
        return look
      })
    },
    stop() {
      for (const look of looks) look.stop()
      looks = []
    },
  }
}

type Tell = (finding: Finding) => void

function createLook(ports: OutsidePorts, track: OutsideTrack, tell: Tell): Look {
  switch (track.kind) {
    case 'script':
      return new ScriptLook(ports, track, tell)
    case 'file':
      return new FileLooks(ports, track, tell)
    case 'process':
      return new ProcessLooks(ports, track, tell)
    default:
      return unreachable(track)
  }
}

/** Something that is looked at each `interval`, never twice at a time. */
abstract class Look {
  private timer: Timer | undefined
  private next = millis(0)
  protected stopped = false

  constructor(
    protected readonly ports: OutsidePorts,
    private readonly interval: Millis,
  ) {}

  protected abstract look(): void

  start(): void {
    this.next = this.ports.clock.now()
    this.begin()
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
  }

  private begin(): void {
    if (this.stopped) return
    this.look()
  }

  /** From start to start; a look that took longer is followed by the next at once, not by those it missed. */
  protected done(): void {
    if (this.stopped) return
    const now = this.ports.clock.now()
    this.next = millis(Math.max(now, this.next + this.interval))
    this.timer = this.ports.clock.at(this.next, () => this.begin())
  }
}

class ScriptLook extends Look {
  private filter = unfiltered('has not run yet')
  private running: RunningProgram | undefined

  constructor(
    ports: OutsidePorts,
    private readonly track: ScriptTrackConfig,
    private readonly tell: Tell,
  ) {
    super(ports, track.interval)
  }

  protected look(): void {
    // The file may have been changed since the start, and so may who can change it.
    const problem = scriptProblem(this.track.command[0] ?? '')
    const user = this.ports.userOf(this.track.user)
    if (problem !== undefined || typeof user === 'string') {
      this.judge({ how: 'refused', reason: problem ?? String(user) })
      this.done()
      return
    }
    const { command, timeout } = this.track
    const running = this.ports.runProgram(
      { command, timeout, user },
      (run) => this.judge(run),
      () => {
        const { running } = this
        this.running = undefined
        if (running?.group !== undefined) this.ports.onGroup?.(running.group, false)
        this.done()
      },
    )
    if (running.group === undefined) return
    this.running = running
    this.ports.onGroup?.(running.group, true)
  }

  private judge(run: ProgramRun): void {
    if (this.stopped) return
    this.filter = filterOutcome(this.track, this.filter, judgeScript(run))
    this.tell(this.filter.finding)
  }

  override stop(): void {
    super.stop()
    this.running?.kill()
  }
}

class FileLooks extends Look {
  constructor(
    ports: OutsidePorts,
    private readonly track: FileTrackConfig,
    private readonly tell: Tell,
  ) {
    super(ports, track.interval)
  }

  protected look(): void {
    const { clock } = this.ports
    const patience = clock.at(after(clock.now(), filePatience), () => {
      const late = { state: 'down', reason: `${this.track.path} does not answer` } as const
      this.say(this.track.weightFromContent ? { ...late, delta: 0 } : late)
    })
    void lookAtFile(this.track.path).then((found) => {
      patience.cancel()
      this.say(judgeFile(this.track, found))
      this.done()
    })
  }

  private say(finding: Finding): void {
    if (!this.stopped) this.tell(finding)
  }
}

class ProcessLooks extends Look {
  private filter = unfiltered('has not been looked for yet')
  private readonly looker: ProcessLooker

  constructor(
    ports: OutsidePorts,
    private readonly track: ProcessTrackConfig,
    private readonly tell: Tell,
  ) {
    super(ports, track.interval)
    this.looker = new ProcessLooker(track)
  }

  protected look(): void {
    const outcome: Outcome = this.looker.look()
    this.filter = filterOutcome(this.track, this.filter, outcome)
    this.tell(this.filter.finding)
    this.done()
  }
}
