/** Runs a tracked script: no shell, its own user, its own process group, a bounded time and a bounded output. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../../../base/ports.js'
import { after } from '../../../base/units.js'
import type { ScriptTrackConfig } from '../../../config/model.js'
import type { ScriptRun } from '../script.js'

export interface ScriptUser {
  readonly uid: number
  readonly gid: number
}

/** Of the output, this much is kept to say why it failed. */
const keptOutput = 512
/** And this much may be written at all. */
export const mostOutput = 1 << 20

/** Nothing of the daemon's own environment: it is none of a script's business. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

export interface RunningScript {
  /** Of its process group; undefined: it was not started. */
  readonly group: number | undefined
  /** Kills the whole process group now. */
  kill(): void
}

/**
 * Calls `onRun` once with how it went, and `onGone` once the program itself is gone and another may start:
 * at the same time, unless even SIGKILL does not end it at once. What it has left running in its process
 * group when it ends is killed as well.
 */
export function runScript(
  clock: Clock,
  track: Pick<ScriptTrackConfig, 'command' | 'timeout'>,
  user: ScriptUser | undefined,
  onRun: (run: ScriptRun) => void,
  onGone: () => void,
): RunningScript {
  const [program = '', ...words] = track.command
  let child: ChildProcess
  try {
    child = spawn(program, words, {
      cwd: '/',
      env: environment,
      // A session and a process group of its own: what it forks is killed with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    })
  } catch (error) {
    onRun({ how: 'refused', reason: textOf(error) })
    onGone()
    return { group: undefined, kill: () => {} }
  }
  return watch(clock, track, child, onRun, onGone)
}

function watch(
  clock: Clock,
  { timeout }: Pick<ScriptTrackConfig, 'timeout'>,
  child: ChildProcess,
  onRun: (run: ScriptRun) => void,
  onGone: () => void,
): RunningScript {
  let told = false
  let gone = false
  let output = ''
  let written = 0
  const tell = (run: ScriptRun): void => {
    if (!told) onRun(run)
    told = true
  }
  const killGroup = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // ESRCH: nobody is left.
    }
  }
  const closeOutput = (): void => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  const limit = clock.at(after(clock.now(), timeout), () => {
    // Its children hold the pipes, and may be stuck in the kernel: nobody waits for either.
    tell({ how: 'timeout', milliseconds: timeout })
    killGroup()
    closeOutput()
  })
  const end = (run: ScriptRun): void => {
    if (gone) return
    gone = true
    limit.cancel()
    killGroup()
    closeOutput()
    tell(run)
    onGone()
  }
  const onOutput = (chunk: Buffer): void => {
    written += chunk.length
    if (output.length < keptOutput) output += chunk.toString('utf8', 0, keptOutput)
    if (written <= mostOutput) return
    tell({ how: 'flood', bytes: mostOutput })
    killGroup()
    closeOutput()
  }
  child.stdout?.on('data', onOutput)
  child.stderr?.on('data', onOutput)
  child.once('error', (error) => end({ how: 'refused', reason: textOf(error) }))
  child.once('exit', (status, signal) => {
    // What it wrote last may still be in the pipe: one turn of the loop reads it.
    setImmediate(() =>
      end(
        status === null ? { how: 'signal', signal: signal ?? 'a signal' } : { how: 'exited', status, output },
      ),
    )
  })
  return {
    group: child.pid,
    kill: () => {
      if (!gone) killGroup()
    },
  }
}

/** `spawn EACCES`: what was tried and the errno's name. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, syscall } = error as NodeJS.ErrnoException
  return code === undefined
    ? error.message
    : `cannot be started: ${syscall?.split(' ')[0] ?? 'spawn'} ${code}`
}
