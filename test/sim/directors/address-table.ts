/** The virtual addresses in one director's kernel: they outlive its process, and end with their lease. */
import type { Millis } from '../../../src/base/units.js'
import type { HostClock } from '../host-clock.js'

interface Held {
  readonly interfaceIndex: number
  /** Of this host's monotonic clock. */
  readonly until: number
}

export class AddressTable {
  private readonly held = new Map<string, Held>()

  constructor(private readonly clock: HostClock) {}

  /** `lease` undefined: for ever. */
  claim(address: string, interfaceIndex: number, lease: Millis | undefined): void {
    const until = lease === undefined ? Number.POSITIVE_INFINITY : this.clock.now() + lease
    this.held.set(address, { interfaceIndex, until })
  }

  release(address: string): void {
    this.held.delete(address)
  }

  holds(address: string): boolean {
    const held = this.held.get(address)
    return held !== undefined && this.clock.now() < held.until
  }

  /** With the interfaces that they are on. */
  entries(): readonly (readonly [address: string, interfaceIndex: number])[] {
    return [...this.held].flatMap(([address, { interfaceIndex }]) =>
      this.holds(address) ? [[address, interfaceIndex] as const] : [],
    )
  }
}
