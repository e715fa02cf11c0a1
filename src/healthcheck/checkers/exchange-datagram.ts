/** Sends one datagram from a socket of its own and waits for what comes back. */

import { createSocket } from 'node:dgram'
import { type Endpoint, formatIp } from '../../base/ip.js'
import type { CheckCommon } from '../../config/checks/common.js'
import { failed, inconclusive, type Outcome } from '../outcome.js'
import type { TimeUp } from '../time-up.js'
import { codeOf, outcomeOfErrno, portUnreachable } from './errno.js'

export interface Exchange<V> {
  readonly send: Uint8Array
  /** Undefined for what is no answer to this: more is waited for. */
  receive(datagram: Uint8Array): V | undefined
  /** The check's time is up. */
  late(): V
}

/**
 * The socket is connected: the kernel then hands over only what comes from the target, and tells of an ICMP
 * error. Never rejects, and leaves no socket behind.
 */
export function exchangeDatagram<V>(
  check: CheckCommon,
  target: Endpoint,
  timeUp: TimeUp,
  exchange: Exchange<V>,
): Promise<V | Outcome> {
  return new Promise((resolve) => {
    const open = () => createSocket(target.address.family === 4 ? 'udp4' : 'udp6')
    let socket: ReturnType<typeof open>
    try {
      socket = open()
    } catch (error) {
      resolve(inconclusive(`cannot start: ${codeOf(error)}`))
      return
    }
    let finished = false
    const finish = (verdict: V | Outcome) => {
      if (finished) return
      finished = true
      timeUp.removeEventListener('abort', onTimeUp)
      socket.close()
      resolve(verdict)
    }
    const fail = (error: unknown) => finish(outcomeOfUdpError(codeOf(error)))
    const onTimeUp = () => finish(exchange.late())

    socket.on('message', (datagram) => {
      if (finished) return
      const verdict = exchange.receive(datagram)
      if (verdict !== undefined) finish(verdict)
    })
    // Stays for good: an error after the verdict has nobody to tell.
    socket.on('error', fail)
    socket.once('connect', () => {
      if (finished) return
      socket.send(exchange.send, (error) => {
        if (error) fail(error)
      })
    })
    socket.once('listening', () => {
      if (!finished) socket.connect(target.port, formatIp(target.address))
    })
    socket.bind({ port: 0, exclusive: true, ...(check.bind && { address: formatIp(check.bind) }) })
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })
}

/** An ICMP error reads as for TCP, where it means something else. */
const outcomeOfUdpError = (code: string): Outcome =>
  code === 'ECONNREFUSED' ? failed(portUnreachable) : outcomeOfErrno(code)
