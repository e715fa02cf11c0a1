/** The last verdict on each real server. */
import type { Health, ServerHealth } from '../base/facts.js'
import { formatEndpoint } from '../base/ip.js'
import type { VirtualServiceConfig } from '../config/model.js'

const nameOf = (service: string, server: string): string => `${service}\0${server}`

/**
 * `unknown` never replaces a verdict: a health checker that has just come back knows less than the one
 * before it did.
 */
export class Verdicts {
  private readonly known = new Map<string, Health>()
  private readonly addresses = new Map<string, string>()

  of(service: string, server: string): Health {
    return this.known.get(nameOf(service, server)) ?? 'unknown'
  }

  copy(): Verdicts {
    const copy = new Verdicts()
    for (const [name, health] of this.known) copy.known.set(name, health)
    for (const [name, address] of this.addresses) copy.addresses.set(name, address)
    return copy
  }

  /** Names of the services where a verdict changed. */
  note(changes: readonly ServerHealth[]): ReadonlySet<string> {
    const touched = new Set<string>()
    for (const { service, server, health } of changes) {
      const name = nameOf(service, server)
      if (health === 'unknown' || this.known.get(name) === health) continue
      this.known.set(name, health)
      touched.add(service)
    }
    return touched
  }

  /** Forgets servers that are gone, and those that are another machine now. */
  keepOnly(services: readonly VirtualServiceConfig[]): void {
    const addresses = new Map<string, string>()
    for (const service of services) {
      for (const server of service.realServers) {
        addresses.set(nameOf(service.name, server.name), formatEndpoint(server.endpoint))
      }
    }
    for (const name of this.known.keys()) {
      const before = this.addresses.get(name)
      const now = addresses.get(name)
      if (now === undefined || (before !== undefined && before !== now)) this.known.delete(name)
    }
    this.addresses.clear()
    for (const [name, address] of addresses) this.addresses.set(name, address)
  }
}
