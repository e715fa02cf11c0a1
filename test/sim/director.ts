/**
 * One director of the simulation: the pure machine in a process that can stall, die and restart, over a
 * kernel that lives on. It wakes as Node does: timers first, then what waited in the socket, then what was
 * put off until the input is read.
 */

import type { SyncReadiness } from '../../src/base/facts.js'
import type { IpAddress } from '../../src/base/ip.js'
import { type Millis, millis, type Priority } from '../../src/base/units.js'
import type { Effect, Event, RouterParams, State } from '../../src/vrrp/state.js'
import { initialState, nextDeadline } from '../../src/vrrp/state.js'
import { HostClock } from './host-clock.js'
import { FakeKernel } from './kernel.js'
import type { SeededRandom } from './random.js'
import type { SimStep } from './sim-step.js'
import type { VirtualClock } from './virtual-clock.js'

export interface Advert {
  readonly from: number
  readonly source: IpAddress
  readonly priority: Priority
  readonly interval: Millis
}

export interface Transition {
  readonly from: State['name']
  readonly to: State['name']
  readonly reason: string
  readonly cause: Event
}

/** What a director does to the rest of the world, and what the invariants want to know of it. */
export interface Surroundings {
  send(director: SimDirector, priority: Priority): void
  announce(director: SimDirector): void
  /** After every step, when its effects are done. */
  stepped(
    director: SimDirector,
    event: Event,
    effects: readonly Effect[],
    transitions: readonly Transition[],
  ): void
}

const noTransitions: readonly Transition[] = []

/** As `net.core.rmem_default` bounds what waits for a stalled process. */
const socketRoom = 250
/** An ordinary timer is late by up to this. */
const timerLateness = 1.2

export class SimDirector {
  state: State
  process: 'running' | 'stalled' | 'dead' = 'dead'
  /** Since when it has been running without a stall. */
  awakeSince = 0
  /** When it entered its present state. */
  stateSince = 0
  /** When it had entered the state before that. */
  stateBefore = 0
  /** When its parameters last changed. */
  changedAt = 0
  /** Whether its kernel held the address when the latest event came. */
  heldBefore = false
  readonly host: HostClock
  readonly kernel: FakeKernel
  readonly waiting: Advert[] = []
  sync: SyncReadiness = { ready: false, reason: 'simulated' }
  link = true
  private incarnation = 0
  private armedFor: number | undefined
  private timerDue = false
  private readsInput = false
  private missedSync = false
  private missedLink = false
  private missedReload = false

  constructor(
    readonly id: number,
    public params: RouterParams,
    private readonly clock: VirtualClock,
    private readonly random: SeededRandom,
    private readonly surroundings: Surroundings,
    private readonly stepFunction: SimStep,
  ) {
    this.host = new HostClock(clock, random)
    this.kernel = new FakeKernel(this.host)
    this.state = initialState(this.sync)
  }

  get active(): boolean {
    return this.process !== 'dead' && this.state.name === 'active'
  }

  get name(): string {
    return `lb${this.id + 1}`
  }

  start(): void {
    if (this.process !== 'dead') return
    this.incarnation++
    this.process = 'running'
    this.awakeSince = this.clock.now()
    this.armedFor = undefined
    this.timerDue = false
    this.readsInput = false
    this.missedSync = false
    this.missedLink = false
    this.missedReload = false
    this.state = initialState(this.sync)
    this.handle({ type: 'startup', linkDown: this.link ? undefined : 'link down' })
  }

  /** SIGKILL: nothing is sent, nothing is released. */
  kill(): void {
    this.process = 'dead'
    this.waiting.length = 0
    this.incarnation++
    this.stateSince = this.clock.now()
  }

  /** SIGTERM. */
  terminate(): void {
    if (this.process !== 'running') return
    this.handle({ type: 'shutdown' })
    this.kill()
  }

  /** SIGSTOP, a long collection, a paused guest: the world goes on. */
  stall(): void {
    if (this.process === 'running') this.process = 'stalled'
  }

  wake(): void {
    if (this.process !== 'stalled') return
    this.process = 'running'
    this.awakeSince = this.clock.now()
    if (this.timerDue) this.onTimer()
    const waited = this.waiting.splice(0)
    for (const advert of waited) this.receive(advert)
    // What other processes said meanwhile waits in its pipe.
    if (this.missedSync) this.setSync(this.sync.ready)
    if (this.missedLink) this.tellLink()
    if (this.missedReload) this.tellReload()
    this.inputRead()
  }

  /** SIGHUP with another file; who is dead reads it at its next start. */
  reload(params: RouterParams): void {
    this.params = params
    this.changedAt = this.clock.now()
    this.missedReload = this.process === 'stalled'
    if (this.process === 'running') this.tellReload()
  }

  /** Milliseconds until the machine wants its timer; undefined: never. */
  untilDeadline(): number | undefined {
    const deadline = nextDeadline(this.state)
    return deadline === undefined ? undefined : this.host.until(deadline)
  }

  /** A datagram reaches the host. */
  arrive(advert: Advert): void {
    if (this.process === 'dead' || !this.link) return
    if (this.process === 'running') this.receive(advert)
    else if (this.waiting.length < socketRoom) this.waiting.push(advert)
  }

  setSync(ready: boolean): void {
    this.sync = { ready, reason: 'simulated' }
    this.missedSync = this.process !== 'running'
    if (!this.missedSync) this.handle({ type: 'syncReadiness', readiness: this.sync })
  }

  setLink(up: boolean): void {
    if (this.link === up) return
    this.link = up
    this.missedLink = this.process !== 'running'
    if (!this.missedLink) this.tellLink()
  }

  private tellLink(): void {
    this.missedLink = false
    this.handle(this.link ? { type: 'linkUp' } : { type: 'linkDown', reason: 'link down' })
  }

  private tellReload(): void {
    this.missedReload = false
    this.handle({ type: 'parametersChanged' })
  }

  private receive({ source, from, priority, interval }: Advert): void {
    this.handle({ type: 'advertisementReceived', source, sender: `lb${from + 1}`, priority, interval })
  }

  private handle(event: Event): void {
    const before = this.state
    this.heldBefore = this.kernel.holds
    const [state, effects] = this.stepFunction(this.params, before, event, this.host.now(), this.host.wall())
    this.state = state
    if (state.name !== before.name) {
      this.stateBefore = this.stateSince
      this.stateSince = this.clock.now()
    }
    let transitions = noTransitions
    for (const effect of effects) {
      if (effect.type === 'reportTransition')
        transitions = [
          ...transitions,
          { from: effect.from, to: effect.to, reason: effect.reason, cause: event },
        ]
      else this.perform(effect)
    }
    this.surroundings.stepped(this, event, effects, transitions)
    this.arm()
  }

  private perform(effect: Exclude<Effect, { type: 'reportTransition' }>): void {
    switch (effect.type) {
      case 'sendAdvertisement':
        this.surroundings.send(this, effect.priority)
        return
      case 'claimAddresses':
      case 'refreshLease':
        this.kernel.claim(this.params.lease)
        return
      case 'announceAddresses':
        this.surroundings.announce(this)
        return
      case 'releaseAddresses':
        this.kernel.release()
        return
      case 'readPendingInput':
        if (this.readsInput) return
        this.readsInput = true
        // With an empty socket the loop is round in no time; a waking process gets there in `wake`.
        if (this.waiting.length === 0) this.later(0, () => this.inputRead())
    }
  }

  private inputRead(): void {
    if (!this.readsInput || this.process !== 'running') return
    this.readsInput = false
    this.handle({ type: 'deadlineReached', inputRead: true })
  }

  private arm(): void {
    const deadline = nextDeadline(this.state)
    if (deadline === undefined || this.readsInput) return
    if (this.armedFor !== undefined && this.armedFor <= deadline) return
    this.armedFor = deadline
    this.later(Math.max(this.host.until(deadline), 0) + this.random.between(0, timerLateness), () => {
      if (this.armedFor !== deadline) return
      this.armedFor = undefined
      if (this.process === 'stalled') this.timerDue = true
      else this.onTimer()
    })
  }

  private onTimer(): void {
    this.timerDue = false
    const deadline = nextDeadline(this.state)
    if (deadline !== undefined && deadline <= this.host.now())
      this.handle({ type: 'deadlineReached', inputRead: false })
    this.arm()
  }

  /** Dies with the process that wanted it. */
  private later(delay: number, run: () => void): void {
    const { incarnation } = this
    this.clock.at(millis(this.clock.now() + delay), () => {
      if (incarnation === this.incarnation) run()
    })
  }
}
