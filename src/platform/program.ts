/** Runs a program of the operator's: no shell, its own user and process group, a bounded time and a bounded output. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../base/ports.js'
import type { ProgramCall, ProgramRun, RunningProgram, RunProgram } from '../base/program.js'
import { after } from '../base/units.js'

/** Of the output, the last so many characters are kept to say why it failed. */
const keptOutput = 512
/** And this much may be written at all. */
export const mostOutput = 1 << 20

/** Nothing of the daemon's own environment: it is none of a program's business. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

export const programsOn =
  (clock: Clock): RunProgram =>
  (call, onRun, onGone) => {
    const [program = '', ...words] = call.command
    let child: ChildProcess
    try {
      child = spawn(program, words, {
        cwd: '/',
        env: { ...environment, ...call.variables },
        // A session and a process group of its own: what it forks is killed with it.
        detached: true,
        stdio: [call.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        ...(call.user && { uid: call.user.uid, gid: call.user.gid }),
      })
    } catch (error) {
      onRun({ how: 'refused', reason: textOf(error) })
      onGone()
      return { group: undefined, kill: () => {} }
    }
    return watch(clock, call, child, onRun, onGone)
  }

function watch(
  clock: Clock,
  { timeout, input }: ProgramCall,
  child: ChildProcess,
  onRun: (run: ProgramRun) => void,
  onGone: () => void,
): RunningProgram {
  let told = false
  let gone = false
  let output = ''
  let written = 0
  const tell = (run: ProgramRun): void => {
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
  const closePipes = (): void => {
    child.stdin?.destroy()
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  const limit = clock.at(after(clock.now(), timeout), () => {
    // Its children hold the pipes, and may be stuck in the kernel: nobody waits for either.
    tell({ how: 'timeout', milliseconds: timeout })
    killGroup()
    closePipes()
  })
  const end = (run: ProgramRun): void => {
    if (gone) return
    gone = true
    limit.cancel()
    killGroup()
    closePipes()
    tell(run)
    onGone()
  }
  const onOutput = (chunk: Buffer): void => {
    written += chunk.length
    const tail = chunk.toString('utf8', Math.max(0, chunk.length - keptOutput))
    output = (output + tail).slice(-keptOutput)
    if (written <= mostOutput) return
    tell({ how: 'flood', bytes: mostOutput })
    killGroup()
    closePipes()
  }
  child.stdout?.on('data', onOutput)
  child.stderr?.on('data', onOutput)
  // It need not read what it is given.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
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

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there, or the interpreter in its first line is not',
  EAGAIN: 'its user has too many processes: give it one of its own',
}

/** `cannot be started: spawn EACCES`: what was tried and the errno's name. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined) return error.message
  const why = causes[code]
  return `cannot be started: ${syscall?.split(' ')[0] ?? 'spawn'} ${code}${why ? ` (${why})` : ''}`
}
