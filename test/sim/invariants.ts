/** What must hold at every step, whatever happens to the pair. */
import { compareIp } from '../../src/base/ip.js'
import { type Millis, millis } from '../../src/base/units.js'
import type { Effect, Event, RouterParams } from '../../src/vrrp/state.js'
import { activeDownInterval, skewTime } from '../../src/vrrp/timers.js'
import type { SimDirector, Transition } from './director.js'
import type { World } from './world.js'

export class Violation extends Error {
  constructor(
    readonly rule: string,
    detail: string,
  ) {
    super(`${rule}: ${detail}`)
    this.name = 'Violation'
  }
}

/** Timers of a running process are late by up to 1.2 ms each; two of them and a hop are in this. */
const lateness = 5
/** Hosts' clocks drift apart by 2e-5; this is for four intervals and a bit. */
const driftShare = 1e-4
/** Between two answers to rivals, and between two announcements because of them (`active.ts`). */
const assertEvery = 10
const announceEvery = 50

export class Invariants {
  private twoSince: number | undefined
  /** Since when one of two Actives knows of a lesser one. */
  private rivalHeardAt: number | undefined

  constructor(private readonly world: World) {}

  stepped(
    director: SimDirector,
    event: Event,
    effects: readonly Effect[],
    transitions: readonly Transition[],
  ): void {
    this.onlyActiveHolds(director)
    this.onlyOwnersSpeak(director, effects)
    for (const transition of transitions) {
      if (transition.from === 'backup' && transition.to === 'active') this.rightfulTakeOver(director)
      if (transition.from === 'active' && transition.to === 'backup') this.rightfulYield(director, transition)
    }
    this.noTwoActives()
    this.rivalsAreAnswered(director, event)
  }

  /** A Backup holds no address: neither does a router in fault or one that has stopped. */
  private onlyActiveHolds(director: SimDirector): void {
    if (director.state.name !== 'active' && director.kernel.holds)
      throw new Violation('only an Active holds the address', `${director.name} is ${director.state.name}`)
  }

  /** Who wakes after its lease has lost the address, and must neither advertise nor announce. */
  private onlyOwnersSpeak(director: SimDirector, effects: readonly Effect[]): void {
    if (effects.length === 0 || director.kernel.holds || director.heldBefore) return
    const spoke = effects.some(
      (effect) =>
        effect.type === 'announceAddresses' || (effect.type === 'sendAdvertisement' && effect.priority > 0),
    )
    if (spoke) throw new Violation('only the owner speaks', `${director.name} advertises without the address`)
  }

  private rightfulTakeOver(director: SimDirector): void {
    const { params, waiting } = director
    if (waiting.some(({ priority }) => priority !== 0 && priority >= params.priority))
      throw new Violation('what waits is read first', `${director.name} elects itself over unread datagrams`)
    this.preemptsOnlyWhenAllowed(director)
    this.respectsWhoSpeaks(director)
    this.highestGoesFirst(director)
  }

  /** Nobody takes over from an Active of its own priority or more that it hears, whatever their intervals are. */
  private respectsWhoSpeaks(director: SimDirector): void {
    for (const other of this.world.directors) {
      if (other === director || !other.active || other.params.priority < director.params.priority) continue
      const since = Math.max(this.wholeSince([director, other]), other.stateSince, director.stateBefore)
      const told = this.world.clock.now() - other.changedAt > 2 * this.latency() + this.slack()
      if (told && this.lasted(since + director.params.joinDelay, 5))
        throw new Violation('who speaks stays', `${director.name} takes over from ${other.name}`)
    }
  }

  private preemptsOnlyWhenAllowed(director: SimDirector): void {
    const { preempt } = director.params
    if (preempt === 'always' || (preempt === 'when_synced' && director.sync.ready)) return
    const since = this.quietSince([director])
    for (const other of this.world.directors) {
      if (other === director || !other.active || other.process !== 'running') continue
      if (this.lasted(Math.max(since, other.stateSince, other.awakeSince), 5))
        throw new Violation('preempt', `${director.name} (${preempt}) takes over from ${other.name}`)
    }
  }

  /** Skew: of two Backups that both heard the last Active, the higher priority's timer runs out first. */
  private highestGoesFirst(director: SimDirector): void {
    const { directors } = this.world
    if (directors.some((other) => other !== director && other.active)) return
    for (const better of directors) {
      if (better.process !== 'running' || better.state.name !== 'backup') continue
      if (better.params.priority <= director.params.priority) continue
      const interval = this.longestInterval()
      const [later, sooner] = [director.params, better.params]
      const lead =
        skewTime(later.priority, interval, later.skew) - skewTime(sooner.priority, interval, sooner.skew)
      const since = this.quietSince([director, better])
      const settled = Math.max(since, better.stateSince + better.params.joinDelay)
      if (lead > 2 * this.latency() + this.slack() && this.lasted(settled, 5))
        throw new Violation('skew', `${director.name} takes over before ${better.name}`)
    }
  }

  /** Among Actives the greater (priority, address) stays. */
  private rightfulYield(director: SimDirector, { cause }: Transition): void {
    const { params, awakeSince } = director
    const patience = Math.max(5 * params.advertisementInterval, params.lease ?? 0)
    if (cause.type !== 'advertisementReceived' || this.world.clock.now() - awakeSince < patience) return
    const greater = cause.priority - params.priority || compareIp(cause.source, params.source)
    if (greater < 0) throw new Violation('the greater stays', `${director.name} gives way to ${cause.sender}`)
  }

  /** With every cable whole and every process awake, two Actives coexist no longer than one exchange. */
  private noTwoActives(): void {
    const { clock, directors } = this.world
    let actives = 0
    for (const { active } of directors) if (active) actives++
    if (actives < 2) {
      this.twoSince = undefined
      return
    }
    this.twoSince ??= clock.now()
    const since = Math.max(this.twoSince, this.quietSince(directors))
    const exchange = this.longestInterval() + 2 * this.latency() + this.slack()
    if (clock.now() - since > exchange)
      throw new Violation('one Active', `two for ${Math.round(clock.now() - since)} ms with a whole LAN`)
  }

  /** The greater of two Actives advertises as soon as it hears the lesser, which then yields. */
  private rivalsAreAnswered(director: SimDirector, event: Event): void {
    if (this.rivalHeardAt === undefined && this.twoSince === undefined) return
    const { clock, directors } = this.world
    const limit = 2 * this.latency() + assertEvery + this.slack()
    // What was answered before the LAN was whole may never have arrived.
    if (this.rivalHeardAt !== undefined && this.rivalHeardAt < this.wholeSince(directors))
      this.rivalHeardAt = undefined
    if (this.rivalHeardAt !== undefined) {
      const lives = clock.now() - this.rivalHeardAt
      if (lives > limit)
        throw new Violation('rivals are answered', `one lives ${Math.round(lives)} ms longer`)
      if (this.twoSince === undefined) this.rivalHeardAt = undefined
    } else if (this.twoSince !== undefined && director.active && event.type === 'advertisementReceived') {
      const lesser = event.priority !== 0 && this.compare(event, director) < 0
      const speaks = directors.some(({ active, name }) => active && name === event.sender)
      if (lesser && speaks) this.rivalHeardAt = clock.now()
    }
  }

  private compare(
    { priority, source }: Pick<RouterParams, 'priority' | 'source'>,
    { params }: SimDirector,
  ): number {
    return priority - params.priority || compareIp(source, params.source)
  }

  /** Milliseconds from the heal of a split in fair weather until the client reaches the one Active. */
  healingTime(): number {
    return this.longestInterval() + 2 * this.latency() + assertEvery + announceEvery + this.slack()
  }

  healed(): void {
    const { directors, arpOwner } = this.world
    const actives = directors.filter(({ active }) => active)
    const [active] = actives
    if (actives.length !== 1 || !active)
      throw new Violation('exactly one Active after a heal', actives.map(({ name }) => name).join(' and '))
    if (arpOwner !== active.id)
      throw new Violation('a heal is announced', `${active.name}, but the client asks ${arpOwner}`)
  }

  /**
   * After a heal and time to settle: one Active, the only one that holds the address, the one the client
   * reaches, and the one that the preempt rule wants.
   */
  settled(): void {
    const { directors, arpOwner } = this.world
    const able = directors.filter(({ process, link }) => process === 'running' && link)
    const actives = able.filter(({ active }) => active)
    const [active] = actives
    if (able.length > 0 && actives.length !== 1)
      throw new Violation('exactly one Active', `${actives.length} of ${able.length}`)
    if (!active) return
    const holders = directors.filter(({ kernel }) => kernel.holds)
    if (holders.length !== 1)
      throw new Violation('one owner', holders.map(({ name }) => name).join(' and ') || 'nobody')
    if (arpOwner !== active.id)
      throw new Violation('the client reaches the Active', `${active.name}, but the client asks ${arpOwner}`)
    const better = able.find(
      ({ params, sync }) => params.priority > active.params.priority && mayPreempt(params, sync.ready),
    )
    if (better) throw new Violation('preempt', `${better.name} should be Active, not ${active.name}`)
  }

  /** Milliseconds after which a successor must be there once an Active has died or resigned. */
  successionTime(resigned: boolean): number {
    const backups = this.world.directors.filter(
      ({ process, state, link }) => process === 'running' && link && state.name === 'backup',
    )
    const interval = this.longestInterval()
    const times = backups.map(({ params: { priority, skew } }) =>
      resigned ? skewTime(priority, interval, skew) : activeDownInterval(priority, interval, skew),
    )
    return Math.min(...times) + 2 * this.latency() + this.slack()
  }

  /** Time for everything to come to rest after a heal. */
  settlingTime(): number {
    const { directors } = this.world
    const join = Math.max(...directors.map(({ params }) => params.joinDelay))
    const delay = Math.max(...directors.map(({ params }) => params.preemptDelay))
    const lease = Math.max(...directors.map(({ params }) => params.lease ?? 0))
    const refresh = Math.max(...directors.map(({ params }) => params.garp.refresh ?? 0))
    return join + delay + lease + refresh + 2_500 + 12 * this.longestInterval()
  }

  /** And since when all have run with the same file. */
  private quietSince(directors: readonly SimDirector[]): number {
    if (this.world.filesDiffer) return Number.POSITIVE_INFINITY
    let since = this.wholeSince(directors)
    for (const { changedAt } of this.world.directors) since = Math.max(since, changedAt)
    return since
  }

  /** Since when the LAN is whole and these processes are awake and connected; infinite when they are not. */
  private wholeSince(directors: readonly SimDirector[]): number {
    let since = this.world.calmSince ?? Number.POSITIVE_INFINITY
    for (const { process, awakeSince, link } of directors) {
      if (process === 'stalled' || !link) return Number.POSITIVE_INFINITY
      since = Math.max(since, awakeSince)
    }
    return since
  }

  private lasted(since: number, intervals: number): boolean {
    return this.world.clock.now() - since > intervals * this.longestInterval() + this.slack()
  }

  /** Of all that are configured or were learnt. */
  private longestInterval(): Millis {
    let longest: Millis = millis(0)
    for (const { params, state } of this.world.directors) {
      if (params.advertisementInterval > longest) longest = params.advertisementInterval
      if (state.name === 'backup' && state.activeAdverInterval > longest) longest = state.activeAdverInterval
    }
    return longest
  }

  private slack(): number {
    return lateness + driftShare * this.longestInterval()
  }

  private latency(): number {
    return this.world.calmLatency
  }
}

const mayPreempt = (params: RouterParams, synced: boolean): boolean =>
  params.preempt === 'always' || (params.preempt === 'when_synced' && synced)
