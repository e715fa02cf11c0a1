/**
 * Programs of the operator's own (tracked scripts, script checks, hooks): what one is given, how a run went,
 * and that in words. `platform/program.ts` runs them.
 */
import type { Millis } from './units.js'

export interface ProgramCall {
  /** Absolute path and arguments; no shell. */
  readonly command: readonly string[]
  readonly timeout: Millis
  /** Who it runs as; undefined: as the process that starts it. */
  readonly user: ProgramUser | undefined
  /** Its environment besides PATH and LANG. */
  readonly variables?: Readonly<Record<string, string>>
  /** Its standard input; nothing where absent. */
  readonly input?: string
}

export interface ProgramUser {
  readonly uid: number
  readonly gid: number
}

export type ProgramRun =
  /** `output`: the end of what it wrote. */
  | { readonly how: 'exited'; readonly status: number; readonly output: string }
  | { readonly how: 'signal'; readonly signal: string }
  /** Still there after `milliseconds`, and killed with its whole process group. */
  | { readonly how: 'timeout'; readonly milliseconds: number }
  /** It wrote more than it may, and was killed with its whole process group. */
  | { readonly how: 'flood'; readonly bytes: number }
  /** It could not be started, or may not be: `reason` says why. */
  | { readonly how: 'refused'; readonly reason: string }

export interface RunningProgram {
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
export type RunProgram = (
  call: ProgramCall,
  onRun: (run: ProgramRun) => void,
  onGone: () => void,
) => RunningProgram

const longestLine = 120

/** One line: `exit status 3: no route`. */
export function wordsOf(run: ProgramRun): string {
  switch (run.how) {
    case 'exited': {
      const line = lastLine(run.output)
      return `exit status ${run.status}${line === '' ? '' : `: ${line}`}`
    }
    case 'signal':
      return `was ended by ${run.signal}`
    case 'timeout':
      return `did not end within ${run.milliseconds} ms`
    case 'flood':
      return `wrote more than ${run.bytes} bytes`
    case 'refused':
      return run.reason
  }
}

/** The last line that says anything, safe to print. */
function lastLine(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, ' ').trim())
  return (lines.findLast((line) => line !== '') ?? '').slice(0, longestLine)
}
