/** One host's clocks: a monotonic one with an origin and a drift of its own, and a wall clock that can be set. */
import { type Millis, millis } from '../../src/base/units.js'
import type { SeededRandom } from './random.js'
import type { VirtualClock } from './virtual-clock.js'

/** What is left of a crystal's error under NTP. */
const largestDrift = 1e-5
const epoch = 1_700_000_000_000

export class HostClock {
  private readonly origin: number
  private readonly rate: number
  private wallOffset = epoch

  constructor(
    private readonly clock: VirtualClock,
    random: SeededRandom,
  ) {
    this.origin = random.between(0, 1e7)
    this.rate = 1 + random.between(-largestDrift, largestDrift)
  }

  now(): Millis {
    return millis(this.origin + this.clock.now() * this.rate)
  }

  wall(): Millis {
    return millis(this.now() + this.wallOffset)
  }

  /** Milliseconds of the world until this host's monotonic clock shows `deadline`; negative when it has. */
  until(deadline: Millis): number {
    return (deadline - this.origin) / this.rate - this.clock.now()
  }

  /** Somebody sets the date. */
  stepWall(milliseconds: number): void {
    this.wallOffset += milliseconds
  }
}
