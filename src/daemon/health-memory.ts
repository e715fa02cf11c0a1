/** What the parent remembers of the servers' health: for the ipvs process, the status and the election. */
import type { ServerHealth } from '../base/facts.js'
import type { Clock } from '../base/ports.js'
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { healthKey } from './health-key.js'

type Services = readonly VirtualServiceConfig[]

export class HealthMemory {
  private readonly verdicts = new Map<string, ServerHealth>()
  private readonly sinceTimes = new Map<string, Millis>()

  constructor(private readonly clock: Clock) {}

  /** By `healthKey`. */
  get all(): ReadonlyMap<string, ServerHealth> {
    return this.verdicts
  }

  /** When the health became what it is, by `healthKey`. */
  get since(): ReadonlyMap<string, Millis> {
    return this.sinceTimes
  }

  /** A restarted checker knows nothing yet: its `unknown` does not replace what was known. */
  learn(server: ServerHealth): void {
    const key = healthKey(server.service, server.server)
    const known = this.verdicts.get(key)
    if (server.health === 'unknown' && known) return
    this.verdicts.set(key, server)
    if (known?.health !== server.health) this.sinceTimes.set(key, this.clock.now())
  }

  /** Servers that are gone: one that comes back later begins as unknown. `changed`: what is not in `before`. */
  forgetRemoved(before: Services, now: Services, changed: Services): void {
    const kept = new Set(now)
    const there = new Set(keysOf(changed))
    for (const key of keysOf(before.filter((service) => !kept.has(service)))) {
      if (there.has(key)) continue
      this.verdicts.delete(key)
      this.sinceTimes.delete(key)
    }
  }
}

const keysOf = (services: Services): readonly string[] =>
  services.flatMap(({ name, realServers }) => realServers.map((server) => healthKey(name, server.name)))
