/** What is to be done, cut into pieces that one pair in one network does from its start to its end. */
import type { CaseName, Plan } from './plan.js'
import type { Program } from './programs.js'

export interface Job {
  readonly program: Program
  readonly interval: number
  readonly case: CaseName
  /** Which of the plan's repetitions of the case. */
  readonly indexes: readonly number[]
}

/** Figures of these are compared to the millisecond, on a machine that does nothing else. */
const alone: readonly CaseName[] = ['cut', 'stop']
/** So that the networks end at about the same time. */
const splitsPerJob = 5

/** By turns one program and the other, so that both meet the same machine. */
export function jobsOf(plan: Plan): { readonly inTurn: readonly Job[]; readonly atOnce: readonly Job[] } {
  const { programs, intervals, cases, repeats, splits } = plan
  const jobs = cases.flatMap((name) =>
    intervals.flatMap((interval) =>
      chunks(name === 'split' ? splits : repeats, sizeOf(name)).flatMap((indexes) =>
        programs.map((program): Job => ({ program, interval, case: name, indexes })),
      ),
    ),
  )
  return {
    inTurn: jobs.filter(({ case: name }) => alone.includes(name)),
    atOnce: jobs.filter(({ case: name }) => !alone.includes(name)),
  }
}

/**
 * A vipair whose role changes again and again holds itself down and would not return to lb1, and a process
 * that dies again and again is started later and later.
 */
function sizeOf(name: CaseName): number {
  return name === 'split' ? splitsPerJob : name === 'stop' ? 3 : 1
}

function chunks(count: number, size: number): number[][] {
  const all = Array.from({ length: count }, (_, i) => i)
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
}
