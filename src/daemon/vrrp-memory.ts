/** What the parent remembers of the vrrp process, for the one that follows it. */
import type { Clock } from '../base/ports.js'
import { type Millis, millis } from '../base/units.js'
import type { Resumed } from '../vrrp/setting.js'
import type { Stability } from '../vrrp/state.js'
import type { FromVrrp } from './messages.js'

/** A successor that begins later than this joins the election like anybody else. */
const freshFor = millis(2_000)

export class VrrpMemory {
  private readonly active = new Set<string>()
  private readonly handedOver = new Map<string, string>()
  private readonly stability = new Map<string, Stability>()
  private diedAt: Millis | undefined

  constructor(private readonly clock: Clock) {}

  learn(message: FromVrrp): void {
    if (message.type === 'roleChanged') {
      if (message.to === 'active') {
        this.active.add(message.router)
        this.handedOver.delete(message.router)
      } else this.active.delete(message.router)
    }
    if (message.type !== 'status') return
    for (const { name, handedOverTo, stability } of message.status.routers) {
      this.stability.set(name, stability)
      if (handedOverTo === undefined) this.handedOver.delete(name)
      else this.handedOver.set(name, handedOverTo)
    }
  }

  died(): void {
    this.diedAt = this.clock.now()
  }

  /** For the `start` message; each death is resumed from once. */
  resume(maintenance: string | undefined): Resumed {
    const fresh = this.diedAt !== undefined && this.clock.now() - this.diedAt < freshFor
    const active = fresh ? [...this.active] : []
    this.diedAt = undefined
    this.active.clear()
    return {
      active,
      handedOver: Object.fromEntries(this.handedOver),
      stability: Object.fromEntries(this.stability),
      maintenance,
    }
  }
}
