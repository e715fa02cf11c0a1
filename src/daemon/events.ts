/** Makes events out of what the children say and what is asked of the parent. */
import { type DirectorEvent, type EventState, type EventType, eventKey, eventTypes } from '../base/events.js'
import type { ServerHealth } from '../base/facts.js'
import type { Clock } from '../base/ports.js'
import type { VirtualServiceConfig } from '../config/model.js'
import type { JudgementFact } from '../ipvs/facts.js'
import type { HandoverResult } from '../vrrp/runtime.js'
import type { VrrpFact } from '../vrrp/status.js'
import { healthKey } from './health-key.js'
import { JudgedServices } from './judged-services.js'

type RoleChanged = Extract<VrrpFact, { type: 'roleChanged' }>

export class Events {
  /** Of what lasts, what was told last; by event key. */
  private readonly states = new Map<string, DirectorEvent>()
  private gathered: DirectorEvent[] = []
  private readonly judgedServices = new JudgedServices()
  /** Of these something was known before the ipvs process had to be started again. */
  private unsure: ReadonlySet<string> = new Set()

  /** `sink` gets what happens in one turn of the loop as one; `last` is the newest generation that there was. */
  constructor(
    private readonly clock: Clock,
    private readonly sink: (events: readonly DirectorEvent[]) => void,
    private last = 0,
  ) {}

  /** A lasting state that is so already is no event. */
  tell<T extends EventType>(
    type: T,
    subject: string,
    state: EventState<T>,
    reason: string,
    known?: string,
  ): void {
    const { lasting } = eventTypes[type]
    const key = eventKey({ type, subject })
    const before = lasting ? (known ?? this.states.get(key)?.state) : undefined
    if (before === state) return
    const at = this.clock.wall()
    this.last = Math.max(this.last + 1, Math.floor(at))
    const event = { id: this.last, at, type, subject, state, before, reason }
    if (lasting) this.states.set(key, event)
    this.gathered.push(event)
    if (this.gathered.length === 1) setImmediate(() => this.flush())
  }

  /** Hands over what has been gathered. */
  flush(): void {
    const events = this.gathered
    this.gathered = []
    if (events.length > 0) this.sink(events)
  }

  roleChanged({ router, from, to, reason }: RoleChanged): void {
    this.tell('router.role', router, to, reason, from)
  }

  handedOver(results: readonly HandoverResult[]): void {
    for (const { unit, result } of results) {
      if (result.ok) this.tell('router.handover', unit, 'done', `to ${result.value}`)
      else this.tell('router.handover', unit, 'refused', result.error)
    }
  }

  /** `all`: by `healthKey`, these included. */
  healthChanged(
    servers: readonly ServerHealth[],
    services: readonly VirtualServiceConfig[],
    all: ReadonlyMap<string, ServerHealth>,
  ): void {
    for (const { service, server, health, reason } of servers)
      if (health !== 'unknown') this.tell('server.health', `${service}/${server}`, health, reason)
    const touched = new Set(servers.map(({ service }) => service))
    for (const service of services) if (touched.has(service.name)) this.serviceHealth(service, all)
  }

  /** `all`: by `healthKey`. */
  judged(
    fact: JudgementFact,
    services: readonly VirtualServiceConfig[],
    all: ReadonlyMap<string, ServerHealth>,
  ): void {
    const { type, reason } = fact
    if (type === 'serverHeld') {
      this.tell('server.held', `${fact.service}/${fact.server}`, fact.held ? 'held' : 'released', reason)
      return
    }
    this.judgedServices.learn(fact)
    const service = services.find(({ name }) => name === fact.service)
    if (service) this.serviceHealth(service, all, reason)
  }

  /** A new ipvs process has said what is so. */
  judgedAnew(services: readonly VirtualServiceConfig[], all: ReadonlyMap<string, ServerHealth>): void {
    for (const service of services) if (this.unsure.has(service.name)) this.serviceHealth(service, all)
    this.unsure = new Set()
  }

  /** The ipvs process has to say anew what is so. */
  ipvsBegins(): void {
    this.unsure = new Set([...this.unsure, ...this.judgedServices.clear()])
  }

  /**
   * Of a service no server of which has a verdict yet nothing is known. Where failures may be disbelieved, it is
   * the ipvs process that says so, and whether the quorum is lost: none is healthy in either case.
   */
  private serviceHealth(
    { name, realServers, panicThreshold }: VirtualServiceConfig,
    all: ReadonlyMap<string, ServerHealth>,
    why?: string,
  ): void {
    const judged = this.judgedServices.of(name)
    if (judged) {
      this.tell('service.health', name, judged.state, judged.reason)
      return
    }
    let [healthy, unhealthy] = [0, 0]
    for (const server of realServers) {
      const health = all.get(healthKey(name, server.name))?.health
      if (health === 'healthy') healthy++
      if (health === 'unhealthy') unhealthy++
    }
    const of = `${realServers.length} servers`
    if (healthy > 0) {
      // How many there are is not worth an event.
      if (this.states.get(eventKey({ type: 'service.health', subject: name }))?.state !== 'healthy')
        this.tell('service.health', name, 'healthy', why ?? `${healthy} of ${of} healthy`)
    } else if (panicThreshold === undefined && realServers.length > 0 && unhealthy === realServers.length)
      this.tell('service.health', name, 'unhealthy', `none of ${of} is healthy`)
  }

  peerLink(name: string, reachable: boolean): void {
    if (reachable) this.tell('peer.link', name, 'reachable', 'heard on the pair port')
    else this.tell('peer.link', name, 'unreachable', 'not heard on the pair port')
  }

  driftRepaired(changes: readonly string[]): void {
    const more = changes.length > 3 ? ` and ${changes.length - 3} more` : ''
    this.tell('table.drift', 'ipvs', 'repaired', `${changes.slice(0, 3).join('; ')}${more}`)
  }

  /** Subjects that are gone. */
  forget(gone: (subject: Pick<DirectorEvent, 'type' | 'subject'>) => boolean): void {
    for (const [key, event] of this.states) if (gone(event)) this.states.delete(key)
    this.judgedServices.forget((subject) => gone({ type: 'service.health', subject }))
  }
}
