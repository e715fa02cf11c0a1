/** How one run of a tracked script is judged. Pure. */
import { type ProgramRun, wordsOf } from '../../base/program.js'
import type { Outcome } from './rise-fall.js'

export const judgeScript = (run: ProgramRun): Outcome => ({
  good: run.how === 'exited' && run.status === 0,
  reason: wordsOf(run),
})
