/** `icmp`: the host answers an echo request. */
import { OpError } from '../../base/result.js'
import type { IcmpCheckConfig } from '../../config/checks/icmp.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'
import type { Ping } from './pinger.js'
import type { CheckTools } from './tools.js'

export const icmpChecker =
  ({ pinger }: Pick<CheckTools, 'pinger'>): Checker<IcmpCheckConfig> =>
  (check, target, timeUp) =>
    new Promise((resolve) => {
      if (!pinger) return resolve(inconclusive('no ICMP socket'))
      let ping: Ping | undefined
      const finish = (outcome: Outcome) => {
        timeUp.removeEventListener('abort', onTimeUp)
        ping?.cancel()
        resolve(outcome)
      }
      const onTimeUp = () => {
        const other = ping?.mangled ? ', only one with another payload' : ''
        finish(failed(`no echo within ${check.timeout} ms${other}`))
      }
      if (timeUp.aborted) return onTimeUp()
      const { bind: source, size } = check
      try {
        ping = pinger.ping({ destination: target.address, source, size }, (answer) =>
          finish(answer ? failed(answer.refusal) : passed('echo')),
        )
        timeUp.addEventListener('abort', onTimeUp, { once: true })
      } catch (error) {
        finish(outcomeOfError(error))
      }
    })

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof OpError) {
    if (error.op === 'socket') {
      return inconclusive(`no ICMP socket (${error.code}): the daemon must be started with CAP_NET_RAW`)
    }
    return outcomeOfErrno(error.code)
  }
  return inconclusive(`cannot start: ${codeOf(error)}`)
}
