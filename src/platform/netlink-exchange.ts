/**
 * Requests and replies over one netlink descriptor. One exchange is in flight at a time, because a dump
 * beside anything else confuses both; every message has its own sequence number, because in a batch each
 * error belongs to one of them.
 */
import type { NetlinkMessage as Parsed } from 'netlink/dist/structs.js'
import type { Clock, Netlink, NetlinkMessage, NetlinkReply, NetlinkRequest, Timer } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { after, type Millis } from '../base/units.js'
import { decodeMessages, encodeRequests, isDump, NLM_F, NLMSG, verdictOf } from './netlink-message.js'
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.js'
import type { Reactor } from './reactor.js'

interface Pending {
  readonly request: NetlinkRequest
  readonly messages: NetlinkMessage[]
  code: string | undefined
  interrupted: boolean
}

interface Exchange {
  readonly requests: readonly NetlinkRequest[]
  readonly timeout: Millis
  readonly resolve: (replies: readonly NetlinkReply[]) => void
  readonly reject: (error: Error) => void
}

interface Flight {
  readonly exchange: Exchange
  readonly firstSequence: number
  readonly pending: readonly Pending[]
  readonly timer: Timer
}

/** Waiting exchanges beyond which a new one is refused: its caller is not listening to the answers. */
const longestQueue = 1024

export class NetlinkExchange implements Netlink {
  private readonly socket: NetlinkSocket
  private readonly queue: Exchange[] = []
  private flight: Flight | undefined
  private sequence = 1
  private closed = false

  /** `protocol` as in include/uapi/linux/netlink.h: 0 route, 16 generic. `strict`: see `NetlinkSocketOptions`. Throws `OpError`. */
  constructor(
    reactor: Reactor,
    private readonly clock: Clock,
    private readonly protocol: number,
    { strict = false }: { readonly strict?: boolean } = {},
  ) {
    this.socket = openNetlinkSocket(reactor, {
      protocol,
      strict,
      onData: (bytes) => this.receive(bytes),
      onOverflow: () => this.fail(this.error('ENOBUFS')),
      onError: (error) => this.fail(error),
    })
  }

  exchange(requests: readonly NetlinkRequest[], timeout: Millis): Promise<readonly NetlinkReply[]> {
    if (this.closed) return Promise.reject(this.error('EBADF'))
    if (requests.length === 0) return Promise.resolve([])
    if (this.queue.length >= longestQueue) return Promise.reject(this.error('EBUSY'))
    return new Promise((resolve, reject) => {
      this.queue.push({ requests, timeout, resolve, reject })
      this.next()
    })
  }

  /** What is in flight or waits is rejected with `EBADF`. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.socket.close()
    const waiting = this.queue.splice(0)
    this.fail(this.error('EBADF'))
    for (const exchange of waiting) exchange.reject(this.error('EBADF'))
  }

  private next(): void {
    while (!this.flight) {
      const exchange = this.queue.shift()
      if (!exchange) return
      this.start(exchange)
    }
  }

  private start(exchange: Exchange): void {
    const requests = withLastAcknowledged(exchange.requests)
    const firstSequence = this.sequence
    this.sequence = (this.sequence + requests.length) >>> 0
    const timer = this.clock.at(after(this.clock.now(), exchange.timeout), () => this.late(exchange))
    const pending = requests.map((request) => ({
      request,
      messages: [],
      code: undefined,
      interrupted: false,
    }))
    this.flight = { exchange, firstSequence, pending, timer }
    try {
      this.socket.send(encodeRequests(requests, firstSequence))
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The reply may have waited in the socket while this process did not run. */
  private late(exchange: Exchange): void {
    this.clock.afterPendingInput(() => {
      if (this.flight?.exchange === exchange) this.fail(this.error('timeout'))
    })
  }

  private receive(bytes: Buffer): void {
    const messages = decodeMessages(bytes)
    if (!messages) {
      this.fail(this.error('EBADMSG'))
      return
    }
    for (const message of messages) this.take(message)
  }

  private take(message: Parsed): void {
    const flight = this.flight
    if (!flight) return
    // Anything else answers an exchange that was given up.
    const index = (message.seq - flight.firstSequence) >>> 0
    const pending = flight.pending[index]
    if (!pending || pending.code !== undefined) return
    if (message.flags & NLM_F.DUMP_INTR) pending.interrupted = true
    if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
      pending.code = verdictOf(message)
      // The kernel works in order: an unacknowledged request before this one has succeeded in silence.
      for (const earlier of flight.pending.slice(0, index))
        if (isSilent(earlier.request)) earlier.code ??= 'OK'
    } else if (message.type > NLMSG.OVERRUN) {
      pending.messages.push({ type: message.type, flags: message.flags, payload: message.data })
    }
    if (flight.pending.every(({ code }) => code !== undefined)) this.finish(flight)
  }

  private finish(flight: Flight): void {
    this.flight = undefined
    flight.timer.cancel()
    flight.exchange.resolve(
      flight.pending.map(({ code, messages, interrupted }) => ({
        code: code ?? 'OK',
        messages,
        interrupted,
      })),
    )
    this.next()
  }

  private fail(error: Error): void {
    const flight = this.flight
    if (!flight) return
    this.flight = undefined
    flight.timer.cancel()
    flight.exchange.reject(error)
    if (this.closed) return
    // A dump that still runs would make the kernel refuse the next one (EBUSY).
    this.socket.discard()
    this.next()
  }

  private error(code: string): OpError {
    return new OpError('exchange', `netlink ${this.protocol}`, code)
  }
}

const isSilent = (request: NetlinkRequest): boolean => (request.flags & NLM_F.ACK) === 0 && !isDump(request)

/** Without an acknowledgement of the last one nobody would know when the batch is done. */
function withLastAcknowledged(requests: readonly NetlinkRequest[]): readonly NetlinkRequest[] {
  return requests.map((request, i) =>
    i === requests.length - 1 && isSilent(request)
      ? { ...request, flags: request.flags | NLM_F.ACK }
      : request,
  )
}
