/** Has a conversation on a connection of its own. */

import { connect } from 'node:net'
import { type Endpoint, formatIp } from '../../base/ip.js'
import type { CheckCommon } from '../../config/checks/common.js'
import { failed, inconclusive, type Outcome } from '../outcome.js'
import type { Ending, Talk, Turn } from '../talk.js'
import type { TimeUp } from '../time-up.js'
import { codeOf, outcomeOfErrno } from './errno.js'

const endings: Readonly<Record<string, Ending>> = { ECONNRESET: 'reset', EPIPE: 'closed' }

/** Never rejects, and leaves no socket behind. */
export function talkOverTcp(
  check: CheckCommon,
  target: Endpoint,
  timeUp: TimeUp,
  talk: Talk,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const open = () =>
      connect({
        host: formatIp(target.address),
        port: target.port,
        ...(check.bind && { localAddress: formatIp(check.bind) }),
      })
    let socket: ReturnType<typeof open>
    try {
      socket = open()
    } catch (error) {
      resolve(inconclusive(`cannot start: ${codeOf(error)}`))
      return
    }
    let connected = false
    let finished = false
    const finish = (outcome: Outcome) => {
      if (finished) return
      finished = true
      timeUp.removeEventListener('abort', onTimeUp)
      // A reset leaves no TIME_WAIT behind: thousands of checks would use up the local ports.
      if (connected) socket.resetAndDestroy()
      else socket.destroy()
      resolve(outcome)
    }
    const take = (turn: Turn) => {
      if (turn === undefined || finished) return
      if ('verdict' in turn) finish(turn.verdict)
      else socket.write(turn.say)
    }
    const onTimeUp = () =>
      finish(connected ? talk.end('late') : failed(`no answer to connect within ${check.timeout} ms`))
    socket.once('connect', () => {
      connected = true
      take(talk.open(socket.localAddress ?? ''))
    })
    socket.on('data', (bytes: Buffer) => {
      if (!finished) take(talk.read(bytes))
    })
    socket.once('end', () => {
      if (!finished) finish(talk.end('closed'))
    })
    // Stays for good: an error after the verdict has nobody to tell.
    socket.on('error', (error) => {
      if (finished) return
      const code = codeOf(error)
      const ending = connected ? endings[code] : undefined
      finish(ending ? talk.end(ending) : outcomeOfErrno(code))
    })
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })
}
