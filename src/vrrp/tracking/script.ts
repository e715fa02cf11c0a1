/** How one run of a tracked script is judged. Pure. */
import type { Outcome } from './rise-fall.js'

export type ScriptRun =
  | { readonly how: 'exited'; readonly status: number; readonly output: string }
  | { readonly how: 'signal'; readonly signal: string }
  /** Still there after `milliseconds`, and killed with its whole process group. */
  | { readonly how: 'timeout'; readonly milliseconds: number }
  /** It wrote more than it may, and was killed with its whole process group. */
  | { readonly how: 'flood'; readonly bytes: number }
  /** It could not be started, or may not be: `reason` says why. */
  | { readonly how: 'refused'; readonly reason: string }

const longestOutput = 120

export function judgeScript(run: ScriptRun): Outcome {
  switch (run.how) {
    case 'exited': {
      const line = printable(run.output)
      const said = line === '' ? '' : `: ${line}`
      return { good: run.status === 0, reason: `exit status ${run.status}${said}` }
    }
    case 'signal':
      return { good: false, reason: `was ended by ${run.signal}` }
    case 'timeout':
      return { good: false, reason: `did not end within ${run.milliseconds} ms` }
    case 'flood':
      return { good: false, reason: `wrote more than ${run.bytes} bytes` }
    case 'refused':
      return { good: false, reason: run.reason }
  }
}

/** The first line that says anything, safe to print. */
function printable(output: string): string {
  const line = output.split('\n').find((candidate) => candidate.trim() !== '') ?? ''
  return line
    .replace(/[\p{Cc}\p{Cf}\ufffd]/gu, ' ')
    .trim()
    .slice(0, longestOutput)
}
