/**
 * One epoll set per process for the descriptors that Node cannot serve. The set itself hangs in Node's own
 * loop (libuv polls it), so an event needs no thread, the process can always exit, and what is ready is
 * handed over in the same loop iteration as Node's own sockets.
 */
import koffi, { type node } from 'koffi'
import { OpError } from '../base/result.js'
import { check, lastErrno, libc } from './libc.js'
import { EPOLL } from './linux.js'

/** One watched descriptor. */
export interface Watch {
  /** Changes which of EPOLLIN and EPOLLOUT are waited for. */
  update(interest: number): void
  /** Stops watching; the descriptor stays open and is its owner's to close, afterwards. */
  close(): void
  /** Stops watching and closes the descriptor, with one call of the kernel. */
  closeDescriptor(): void
}

interface Entry {
  readonly generation: number
  readonly onReady: (events: number) => void
}

/** struct epoll_event is packed on x86-64 only (include/uapi/linux/eventpoll.h). */
const dataOffset = process.arch === 'x64' ? 4 : 8
const eventSize = dataOffset + 8
const batchSize = 256
/** One round reads at most `readsPerWakeUp` a descriptor; 64 rounds empty a receive buffer of 3 MB. */
const drainRounds = 64

/** How many times a handler reads one descriptor before the others get their turn. */
export const readsPerWakeUp = 64

export class Reactor {
  /** Counts what Node's own sockets handed over, so that the clock can tell when they are empty. */
  nodeInputs = 0
  private readonly events = new DataView(new ArrayBuffer(eventSize * batchSize))
  private readonly eventBytes = new Uint8Array(this.events.buffer)
  private readonly entries = new Map<number, Entry>()
  /** For epoll_ctl, which copies it. */
  private readonly change = new DataView(new ArrayBuffer(eventSize))
  private readonly changeBytes = new Uint8Array(this.change.buffer)
  private generation = 0
  private scheduled = false
  private dispatching = false
  private closed = false
  private readonly handle: node.PollHandle

  private constructor(private readonly epoll: number) {
    this.handle = koffi.node.poll(epoll, { readable: true }, () => this.schedule())
    this.handle.unref()
  }

  /** Throws `OpError`. */
  static open(): Reactor {
    if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
      throw new OpError('open', `reactor on ${process.platform} ${process.arch}`, 'EOPNOTSUPP')
    }
    return new Reactor(check(libc.epollCreate(EPOLL.CLOEXEC), 'epoll_create1', 'reactor'))
  }

  /**
   * Calls `onReady` with the ready EPOLL bits for as long as the descriptor is ready (level-triggered).
   * It must not block, and should read at most `readsPerWakeUp` times. What it throws is uncaught. The
   * process stays alive while anything is watched. Throws `OpError`.
   */
  watch(fd: number, interest: number, onReady: (events: number) => void): Watch {
    this.generation = (this.generation + 1) >>> 0
    const generation = this.generation
    this.control(EPOLL.CTL_ADD, fd, interest, generation)
    this.entries.set(fd, { generation, onReady })
    if (this.entries.size === 1) this.handle.ref()
    const current = (): boolean => this.entries.get(fd)?.generation === generation
    return {
      update: (changed) => {
        if (current()) this.control(EPOLL.CTL_MOD, fd, changed, generation)
      },
      close: () => {
        if (!current()) return
        this.forget(fd)
        this.control(EPOLL.CTL_DEL, fd, 0, 0)
      },
      closeDescriptor: () => {
        // The kernel takes a descriptor out of the set when it is closed (epoll(7), questions and answers).
        if (current()) this.forget(fd)
        libc.close(fd)
      },
    }
  }

  /** Hands over, now, everything that waits in the watched descriptors. Not from within a handler. */
  drain(): void {
    for (let round = 0; round < drainRounds; round++) {
      if (this.dispatch() === 0) return
    }
  }

  /** Watches nothing any more. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.entries.clear()
    this.handle.close()
    libc.close(this.epoll)
  }

  /**
   * libuv's callback runs outside of Node's callback scope: what it throws would be lost and promises would
   * not go on. An immediate runs in the same loop iteration, with both in order.
   */
  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.dispatch()
    })
  }

  private dispatch(): number {
    if (this.closed) return 0
    if (this.dispatching) throw new Error('the reactor was drained from within a handler')
    const ready = libc.epollWait(this.epoll, this.eventBytes, batchSize, 0)
    if (ready < 0) {
      if (lastErrno() === 'EINTR') return 0
      check(ready, 'epoll_wait', 'reactor')
    }
    this.dispatching = true
    try {
      for (let i = 0; i < ready; i++) this.deliver(i * eventSize)
    } finally {
      this.dispatching = false
    }
    return ready
  }

  private deliver(at: number): void {
    const entry = this.entries.get(this.events.getUint32(at + dataOffset, true))
    // An earlier handler of this batch may have closed it, and its number may already be another's.
    if (entry?.generation !== this.events.getUint32(at + dataOffset + 4, true)) return
    entry.onReady(this.events.getUint32(at, true))
  }

  private forget(fd: number): void {
    this.entries.delete(fd)
    if (this.entries.size === 0) this.handle.unref()
  }

  private control(operation: number, fd: number, interest: number, generation: number): void {
    this.change.setUint32(0, interest, true)
    this.change.setUint32(dataOffset, fd, true)
    this.change.setUint32(dataOffset + 4, generation, true)
    const result = libc.epollControl(this.epoll, operation, fd, this.changeBytes)
    if (result < 0) check(result, 'epoll_ctl', `fd ${fd}`)
  }
}
