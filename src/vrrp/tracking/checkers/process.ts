/** Looks for a tracked process in /proc, which answers from memory and never blocks. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { ProcessTrackConfig } from '../../../config/model.js'
import { isProgram, type ProcessLook } from '../process.js'
import type { Outcome } from '../rise-fall.js'

type Wanted = Pick<ProcessTrackConfig, 'program' | 'pidFile'>

/** Remembers the process that it found: while that one lives a look costs two small reads, not a scan. */
export class ProcessLooker {
  private lastPid: number | undefined

  constructor(private readonly wanted: Wanted) {}

  look(): Outcome {
    const { program, pidFile } = this.wanted
    if (pidFile !== undefined) return this.lookAtPidFile(pidFile)
    if (this.lastPid !== undefined && this.matches(this.lastPid)) return running(program, this.lastPid)
    this.lastPid = pids().find((pid) => this.matches(pid))
    return this.lastPid === undefined
      ? { good: false, reason: `no process of ${program} is running` }
      : running(program, this.lastPid)
  }

  private lookAtPidFile(pidFile: string): Outcome {
    const text = attempt(() => readFileSync(pidFile, 'utf8').slice(0, 32).trim())
    if (text === undefined) return { good: false, reason: `${pidFile} cannot be read` }
    if (!/^[1-9]\d{0,9}$/.test(text)) return { good: false, reason: `${pidFile} holds no process number` }
    const pid = Number(text)
    return this.matches(pid)
      ? running(this.wanted.program, pid)
      : { good: false, reason: `process ${pid} of ${pidFile} is not running ${this.wanted.program}` }
  }

  private matches(pid: number): boolean {
    const look = lookAt(pid)
    return look !== undefined && isProgram(this.wanted, look)
  }
}

const running = (program: string, pid: number): Outcome => ({
  good: true,
  reason: `${program} is running (process ${pid})`,
})

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Undefined when it is gone. */
function lookAt(pid: number): ProcessLook | undefined {
  const comm = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/\n$/, ''))
  const commandLine = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  if (comm === undefined || commandLine === undefined) return undefined
  const exe = attempt(() => readlinkSync(`/proc/${pid}/exe`))
  return { comm, exe, argv0: commandLine.split('\0', 1)[0] ?? '' }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
