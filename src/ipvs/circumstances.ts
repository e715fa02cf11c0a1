/**
 * What decides about the servers of the file beside the file: their health, what operators ask of them, and
 * what takes its time: drains and slow starts.
 */
import type { ServerHealth, ServerOverride } from '../base/facts.js'
import { formatEndpoint } from '../base/ip.js'
import { after, type Millis, millis } from '../base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { type DesiredSetting, desiredEntries, desiredTable, type Influences } from './desired.js'
import { Drains } from './drains.js'
import type { JudgementFact } from './facts.js'
import { Judgement } from './judgement.js'
import { destinationId, type ObservedTable, type ServiceEntry, type Table } from './model.js'
import { type Operation, operationService } from './operation.js'
import { Overrides } from './overrides.js'
import { endpointsOf, placesOf, waits } from './places.js'
import { SlowStarts } from './slow-starts.js'
import { Standing, takes } from './standing.js'
import { Verdicts } from './verdicts.js'

export interface CircumstancesSetting {
  readonly services: readonly VirtualServiceConfig[]
  readonly overrides: readonly ServerOverride[]
}

/** What may be due at a moment. */
export interface Due {
  /** Names of the services where a weight rises, or a judgement is due. */
  readonly services: ReadonlySet<string>
  /** Ids of those whose connections are to be read. */
  readonly looks: readonly string[]
}

export class Circumstances {
  private verdicts = new Verdicts()
  private drains = new Drains()
  private slowStarts = new SlowStarts()
  private overrides = new Overrides()
  private judgement = new Judgement()
  private services: ReadonlyMap<string, VirtualServiceConfig> = new Map()

  /** As all of it is now. */
  private get standing(): Standing {
    const { services, verdicts, overrides, judgement } = this
    return new Standing({ services, verdicts, overrides, judgement })
  }

  /** As they are now, to try something on. */
  copy(): Circumstances {
    const copy = new Circumstances()
    copy.verdicts = this.verdicts.copy()
    copy.drains = this.drains.copy()
    copy.slowStarts = this.slowStarts.copy()
    copy.overrides = this.overrides
    copy.judgement = this.judgement.copy()
    copy.services = this.services
    return copy
  }

  /** Takes another setting; answers the names of services where an operator's word changed. */
  configure(setting: CircumstancesSetting, now: Millis): ReadonlySet<string> {
    const before = this.services
    this.services = new Map(setting.services.map((service) => [service.name, service]))
    this.verdicts.keepOnly(setting.services)
    const touched = this.override(new Overrides(setting.overrides), now)
    for (const [name, old] of before) {
      const service = this.services.get(name)
      if (service !== old) this.replace(old, service, now)
      if (service === undefined) this.judgement.forget(name)
      else if (service !== old) this.forgetGone(old, service, now)
    }
    this.drainOverridden(now)
    return touched
  }

  /** Names of the services where a verdict, or a weight asked for, changed. `table`: as last known. */
  healthChanged(
    changes: readonly ServerHealth[],
    table: Table | undefined,
    now: Millis,
  ): ReadonlySet<string> {
    const noted = this.verdicts.note(changes)
    const turns = new Map<VirtualServiceConfig, { readonly returned: string[]; readonly failed: string[] }>()
    for (const { service: name, server, before, health } of noted) {
      const service = this.services.get(name)
      if (before === health || service === undefined) continue
      if (service.panicThreshold !== undefined) {
        const turned = turns.get(service) ?? { returned: [], failed: [] }
        turns.set(service, turned)
        if (health === 'healthy') turned.returned.push(server)
        else if (this.standing.wasServed(service, server, before, table)) turned.failed.push(server)
      }
      if (before !== 'unknown') this.judgement.turned(name, server, health === 'healthy', now)
      if (health === 'unhealthy') this.slowStarts.end(name, server)
      // A suspect was served all the while.
      else if (this.judgement.isSuspect(name, server) || this.judgement.heldUntil(name, server)) continue
      else if (service.slowStart === undefined) continue
      else if (before === 'unhealthy' || waits(service, server, table)) this.start(service, server, now)
    }
    const others = this.standing.countingOthers(table)
    for (const [service, turned] of turns) this.judgement.changed(service, turned, () => others(service), now)
    return new Set(noted.map(({ service }) => service))
  }

  /** A first look at the table: what an earlier run left there and the file has not, has its time to drain. */
  adopt(table: Table, ours: ReadonlySet<string>, now: Millis): void {
    for (const service of this.services.values()) {
      const declared = endpointsOf(service)
      for (const [id, known] of declared) {
        const there = ours.has(id) ? (table.services.get(id)?.destinations.keys() ?? []) : []
        for (const destination of there)
          if (!known.has(destination)) this.drain(service, id, destination, 'file', now, now)
      }
    }
  }

  /** Takes what was just read of these services, or of all; answers lines to be told. */
  observe(table: ObservedTable, now: Millis, ids?: Iterable<string>): readonly string[] {
    return this.drains.observe(table, now, ids)
  }

  /** Judges the services by the way; `news` has what came of it. */
  desiredTable(setting: DesiredSetting, actual: Table, now: Millis): Table {
    return desiredTable(setting, this.standing.healthOf(actual, now), actual, this.influences(now))
  }

  /** The same for one service. */
  desiredEntries(
    service: VirtualServiceConfig,
    actual: Table,
    now: Millis,
  ): ReadonlyMap<string, ServiceEntry> {
    return desiredEntries(service, this.standing.healthOf(actual, now), actual, this.influences(now))
  }

  /** As `desiredEntries`, as it was last judged. */
  lastDesired(service: VirtualServiceConfig, actual: Table, now: Millis): ReadonlyMap<string, ServiceEntry> {
    const hasQuorum = () => this.judgement.quorumOf(service.name)?.reached ?? true
    const influences = { ...this.influences(now), hasQuorum }
    return desiredEntries(service, this.standing.healthOf(actual, now), actual, influences)
  }

  /** What is thought of services as a whole, and of servers over time. */
  get judgements(): Omit<Judgement, 'takeNews'> {
    return this.judgement
  }

  /** What has to be told, once. */
  news(): readonly JudgementFact[] {
    return this.judgement.takeNews()
  }

  healthOf(service: VirtualServiceConfig, { name, checks }: RealServerConfig) {
    return checks.length === 0 ? 'healthy' : this.verdicts.of(service.name, name)
  }

  overrideOf(service: string, server: string): ServerOverride | undefined {
    return this.overrides.of(service, server)
  }

  /** Until it has all of its weight; undefined where it has. */
  slowStartLeft(service: string, server: string, now: Millis): Millis | undefined {
    return this.slowStarts.left(service, server, now)
  }

  get draining(): Drains {
    return this.drains
  }

  /** Without the operations that are about what moves by itself, which are nobody else's doing. */
  foreign(operations: readonly Operation[]): readonly Operation[] {
    const rising = new Set<string>()
    for (const { service: name, server } of this.slowStarts.all()) {
      const service = this.services.get(name)
      if (service === undefined) continue
      for (const [id, destination] of placesOf(service, server)) rising.add(`${id}\0${destination}`)
    }
    const moves = (operation: Operation): boolean => {
      const id = operationService(operation)
      if (id === undefined || !('destination' in operation)) return false
      const destination = destinationId(operation.destination)
      return this.drains.isUnderWay(id, destination) || rising.has(`${id}\0${destination}`)
    }
    return operations.filter((one) => !moves(one))
  }

  due(now: Millis, most: number): Due {
    const services = new Set(this.slowStarts.risen(now))
    const others = this.standing.countingOthers(undefined)
    for (const name of this.judgement.panicsDue(now)) {
      const service = this.services.get(name)
      if (service) this.judgement.timePassed(service, () => others(service), now)
      services.add(name)
    }
    for (const { service: name, server } of this.judgement.released(now)) {
      const service = this.services.get(name)
      if (service && this.verdicts.of(name, server) === 'healthy') this.start(service, server, now)
      services.add(name)
    }
    return { services, looks: this.drains.due(now, most) }
  }

  nextDue(): Millis | undefined {
    const { drains, slowStarts, judgement } = this
    const moments = [drains, slowStarts, judgement]
      .map((one) => one.nextDue())
      .filter((one) => one !== undefined)
    return moments.length === 0 ? undefined : millis(Math.min(...moments))
  }

  private influences(now: Millis): Influences {
    return {
      askedOf: (service, server) => this.verdicts.askedOf(service, server),
      overrideOf: (service, server) => this.overrides.of(service, server),
      momentary: (service, server, full) => this.slowStarts.weight(service, server, full, now),
      hasQuorum: (service, have, standsIn) => this.judgement.weigh(service, have, standsIn, now),
      stays: (id, destination) => this.drains.stays(id, destination, now),
      leftovers: (id, actual) => this.drains.leftovers(id, actual, now),
    }
  }

  private override(next: Overrides, now: Millis): ReadonlySet<string> {
    const touched = new Set<string>()
    const known = this.overrides
    this.overrides = next
    for (const [before, after] of known.changes(next)) {
      const { service: name, server } = before ?? after ?? { service: '', server: '' }
      touched.add(name)
      const service = this.services.get(name)
      if (service === undefined) continue
      for (const [id, destination] of placesOf(service, server))
        if (before?.action === 'drain') this.drains.end(id, destination)
      if (before !== undefined && before.action !== 'weight' && takes(after)) this.start(service, server, now)
      if (takes(after)) continue
      this.slowStarts.end(name, server)
      this.judgement.left(service, server, () => this.standing.countingOthers(undefined)(service), now)
    }
    return touched
  }

  /** Servers that the file has lost drain, those that it has gained start slowly. */
  private replace(old: VirtualServiceConfig, service: VirtualServiceConfig | undefined, now: Millis): void {
    const there = service === undefined ? new Map<string, ReadonlySet<string>>() : endpointsOf(service)
    for (const [id, destinations] of endpointsOf(old)) {
      const kept = there.get(id)
      if (service === undefined || kept === undefined) {
        for (const { destination } of this.drains.ofService(id)) this.drains.end(id, destination)
        continue
      }
      for (const destination of destinations)
        if (!kept.has(destination)) this.drain(service, id, destination, 'file', now, now)
      for (const destination of kept) if (!destinations.has(destination)) this.drains.end(id, destination)
    }
    const [before, after] = [new Set(old.realServers.map(({ name }) => name)), service?.realServers ?? []]
    if (service === undefined) {
      for (const server of before) this.slowStarts.end(old.name, server)
      return
    }
    // A machine is known by its address: another name of it is nothing new.
    const known = new Set(old.realServers.map(({ endpoint }) => formatEndpoint(endpoint)))
    for (const server of after)
      if (
        !known.has(formatEndpoint(server.endpoint)) &&
        (service.initial === 'up' || server.checks.length === 0)
      )
        this.start(service, server.name, now)
    const names = new Set(after.map(({ name }) => name))
    for (const server of before)
      if (!names.has(server) || service.slowStart === undefined) this.slowStarts.end(service.name, server)
  }

  private forgetGone(old: VirtualServiceConfig, service: VirtualServiceConfig, now: Millis): void {
    const there = new Map(service.realServers.map(({ name, endpoint }) => [name, formatEndpoint(endpoint)]))
    const others = () => this.standing.countingOthers(undefined)(service)
    for (const { name, endpoint } of old.realServers) {
      if (there.get(name) === formatEndpoint(endpoint)) continue
      this.judgement.forgetServer(service.name, name)
      this.judgement.left(service, name, others, now)
    }
    // Another threshold, or none any more.
    this.judgement.timePassed(service, others, now)
  }

  private drainOverridden(now: Millis): void {
    for (const { service: name, server, action, since } of this.overrides.all) {
      const service = action === 'drain' ? this.services.get(name) : undefined
      if (service === undefined) continue
      // A clock that began anew would put it into the future.
      for (const [id, destination] of placesOf(service, server))
        this.drain(service, id, destination, 'operator', millis(Math.min(since, now)), now)
    }
  }

  private drain(
    { name, drainTimeout }: VirtualServiceConfig,
    id: string,
    destination: string,
    by: 'file' | 'operator',
    since: Millis,
    now: Millis,
  ): void {
    if (drainTimeout === undefined && by === 'file') return
    const deadline = after(since, drainTimeout ?? millis(0))
    this.drains.begin({ service: name, id, destination, by, since, deadline }, now)
  }

  private start({ name, slowStart }: VirtualServiceConfig, server: string, now: Millis): void {
    if (slowStart === undefined || !takes(this.overrides.of(name, server))) return
    this.slowStarts.begin(name, server, slowStart, now)
  }
}
