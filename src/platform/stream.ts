/**
 * TCP connections on the reactor: an eleventh of what a check through an HTTP client costs, a half of
 * Node's own `net`. Few system calls a connection is all there is to it.
 */

import { type Endpoint, formatEndpoint } from '../base/ip.js'
import type { Stream, StreamHandlers, StreamOptions } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { errnoName } from './errno.js'
import { int32, lastErrno, libc, socketAddress } from './libc.js'
import { AF, EPOLLERR, EPOLLIN, EPOLLOUT, MSG, optionOf, SOCK, type SocketOption } from './linux.js'
import type { Reactor, Watch } from './reactor.js'

const flags = SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC
/** struct linger (include/linux/socket.h): on, 0 seconds. */
const lingerNot = Uint8Array.from([...int32(1), ...int32(0)])
const lingerDefault = new Uint8Array(8)
const one = int32(1)
const errorValue = new Int32Array(1)
const errorBytes = new Uint8Array(errorValue.buffer)
const errorLength = int32(4)

/** Shared: what is read is handed over at once. */
const buffer = new Uint8Array(64 * 1024)
/** Reads of one stream before the others get their turn. */
const readsAtOnce = 4

export function openStream(reactor: Reactor, options: StreamOptions, handlers: StreamHandlers): Stream {
  const { target, source } = options
  const fd = libc.socket(target.address.family === 4 ? AF.INET : AF.INET6, flags, 0)
  if (fd < 0) throw refusal('socket', options)
  try {
    // Before anything else: whatever becomes of it, closing it leaves nothing behind.
    set(fd, optionOf.linger, lingerNot, options)
    if (source) {
      // Or a port is taken for this source address alone, whatever the target: 28,000 in all.
      set(fd, optionOf.bindAddressNoPort, one, options)
      const local = socketAddress(source.bytes, 0)
      if (libc.bind(fd, local, local.length) < 0) throw refusal('bind', options)
    }
    const address = addressOf(target)
    if (libc.connect(fd, address, address.length) < 0) {
      const code = lastErrno()
      if (code !== 'EINPROGRESS') throw refusal('connect', options, code)
    }
    return new Connection(reactor, fd, handlers)
  } catch (error) {
    libc.close(fd)
    throw error
  }
}

/** A check asks for the same one each time. */
const addresses = new WeakMap<Endpoint, Uint8Array>()

function addressOf(target: Endpoint): Uint8Array {
  const known = addresses.get(target)
  if (known) return known
  const address = socketAddress(target.address.bytes, target.port)
  addresses.set(target, address)
  return address
}

class Connection implements Stream {
  private readonly watch: Watch
  private connected = false
  private ended = false
  private open = true
  private unsent: Uint8Array | undefined

  constructor(
    reactor: Reactor,
    private readonly fd: number,
    private readonly handlers: StreamHandlers,
  ) {
    this.watch = reactor.watch(fd, EPOLLOUT, (events) => this.ready(events))
  }

  send(bytes: Uint8Array): void {
    if (!this.open || !this.connected || this.ended) return
    this.unsent = this.unsent ? Buffer.concat([this.unsent, bytes]) : bytes
    this.flush()
  }

  reset(): void {
    if (!this.open) return
    this.open = false
    this.watch.closeDescriptor()
  }

  close(): void {
    if (!this.open) return
    const { level, option } = optionOf.linger
    libc.setsockopt(this.fd, level, option, lingerDefault, lingerDefault.length)
    this.reset()
  }

  private ready(events: number): void {
    if (!this.connected) {
      if ((events & EPOLLERR) !== 0) {
        this.fail(this.takeError())
        return
      }
      this.connected = true
      this.handlers.onConnected()
      if (this.open && !this.ended) this.wait()
      return
    }
    if (this.unsent && (events & EPOLLOUT) !== 0) {
      this.flush()
      if (this.open && !this.ended) this.wait()
    }
    // EPOLLHUP and EPOLLERR come unasked: reading says which it is.
    if ((events & ~EPOLLOUT) !== 0) this.receive()
  }

  private wait(): void {
    this.watch.update(this.unsent ? EPOLLIN | EPOLLOUT : EPOLLIN)
  }

  private flush(): void {
    const bytes = this.unsent
    if (!bytes) return
    const sent = libc.send(this.fd, bytes, bytes.length, MSG.DONTWAIT | MSG.NOSIGNAL)
    if (sent >= 0) {
      this.unsent = sent === bytes.length ? undefined : bytes.subarray(sent)
      return
    }
    const code = lastErrno()
    if (code !== 'EAGAIN' && code !== 'EINTR') this.fail(code)
  }

  private receive(): void {
    for (let i = 0; i < readsAtOnce && this.open && !this.ended; i++) {
      const length = libc.recv(this.fd, buffer, buffer.length, MSG.DONTWAIT)
      if (length > 0) {
        this.handlers.onData(buffer.subarray(0, length))
        // Less than there was room for: that was all for now.
        if (length < buffer.length) return
      } else if (length === 0) {
        this.stop()
        this.handlers.onEnd()
      } else {
        const code = lastErrno()
        if (code !== 'EAGAIN' && code !== 'EINTR') this.fail(code)
        return
      }
    }
  }

  private takeError(): string {
    const { level, option } = optionOf.error
    libc.getsockopt(this.fd, level, option, errorBytes, errorLength)
    return errnoName(errorValue[0] ?? 0)
  }

  private fail(code: string): void {
    this.stop()
    this.handlers.onError(code)
  }

  /** Ready for ever, and nothing to do about it but to close it. */
  private stop(): void {
    this.ended = true
    if (this.open) this.watch.close()
  }
}

function set(fd: number, { name, level, option }: SocketOption, value: Uint8Array, options: StreamOptions) {
  if (libc.setsockopt(fd, level, option, value, value.length) < 0)
    throw refusal(`setsockopt ${name}`, options)
}

const refusal = (op: string, { target }: StreamOptions, code = lastErrno()): OpError =>
  new OpError(op, `tcp ${formatEndpoint(target)}`, code)
