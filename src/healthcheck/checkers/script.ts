/** `script`: a program of the operator's says how the server is. */

import { formatIp } from '../../base/ip.js'
import { type ProgramRun, wordsOf } from '../../base/program.js'
import { type Millis, type Weight, weight } from '../../base/units.js'
import type { ScriptCheckConfig } from '../../config/checks/script.js'
import { type ProgramConfig, programOfCheck } from '../../config/program.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import type { Checker } from './checker.js'
import type { CheckTools } from './tools.js'

/**
 * Has a program run somewhere with the privilege to. Never rejects; always answers in the end. `patience`: how long it
 * may wait for its turn before it is late.
 */
export type RunCheckProgram = (
  program: ProgramConfig,
  variables: Readonly<Record<string, string>>,
  patience: Millis,
) => Promise<ProgramRun>

const noPrograms: RunCheckProgram = async () => ({ how: 'refused', reason: 'no program can be run here' })

/**
 * The time limit is the program's own, from when it really starts: it may wait for its turn, which is no fault of
 * the server's. So `timeUp` says nothing here.
 */
export const scriptChecker =
  ({ runProgram = noPrograms }: Pick<CheckTools, 'runProgram'>): Checker<ScriptCheckConfig> =>
  async (check, { address, port }) => {
    const variables = {
      VIPAIR_ADDRESS: formatIp(address),
      ...(port > 0 && { VIPAIR_PORT: `${port}` }),
      VIPAIR_TIMEOUT_MS: `${check.timeout}`,
    }
    return judgeRun(check, await runProgram(programOfCheck(check), variables, check.interval))
  }

/** The weight that exit status 2 stands for is 0. */
const weightAtZero = 2

/** What cannot be started is this machine's fault, and says nothing about the server. */
export function judgeRun(
  { weightFromExit }: Pick<ScriptCheckConfig, 'weightFromExit'>,
  run: ProgramRun,
): Outcome {
  if (run.how === 'refused') return inconclusive(run.reason)
  const words = wordsOf(run)
  if (run.how !== 'exited') return failed(words)
  if (run.status === 0) return passed(words)
  if (!weightFromExit || run.status < weightAtZero) return failed(words)
  return passed(words, { weight: weight(run.status - weightAtZero) as Weight })
}
