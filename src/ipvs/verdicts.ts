/** The last verdict on each real server. */
import type { AskedWeight, Health, ServerHealth } from '../base/facts.js'
import { formatEndpoint } from '../base/ip.js'
import type { VirtualServiceConfig } from '../config/model.js'

export interface VerdictChange {
  readonly service: string
  readonly server: string
  readonly before: Health
  readonly health: Health
}

interface Verdict {
  readonly health: Health
  readonly asked: AskedWeight | undefined
}

const sameAsked = (a: AskedWeight | undefined, b: AskedWeight | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

const nameOf = (service: string, server: string): string => `${service}\0${server}`

/**
 * `unknown` never replaces a verdict: a health checker that has just come back knows less than the one
 * before it did.
 */
export class Verdicts {
  private readonly known = new Map<string, Verdict>()
  /** By name, as last told. */
  private services: ReadonlyMap<string, VirtualServiceConfig> = new Map()

  of(service: string, server: string): Health {
    return this.known.get(nameOf(service, server))?.health ?? 'unknown'
  }

  /** What the server's checks ask for in place of its weight. */
  askedOf(service: string, server: string): AskedWeight | undefined {
    return this.known.get(nameOf(service, server))?.asked
  }

  copy(): Verdicts {
    const copy = new Verdicts()
    for (const [name, verdict] of this.known) copy.known.set(name, verdict)
    copy.services = this.services
    return copy
  }

  /** The verdicts that changed, or the weight asked for; what is said of servers that are not there is not kept. */
  note(changes: readonly ServerHealth[]): readonly VerdictChange[] {
    const noted: VerdictChange[] = []
    for (const { service, server, health, asked } of changes) {
      const name = nameOf(service, server)
      const before = this.known.get(name)
      if (health === 'unknown' || !this.has(service, server)) continue
      // Who fails has no say, and has it back where the failure is not believed.
      const weight = health === 'unhealthy' ? before?.asked : asked?.weight
      if (before?.health === health && sameAsked(before.asked, weight)) continue
      this.known.set(name, { health, asked: weight })
      noted.push({ service, server, before: before?.health ?? 'unknown', health })
    }
    return noted
  }

  /**
   * Forgets servers that are gone, and those that are another machine now. Services that are the very same
   * object as before cost nothing.
   */
  keepOnly(services: readonly VirtualServiceConfig[]): void {
    const now = new Map(services.map((service) => [service.name, service]))
    for (const [name, before] of this.services) {
      const service = now.get(name)
      if (service === before) continue
      const addresses = addressesOf(service)
      for (const [server, address] of addressesOf(before))
        if (addresses.get(server) !== address) this.known.delete(nameOf(name, server))
    }
    this.services = now
  }

  private has(service: string, server: string): boolean {
    return this.services.get(service)?.realServers.some(({ name }) => name === server) ?? false
  }
}

const addressesOf = (service: VirtualServiceConfig | undefined): ReadonlyMap<string, string> =>
  new Map(service?.realServers.map(({ name, endpoint }) => [name, formatEndpoint(endpoint)]))
