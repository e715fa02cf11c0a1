/** The kernel of one director as far as an address with `valid_lft` goes: it expires by itself. */
import type { HostClock } from './host-clock.js'

export class FakeKernel {
  private heldUntil = Number.NEGATIVE_INFINITY

  constructor(private readonly clock: HostClock) {}

  /** `lease` in milliseconds; undefined: for ever. */
  claim(lease: number | undefined): void {
    this.heldUntil = lease === undefined ? Number.POSITIVE_INFINITY : this.clock.now() + lease
  }

  release(): void {
    this.heldUntil = Number.NEGATIVE_INFINITY
  }

  get holds(): boolean {
    return this.clock.now() < this.heldUntil
  }
}
