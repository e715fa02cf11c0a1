/** The machine's clock that never stops and never jumps back, and Node's timers. */
import type { Clock, Timer } from '../base/ports.js'
import { type Millis, millis } from '../base/units.js'
import { check, libc } from './libc.js'
import { CLOCK_BOOTTIME } from './linux.js'
import type { Reactor } from './reactor.js'

/** Node refuses longer ones; a later deadline is reached in several steps. */
const longestTimeout = 2 ** 31 - 1
/** libuv reads 32 datagrams a socket and iteration: 64 iterations empty a receive buffer of 1.5 MB. */
const settleRounds = 64

export class SystemClock implements Clock {
  private readonly time = new BigInt64Array(2)

  constructor(private readonly reactor: Reactor) {}

  /**
   * CLOCK_BOOTTIME, for Node's own clock and the kernel's lifetimes of addresses both stop while the machine
   * is suspended, and the peer's do not: whoever wakes would take a lease of hours ago for its own.
   */
  now(): Millis {
    check(libc.clockGettime(CLOCK_BOOTTIME, this.time), 'clock_gettime', 'boottime')
    const [seconds = 0n, nanoseconds = 0n] = this.time
    return millis(Number(seconds) * 1e3 + Number(nanoseconds) / 1e6)
  }

  wall(): number {
    return Date.now()
  }

  at(deadline: Millis, run: () => void): Timer {
    let timeout: NodeJS.Timeout
    const arm = (): void => {
      const left = Math.ceil(deadline - this.now())
      timeout = setTimeout(fire, Math.min(Math.max(left, 1), longestTimeout))
    }
    // Node compares whole milliseconds of a cached time and may be a fraction early. Its timers stop in a
    // suspend: what was due meanwhile runs when the rest of its wait has passed after it.
    const fire = (): void => (this.now() < deadline ? arm() : run())
    arm()
    return { cancel: () => clearTimeout(timeout) }
  }

  afterPendingInput(run: () => void): void {
    this.settle(run, undefined, settleRounds)
  }

  /**
   * Ends with the first whole poll phase in which Node's sockets had nothing more to give. The first round
   * never counts: called from the poll phase itself, its immediate runs before another poll.
   */
  private settle(run: () => void, seen: number | undefined, rounds: number): void {
    setImmediate(() => {
      this.reactor.drain()
      if (this.reactor.nodeInputs === seen || rounds === 0) run()
      else this.settle(run, this.reactor.nodeInputs, rounds - 1)
    })
  }
}
