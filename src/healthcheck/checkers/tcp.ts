/** `tcp`: the port accepts a connection, and where asked the server says what it should. */
import type { Stream } from '../../base/ports.js'
import type { TcpCheckConfig } from '../../config/checks/tcp.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import { Answer } from './answer.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'
import type { CheckTools } from './tools.js'

export const tcpChecker =
  ({ openStream }: CheckTools): Checker<TcpCheckConfig> =>
  (check, target, timeUp) =>
    new Promise((resolve) => {
      let stream: Stream | undefined
      let connected = false
      let answer: Answer | undefined
      const finish = (outcome: Outcome) => {
        timeUp.removeEventListener('abort', onTimeUp)
        stream?.reset()
        resolve(outcome)
      }
      const onTimeUp = () => {
        if (!connected) finish(failed(`no answer to connect within ${check.timeout} ms`))
        else finish(answer?.judge(`within ${check.timeout} ms`) ?? passed('connected'))
      }
      if (timeUp.aborted) {
        onTimeUp()
        return
      }
      try {
        if (check.send !== undefined || check.expect !== undefined) answer = new Answer(check.expect)
        stream = openStream(
          { target, source: check.bind },
          {
            onConnected() {
              connected = true
              if (!answer) finish(passed('connected'))
              else if (check.send !== undefined) stream?.send(Buffer.from(check.send))
            },
            onData(bytes) {
              const outcome = answer?.add(bytes)
              if (outcome) finish(outcome)
            },
            onEnd: () => finish(answer?.judge('before the connection was closed') ?? passed('connected')),
            onError: (code) => finish(outcomeOfErrno(code)),
          },
        )
        timeUp.addEventListener('abort', onTimeUp, { once: true })
      } catch (error) {
        finish(
          error instanceof SyntaxError
            ? inconclusive(`cannot start: ${codeOf(error)}`)
            : outcomeOfErrno(codeOf(error)),
        )
      }
    })
