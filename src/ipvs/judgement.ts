/**
 * What is thought of a service as a whole, and of a server over time, from the verdicts on its servers. Pure
 * but for what it remembers.
 *
 * It is here and not where health is: this process knows what operators said and what the kernel has, and the
 * death of the health checker must not change what is served.
 */
import { type Millis, millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { type DampingState, step as stepDamping, undamped } from './damping.js'
import type { JudgementFact } from './facts.js'
import { heldFact, panicFact, panicOffFact, quorumFact } from './judgement-facts.js'
import {
  calm,
  type Others,
  type PanicEvent,
  type PanicParams,
  type PanicState,
  step as stepPanic,
} from './panic.js'
import { initialQuorum, type QuorumState, step as stepQuorum } from './quorum.js'

interface Hold {
  readonly service: string
  readonly server: string
  readonly until: Millis
}

const nameOf = (service: string, server: string): string => `${service}\0${server}`

export type Panic = Extract<PanicState, { readonly name: 'panic' }>

export class Judgement {
  private readonly quorums = new Map<string, QuorumState>()
  private readonly panics = new Map<string, PanicState>()
  /** By service, then by server. */
  private readonly dampings = new Map<string, Map<string, DampingState>>()
  /** Those of them that have a hold, which are few. */
  private readonly holds = new Map<string, Hold>()
  private news: JudgementFact[] = []

  copy(): Judgement {
    const copy = new Judgement()
    for (const [name, state] of this.quorums) copy.quorums.set(name, state)
    for (const [name, state] of this.panics) copy.panics.set(name, state)
    for (const [name, states] of this.dampings) copy.dampings.set(name, new Map(states))
    for (const [name, hold] of this.holds) copy.holds.set(name, hold)
    return copy
  }

  forget(service: string): void {
    this.quorums.delete(service)
    this.panics.delete(service)
    for (const server of this.dampings.get(service)?.keys() ?? []) this.holds.delete(nameOf(service, server))
    this.dampings.delete(service)
  }

  /** As it was last found; undefined: not yet. */
  quorumOf(service: string): QuorumState | undefined {
    return this.quorums.get(service)
  }

  /** Takes what the servers that are up weigh, and answers whether that is enough. */
  weigh(service: VirtualServiceConfig, have: number, standsIn: boolean, now: Millis): boolean {
    const before = this.quorums.get(service.name) ?? initialQuorum(standsIn, have, now)
    const [state, effects] = stepQuorum(service, before, have, now)
    this.quorums.set(service.name, state)
    for (const effect of effects) this.news.push(quorumFact(service, effect.reached, have))
    return state.reached
  }

  /** The verdict on a server, which had one before, is another one. */
  turned(service: string, server: string, healthy: boolean, now: Millis): void {
    const states = this.dampings.get(service) ?? new Map<string, DampingState>()
    this.dampings.set(service, states)
    const state = stepDamping(states.get(server) ?? undamped, healthy, now)
    states.set(server, state)
    const { until } = state
    if (until === undefined) this.holds.delete(nameOf(service, server))
    else {
      this.holds.set(nameOf(service, server), { service, server, until })
      this.news.push(heldFact(service, server, millis(until - now)))
    }
  }

  /** Servers of a service are up again, or down, all of whom were up. */
  changed(
    service: VirtualServiceConfig,
    { returned, failed }: { readonly returned: readonly string[]; readonly failed: readonly string[] },
    others: () => Others,
    now: Millis,
  ): void {
    if (returned.length > 0) this.panic(service, { type: 'returned', servers: returned }, others, now)
    if (failed.length > 0) this.panic(service, { type: 'failed', servers: failed }, others, now)
  }

  /** The server is gone from the file, or out by an operator's word. */
  left(service: VirtualServiceConfig, server: string, others: () => Others, now: Millis): void {
    this.panic(service, { type: 'returned', servers: [server] }, others, now)
  }

  /** What is said of a machine goes with it. */
  forgetServer(service: string, server: string): void {
    this.dampings.get(service)?.delete(server)
    this.holds.delete(nameOf(service, server))
  }

  panicOf(service: string): Panic | undefined {
    const state = this.panics.get(service)
    return state?.name === 'panic' ? state : undefined
  }

  /** It failed, with too many others to believe it. */
  isSuspect(service: string, server: string): boolean {
    return this.panicOf(service)?.suspects.includes(server) ?? false
  }

  /**
   * Until when it is kept out for having changed too often; undefined: it is not. It ends with `released`, not
   * by the clock: a weight that changed by itself would look like somebody else's doing.
   */
  heldUntil(service: string, server: string): Millis | undefined {
    return this.holds.size === 0 ? undefined : this.holds.get(nameOf(service, server))?.until
  }

  /** Services whose panic may be over by now. */
  panicsDue(now: Millis): readonly string[] {
    return [...this.panics].flatMap(([name, state]) =>
      state.name === 'panic' && state.until !== undefined && state.until <= now ? [name] : [],
    )
  }

  timePassed(service: VirtualServiceConfig, others: () => Others, now: Millis): void {
    this.panic(service, { type: 'timePassed' }, others, now)
  }

  /** Servers that are kept out no longer. */
  released(now: Millis): readonly { readonly service: string; readonly server: string }[] {
    const free: Hold[] = []
    for (const [name, hold] of this.holds) {
      if (hold.until > now) continue
      this.holds.delete(name)
      free.push(hold)
      this.news.push(heldFact(hold.service, hold.server, undefined))
    }
    return free
  }

  nextDue(): Millis | undefined {
    const moments: number[] = []
    for (const state of this.panics.values())
      if (state.name === 'panic' && state.until !== undefined) moments.push(state.until)
    for (const { until } of this.holds.values()) moments.push(until)
    return moments.length === 0 ? undefined : millis(moments.reduce((a, b) => Math.min(a, b)))
  }

  /** What has to be told, once. */
  takeNews(): readonly JudgementFact[] {
    const { news } = this
    this.news = []
    return news
  }

  private panic(service: VirtualServiceConfig, event: PanicEvent, others: () => Others, now: Millis): void {
    const { name, panicThreshold: threshold } = service
    const before = this.panics.get(name) ?? calm
    if (threshold === undefined) {
      if (before.name === 'panic') this.news.push(panicOffFact(name))
      this.panics.delete(name)
      return
    }
    if (before === calm && event.type !== 'failed') return
    const params: PanicParams = { threshold, window: windowOf(service) }
    const [state, effects] = stepPanic(params, before, event, others(), now)
    if (state === calm) this.panics.delete(name)
    else this.panics.set(name, state)
    for (const effect of effects) this.news.push(panicFact(service, effect, threshold))
  }
}

const windows = new WeakMap<VirtualServiceConfig, Millis>()

/** The longest that a verdict takes on any of its servers. */
function windowOf(service: VirtualServiceConfig): Millis {
  const known = windows.get(service)
  if (known !== undefined) return known
  const spans = service.realServers.flatMap(({ checks }) =>
    checks.map(({ fall, interval, timeout }) => fall * interval + timeout),
  )
  const window = millis(spans.reduce((a, b) => Math.max(a, b), 0))
  windows.set(service, window)
  return window
}
