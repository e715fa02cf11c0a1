/** `tcp`: the port accepts a connection. */
import type { Stream } from '../../base/ports.js'
import type { TcpCheckConfig } from '../../config/checks/tcp.js'
import { failed, type Outcome, passed } from '../outcome.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'
import type { CheckTools } from './tools.js'

export const tcpChecker =
  ({ openStream }: CheckTools): Checker<TcpCheckConfig> =>
  (check, target, timeUp) =>
    new Promise((resolve) => {
      let stream: Stream | undefined
      const finish = (outcome: Outcome) => {
        timeUp.removeEventListener('abort', onTimeUp)
        stream?.reset()
        resolve(outcome)
      }
      const onTimeUp = () => finish(failed(`no answer to connect within ${check.timeout} ms`))
      if (timeUp.aborted) return onTimeUp()
      try {
        stream = openStream(
          { target, source: check.bind },
          {
            onConnected: () => finish(passed('connected')),
            onData: () => {},
            onEnd: () => {},
            onError: (code) => finish(outcomeOfErrno(code)),
          },
        )
        timeUp.addEventListener('abort', onTimeUp, { once: true })
      } catch (error) {
        finish(outcomeOfErrno(codeOf(error)))
      }
    })
