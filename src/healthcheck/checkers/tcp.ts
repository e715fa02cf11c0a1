/** `tcp`: the port accepts a connection. */
import { connect } from 'node:net'
import { formatIp } from '../../base/ip.js'
import type { TcpCheckConfig } from '../../config/checks/tcp.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'

export const checkTcp: Checker<TcpCheckConfig> = (check, target, timeUp) =>
  new Promise((resolve) => {
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
    const finish = (outcome: Outcome) => {
      timeUp.removeEventListener('abort', onTimeUp)
      // A reset leaves no TIME_WAIT behind: thousands of checks would use up the local ports.
      if (outcome.pass) socket.resetAndDestroy()
      else socket.destroy()
      resolve(outcome)
    }
    const onTimeUp = () => finish(failed(`no answer to connect within ${check.timeout} ms`))
    socket.once('connect', () => finish(passed('connected')))
    // Stays for good: an error after the verdict has nobody to tell.
    socket.on('error', (error) => finish(outcomeOfErrno(codeOf(error))))
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })
