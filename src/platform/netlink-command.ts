/**
 * Requests that must be in the kernel when the call returns: each goes out at once, whatever else is under
 * way, and the verdict follows. For single acknowledged changes only, never for dumps.
 */
import type { Clock, NetlinkRequest, Timer } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { after, type Millis } from '../base/units.js'
import { decodeMessages, encodeRequests, NLM_F, NLMSG, verdictOf } from './netlink-message.js'
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.js'
import type { Reactor } from './reactor.js'

/** `OK`, an errno's name, or `timeout`. */
export type Verdict = (code: string) => void

interface Waiting {
  readonly verdict: Verdict
  readonly timer: Timer
}

export class NetlinkCommands {
  private readonly socket: NetlinkSocket
  private readonly waiting = new Map<number, Waiting>()
  private sequence = 0

  /** Throws `OpError`. */
  constructor(
    reactor: Reactor,
    private readonly clock: Clock,
    protocol: number,
    private readonly timeout: Millis,
  ) {
    this.socket = openNetlinkSocket(reactor, {
      protocol,
      onData: (bytes) => this.receive(bytes),
      onOverflow: () => this.settleAll('ENOBUFS'),
      onError: (error) => this.settleAll(error.code),
    })
  }

  /** A request that could not be sent gets its verdict like any other: later, never within the call. */
  submit(request: NetlinkRequest, verdict: Verdict): void {
    this.sequence = (this.sequence + 1) >>> 0
    const sequence = this.sequence
    let failure: string | undefined
    try {
      this.socket.send(encodeRequests([{ ...request, flags: request.flags | NLM_F.ACK }], sequence))
    } catch (error) {
      failure = error instanceof OpError ? error.code : String(error)
    }
    if (failure !== undefined) {
      const code = failure
      setImmediate(() => verdict(code))
      return
    }
    const timer = this.clock.at(after(this.clock.now(), this.timeout), () => {
      this.clock.afterPendingInput(() => this.settle(sequence, 'timeout'))
    })
    this.waiting.set(sequence, { verdict, timer })
  }

  /** What still waits gets `EBADF`. */
  close(): void {
    this.socket.close()
    this.settleAll('EBADF')
  }

  private receive(bytes: Buffer): void {
    const messages = decodeMessages(bytes)
    if (!messages) this.settleAll('EBADMSG')
    for (const message of messages ?? []) {
      if (message.type === NLMSG.ERROR) this.settle(message.seq, verdictOf(message))
    }
  }

  private settle(sequence: number, code: string): void {
    const waiting = this.waiting.get(sequence)
    if (!waiting) return
    this.waiting.delete(sequence)
    waiting.timer.cancel()
    waiting.verdict(code)
  }

  private settleAll(code: string): void {
    for (const sequence of [...this.waiting.keys()]) this.settle(sequence, code)
  }
}
