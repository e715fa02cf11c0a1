/**
 * Who of a service is up, by the checks, by operators and by what is thought of them; who has no verdict yet
 * is up while the kernel has it with a weight. Pure.
 */
import { weightAsked } from '../base/asked-weight.js'
import type { Health, ServerOverride } from '../base/facts.js'
import type { Millis } from '../base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import type { HealthOf } from './desired.js'
import type { Judgement } from './judgement.js'
import type { Table } from './model.js'
import type { Overrides } from './overrides.js'
import type { Others } from './panic.js'
import { waits } from './places.js'
import { step as stepQuorum } from './quorum.js'
import type { Verdicts } from './verdicts.js'

export interface Known {
  readonly services: ReadonlyMap<string, VirtualServiceConfig>
  readonly verdicts: Verdicts
  readonly overrides: Overrides
  readonly judgement: Judgement
}

/** Connections are given to it. */
export const takes = (override: ServerOverride | undefined): boolean =>
  override === undefined || override.action === 'weight'

/** A view of them all, for as long as none of it is replaced. */
export class Standing {
  constructor(private readonly known: Known) {}

  /** The verdicts with what is thought of them: a suspect counts as up, who is held down as down. */
  healthOf(table: Table, now: Millis): HealthOf {
    const yielding = new Map<string, boolean>()
    return (name, server) => {
      const verdict = this.known.verdicts.of(name, server)
      if (verdict === 'unhealthy') return this.known.judgement.isSuspect(name, server) ? 'healthy' : verdict
      if (verdict === 'unknown' || this.known.judgement.heldUntil(name, server) === undefined) return verdict
      const yields = yielding.get(name) ?? this.holdsYield(name, table, now)
      yielding.set(name, yields)
      return yields ? 'healthy' : 'unhealthy'
    }
  }

  /** Without those that are held down too few would be up: then nobody is held down. */
  private holdsYield(name: string, table: Table | undefined, now: Millis): boolean {
    const service = this.known.services.get(name)
    if (service === undefined) return true
    let have = 0
    for (const server of service.realServers) {
      if (this.known.judgement.heldUntil(name, server.name) !== undefined) continue
      const suspect = this.known.judgement.isSuspect(name, server.name)
      if (suspect || this.isUp(service, server, table)) have += this.weightOf(name, server)
    }
    const [{ reached }] = stepQuorum(service, { reached: true, have, since: now }, have, now)
    return !reached
  }

  private weightOf(service: string, { name, weight }: RealServerConfig): number {
    const asked = this.known.verdicts.askedOf(service, name)
    return this.known.overrides.of(service, name)?.weight ?? (asked ? weightAsked(asked, weight) : weight)
  }

  /** For as long as nothing changes: each service is gone through once at most, and no further than asked. */
  countingOthers(table: Table | undefined): (service: VirtualServiceConfig) => Others {
    const known = new Map<string, Others>()
    return (service) => {
      const others = known.get(service.name) ?? this.othersOf(service, table)
      known.set(service.name, others)
      return others
    }
  }

  private othersOf(service: VirtualServiceConfig, table: Table | undefined): Others {
    let up = 0
    const rest = service.realServers.values()
    const upTo = (most: number): number => {
      while (up < most) {
        const { value: server, done } = rest.next()
        if (done) break
        if (this.isUp(service, server, table)) up++
      }
      return Math.min(up, most)
    }
    return { upTo, sorry: service.sorryServer !== undefined }
  }

  /** Until a verdict that has just come; `before`: the one until then. */
  wasServed(
    service: VirtualServiceConfig,
    server: string,
    before: Health,
    table: Table | undefined,
  ): boolean {
    if (!takes(this.known.overrides.of(service.name, server))) return false
    if (before === 'unhealthy' || this.known.judgement.heldUntil(service.name, server) !== undefined)
      return false
    return before === 'healthy' || !waits(service, server, table)
  }

  /** By its checks and by the operator; who has no verdict yet is up while it is served. */
  private isUp(service: VirtualServiceConfig, server: RealServerConfig, table: Table | undefined): boolean {
    if (!takes(this.known.overrides.of(service.name, server.name))) return false
    const { name, checks } = server
    const health = checks.length === 0 ? 'healthy' : this.known.verdicts.of(service.name, name)
    return health === 'healthy' || (health === 'unknown' && !waits(service, server, table))
  }
}
