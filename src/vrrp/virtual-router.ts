/** One virtual router: its state, and the machine's effects turned into calls. Holds no timer and no socket. */
import type { SyncReadiness } from '../base/facts.js'
import { formatPrefix, type IpAddress, isLinkLocal6 } from '../base/ip.js'
import type { Clock } from '../base/ports.js'
import { unreachable } from '../base/result.js'
import { type Millis, millis, type Priority, resignPriority } from '../base/units.js'
import type { VirtualRouterConfig } from '../config/model.js'
import { holdBack } from './backup.js'
import { Counts } from './counts.js'
import { step } from './machine.js'
import type { DiscardReason, ReceiveNote } from './receive.js'
import { changesOf } from './reconfigure.js'
import {
  type Effect,
  type Event,
  initialState,
  nextDeadline,
  type RouterParams,
  type Stability,
  type State,
  type StateName,
} from './state.js'
import type { RouterStatus } from './status.js'
import { activeDownInterval } from './timers.js'

/** In the file's order, but of IPv6 the link-local ones first (RFC 9568 section 5.2.9). */
function advertisedAddresses({ addresses }: VirtualRouterConfig): readonly IpAddress[] {
  const all = addresses.map(({ address }) => address)
  return [...all.filter(isLinkLocal6), ...all.filter((address) => !isLinkLocal6(address))]
}

/** Everything a virtual router does to the world; nothing of it is waited for. */
export interface RouterOutputs {
  /** False: not sent. */
  send(priority: Priority): boolean
  /** Adds the addresses or refreshes their lease; `done` gets the kernel's verdict later. */
  claim(done: (failure: string | undefined) => void): void
  announce(): void
  release(): void
  readPendingInput(then: () => void): void
  /** Why a living Active is not heard; undefined: it is heard again. */
  linkFault(reason: string | undefined): void
  /** Why a resignation is not believed. */
  forgery(reason: string): void
  /** Of a group: this router would become Active now. */
  requestTakeOver(reason: string): void
  transition(from: StateName, to: StateName, reason: string): void
  /** After every event and what followed from it. */
  stepped(): void
}

export class VirtualRouter {
  /** What every advertisement of this router says besides its priority. */
  advertised: { readonly interval: Millis; readonly addresses: readonly IpAddress[] }
  readonly discarded = new Counts<DiscardReason>()
  readonly noted = new Counts<ReceiveNote>()
  private current: State
  private reason = 'not started'
  private since: Millis
  private transitions = 0
  /** Counts the times this router became Active. */
  private term = 0
  /** The term in which the kernel has confirmed the addresses. */
  private confirmedTerm = -1
  private sent = 0
  private unsent = 0
  private received = 0
  private waitsForInput = false
  private running = false
  private readonly queue: Event[] = []

  constructor(
    private configured: VirtualRouterConfig,
    private params: RouterParams,
    private readonly clock: Clock,
    private readonly outputs: RouterOutputs,
    sync: SyncReadiness,
    private readonly director: string,
    stability?: Stability,
  ) {
    this.current = initialState(sync, stability)
    this.since = clock.now()
    this.advertised = advertisedBy(configured)
  }

  get config(): VirtualRouterConfig {
    return this.configured
  }

  get state(): State {
    return this.current
  }

  /** As it is advertised now. */
  get priority(): Priority {
    return this.params.priority
  }

  /** Active, and the kernel has confirmed that the addresses are there. */
  get ownsAddresses(): boolean {
    return this.current.name === 'active' && this.confirmedTerm === this.term
  }

  /** Active, and nobody has been asked to take over or is being relieved: who else is Active is a rival. */
  leadsAlone(theirs: Priority): boolean {
    const { state } = this
    if (state.name !== 'active' || state.leavingTo !== undefined) return false
    const { takingFrom } = state
    return !takingFrom || this.clock.now() >= takingFrom.until || theirs !== takingFrom.priority
  }

  get name(): string {
    return this.config.name
  }

  get started(): boolean {
    return this.state.name !== 'initialize'
  }

  /** When `handle` wants `deadlineReached`; undefined: not before something else happens. */
  get deadline(): Millis | undefined {
    return this.waitsForInput ? undefined : nextDeadline(this.state)
  }

  setParams(params: RouterParams): void {
    this.params = params
  }

  /**
   * Takes other settings while it runs, without an election. What is no longer configured is the caller's to
   * release first: an address may take others of its network with it, which are claimed here.
   */
  reconfigure(config: VirtualRouterConfig, params: RouterParams): void {
    const before = this.configured
    this.configured = config
    this.advertised = advertisedBy(config)
    this.params = params
    this.handle({ type: 'parametersChanged', ...changesOf(before, config) })
  }

  /** An event that an effect gives rise to is handled after that effect's siblings. */
  handle(event: Event): void {
    this.queue.push(event)
    if (this.running) return
    this.running = true
    try {
      for (let next = this.queue.shift(); next; next = this.queue.shift()) this.step(next)
    } finally {
      this.running = false
    }
    this.outputs.stepped()
  }

  private step(event: Event): void {
    if (event.type === 'advertisementReceived') this.received++
    const [state, effects] = step(this.params, this.state, event, this.clock.now())
    this.current = state
    for (const effect of effects) this.perform(effect)
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'sendAdvertisement':
        if (this.outputs.send(effect.priority)) this.sent++
        else this.unsent++
        return
      case 'claimAddresses':
        this.term++
        this.claim()
        return
      case 'refreshLease':
        this.claim()
        return
      case 'announceAddresses':
        this.outputs.announce()
        return
      case 'releaseAddresses':
        this.outputs.release()
        return
      case 'readPendingInput':
        this.readPendingInput()
        return
      case 'reportLinkFault':
        this.outputs.linkFault(effect.reason)
        return
      case 'reportForgery':
        this.outputs.forgery(effect.reason)
        return
      case 'requestTakeOver':
        this.outputs.requestTakeOver(effect.reason)
        return
      case 'reportTransition':
        this.reason = effect.reason
        this.since = this.clock.now()
        this.transitions++
        this.outputs.transition(effect.from, effect.to, effect.reason)
        return
      default:
        unreachable(effect)
    }
  }

  private claim(): void {
    const term = this.term
    this.outputs.claim((failure) => {
      // The verdict on an earlier term says nothing about this one.
      if (this.current.name !== 'active' || this.term !== term) return
      if (failure === undefined) this.confirmedTerm = term
      this.handle(
        failure === undefined ? { type: 'claimSucceeded' } : { type: 'claimFailed', reason: failure },
      )
    })
  }

  private readPendingInput(): void {
    this.waitsForInput = true
    this.outputs.readPendingInput(() => {
      this.waitsForInput = false
      this.handle({ type: 'deadlineReached', inputRead: true })
    })
  }

  status(interfaceName: string | undefined): RouterStatus {
    const { config, params, state } = this
    return {
      name: config.name,
      vrid: config.vrid,
      state: state.name,
      reason: this.reason,
      since: this.since,
      priority: params.configuredPriority ?? params.priority,
      effectivePriority: params.priority,
      addresses: config.addresses.map(formatPrefix),
      interface: interfaceName,
      active: this.activeName(),
      holdsBack: this.holdsBack(),
      handedOverTo: state.known.handedOver,
      stability: state.known.stability,
      linkFault: state.name === 'backup' ? state.linkFault : undefined,
      transitions: this.transitions,
      advertisements: {
        sent: this.sent,
        unsent: this.unsent,
        received: this.received,
        discarded: this.discarded.read(),
        noted: this.noted.read(),
      },
    }
  }

  private activeName(): string | undefined {
    if (this.state.name === 'active') return this.director
    return this.heardActive()?.sender
  }

  private holdsBack(): string | undefined {
    const { params, state } = this
    const { handedOver } = state.known
    if (state.name === 'backup' && handedOver !== undefined) return holdBack(params, state, this.clock.now())
    const active = this.heardActive()
    if (state.name !== 'backup' || !active || active.priority >= params.priority) return undefined
    return holdBack(params, state, this.clock.now())
  }

  /** The Active that this Backup follows, while it is not overdue. */
  private heardActive() {
    if (this.state.name !== 'backup') return undefined
    const { last, activeAdverInterval } = this.state
    if (!last || last.priority === resignPriority) return undefined
    const patience = activeDownInterval(this.params.priority, activeAdverInterval, this.params.skew)
    return millis(this.clock.now() - last.at) <= patience ? last : undefined
  }
}

const advertisedBy = (config: VirtualRouterConfig) => ({
  interval: config.advertisementInterval,
  addresses: advertisedAddresses(config),
})
