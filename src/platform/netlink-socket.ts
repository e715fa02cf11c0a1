/**
 * A netlink descriptor: bytes in, bytes out. What overflows is an event and never fatal, which is why it is
 * not the npm package's socket.
 */
import { Writer } from '../base/bytes.js'
import { OpError } from '../base/result.js'
import { check, lastErrno, libc, openSocket, setOption, setReceiveBuffer, trySetOption } from './libc.js'
import { AF, EPOLLIN, MSG, optionOf, SOCK } from './linux.js'
import { type Reactor, readsPerWakeUp } from './reactor.js'

export interface NetlinkSocketOptions {
  /** include/uapi/linux/netlink.h: 0 route, 16 generic. */
  readonly protocol: number
  /** Multicast groups to subscribe to, by number. */
  readonly groups?: readonly number[]
  /** Default 1 MiB. */
  readonly receiveBufferBytes?: number
  /** Dumps are filtered by what their headers say (Linux 4.20); older kernels tell everything. */
  readonly strict?: boolean
  /** A copy of one datagram: one or more messages. */
  readonly onData: (bytes: Buffer) => void
  /** The kernel had more to say than fitted: what is known is unknown now and must be read again. */
  readonly onOverflow: () => void
  readonly onError: (error: OpError) => void
}

export interface NetlinkSocket {
  /** The kernel has taken in, and for requests carried out, all of it when this returns. Throws `OpError`. */
  send(bytes: Uint8Array): void
  /** Reads and drops all that waits, which also brings a dump that nobody wants any more to its end. */
  discard(): void
  close(): void
}

/** More than the longest dump has parts: 30,000 destinations are under 300. */
const mostDiscarded = 10_000
/** The kernel's dumps come in at most 32 KiB (net/netlink/af_netlink.c, netlink_dump). */
const longestDatagram = 1 << 16
const defaultReceiveBuffer = 1 << 20

/** Throws `OpError`. */
export function openNetlinkSocket(reactor: Reactor, options: NetlinkSocketOptions): NetlinkSocket {
  const subject = `netlink ${options.protocol}`
  const fd = openSocket(subject, [AF.NETLINK, SOCK.RAW, options.protocol], (opened) => {
    setReceiveBuffer(opened, options.receiveBufferBytes ?? defaultReceiveBuffer, subject)
    // An error need not repeat the request that it answers.
    setOption(opened, optionOf.netlinkCapAck, 1, subject)
    if (options.strict) trySetOption(opened, optionOf.netlinkStrict, 1)
    for (const group of options.groups ?? []) setOption(opened, optionOf.netlinkMembership, group, subject)
    // struct sockaddr_nl, port 0: the kernel. A connected socket takes unicast from nobody else.
    const kernel = new Writer(12).u16host(AF.NETLINK).zeros(10).finish()
    check(libc.connect(opened, kernel, kernel.length), 'connect', subject)
  })
  const buffer = Buffer.alloc(longestDatagram)
  let open = true

  const receive = (): void => {
    for (let i = 0; i < readsPerWakeUp && open; i++) {
      const length = libc.recv(fd, buffer, buffer.length, MSG.DONTWAIT | MSG.TRUNC)
      if (length > buffer.length) options.onOverflow()
      else if (length >= 0) options.onData(Buffer.from(buffer.subarray(0, length)))
      else {
        const code = lastErrno()
        if (code === 'EAGAIN' || code === 'EINTR') return
        if (code === 'ENOBUFS') options.onOverflow()
        else {
          options.onError(new OpError('receive', subject, code))
          return
        }
      }
    }
  }

  const watch = reactor.watch(fd, EPOLLIN, receive)
  return {
    send(bytes) {
      check(open ? libc.send(fd, bytes, bytes.length, MSG.DONTWAIT) : -1, 'send', subject)
    },
    discard() {
      for (let i = 0; i < mostDiscarded && open; i++) {
        const length = libc.recv(fd, buffer, buffer.length, MSG.DONTWAIT)
        if (length < 0 && lastErrno() !== 'ENOBUFS') return
      }
    },
    close() {
      if (!open) return
      open = false
      watch.close()
      libc.close(fd)
    },
  }
}
