/** What one virtual router is, hears and does: the vocabulary of `machine.ts`. */
import type { SyncReadiness } from '../base/facts.js'
import type { IpAddress } from '../base/ip.js'
import { unreachable } from '../base/result.js'
import type { Millis, Priority } from '../base/units.js'
import type { GarpConfig, Preempt } from '../config/model.js'
import type { PeerView } from './second-opinion.js'
import type { SkewRule } from './timers.js'

/** What the machine knows of its router's settings (RFC 9568 section 6.1) and never changes. */
export interface RouterParams {
  /** 1 to 255; 255 is the address owner. */
  readonly priority: Priority
  /** As the file has it, where tracking or the group made another of it. */
  readonly configuredPriority?: Priority
  /** A tracked gateway or interface that this director has lost, in words. */
  readonly lost?: string | undefined
  /** Why the priority is not the configured one: `track gateway 10.0.0.1 down`. */
  readonly because?: string | undefined
  /** The address that our advertisements come from: the tie-break among equal priorities. */
  readonly source: IpAddress
  readonly advertisementInterval: Millis
  /** How long a Backup waits beyond three intervals; undefined: by version 3's rule. */
  readonly skew?: SkewRule
  readonly preempt: Preempt
  readonly preemptDelay: Millis
  readonly lease: Millis | undefined
  readonly garp: GarpConfig
  /**
   * Added to the first active-down interval after a start, a fault or a lost lease: the authenticated
   * transport needs a handshake before the peer's advertisements can be heard at all.
   */
  readonly joinDelay: Millis
  /** Nobody else can be heard (one director, unicast): there is no election to wait for. */
  readonly alone: boolean
  /** Takes over only together with the other routers of its group: it asks, and waits for `groupTakeOver`. */
  readonly grouped?: boolean
  /** Undefined: a router may change its role as often as it likes. */
  readonly holdDown?: HoldDown
}

/** After `changes` unplanned role changes within `window`, a router lets any living Active be for a while. */
export interface HoldDown {
  readonly changes: number
  readonly window: Millis
  /** Of the first hold-down; each further one is twice as long. */
  readonly first: Millis
  readonly longest: Millis
}

export interface Heard {
  /** For texts: the peer director's name, or an address. */
  readonly sender: string
  readonly source: IpAddress
  readonly priority: Priority
  readonly at: Millis
}

/** True whatever the state is. */
export interface Known {
  readonly sync: SyncReadiness
  /** Consecutive refusals of the kernel to take an address: the back-off's exponent. */
  readonly claimFailures: number
  /** The last of them, in words. */
  readonly refusal?: string
  /** Why this router may not own the addresses although its link is fine, by who says so. */
  readonly blocked: Readonly<Partial<Record<BlockCause, string>>>
  /** Why the operator has taken it out of the election. */
  readonly maintenance: string | undefined
  /** Set by a planned handover: to whom, so that a living Active is left alone whatever the priorities. */
  readonly handedOver: string | undefined
  /** What the director to which it was handed over first advertised then. */
  readonly handedOverAt?: Priority | undefined
  readonly stability: Stability
  /** What the peer last said of this router over the pair link; undefined: nothing, or it has no such link. */
  readonly peer?: PeerView | undefined
}

export type BlockCause = 'tracking' | 'group'

/** The recent past, for `HoldDown`. */
export interface Stability {
  /** Unplanned role changes that may still count. */
  readonly changes: readonly Millis[]
  /** Hold-downs so far without a long quiet time in between: the exponent. */
  readonly holdDowns: number
  readonly heldUntil: Millis | undefined
}

export interface Initialize {
  readonly name: 'initialize'
  readonly known: Known
}

export interface Backup {
  readonly name: 'backup'
  readonly known: Known
  /** The Active_Down_Timer. */
  readonly activeDownAt: Millis
  /** The Active's own interval, learnt from its advertisements. */
  readonly activeAdverInterval: Millis
  /** Start of `preemptDelay`: since when this router could have preempted. */
  readonly ableSince: Millis
  /** The timer was late by an interval or more and got one interval's grace; once until somebody is heard. */
  readonly graced: boolean
  readonly last: Heard | undefined
  /** Of a group: the timer has run out, and the take-over waits for the other routers. */
  readonly expired: boolean
  /** The addresses that a dead predecessor left are kept until it is clear whether anybody else owns them. */
  readonly adopting: boolean
  /** Why it does not take over although nothing is heard: the peer is known to be alive and Active. */
  readonly linkFault?: string | undefined
  /** Why the director to which it was handed over is no longer left alone. */
  readonly noLongerLeft?: string | undefined
}

export interface Active {
  readonly name: 'active'
  readonly known: Known
  /** The Adver_Timer. */
  readonly adverAt: Millis
  /** When the last advertisement was sent: a longer silence than the peer's patience means it took over. */
  readonly sentAt: Millis
  /** When a rival's advertisement was last answered. */
  readonly assertedAt: Millis | undefined
  /** When the lease was last claimed or refreshed. */
  readonly leasedAt: Millis
  /** When the kernel will have removed the addresses unless refreshed; undefined: no lease. */
  readonly leaseUntil: Millis | undefined
  readonly refreshAt: Millis | undefined
  readonly announcedAt: Millis
  readonly announceAt: Millis | undefined
  /** Of the burst of `garp.count`. */
  readonly announcementsLeft: number
  /** Until then a rival's kernel may still answer ARP for the addresses. */
  readonly announceUntil: Millis
  readonly rival: Heard | undefined
  /** From when to when the peer has been saying by the clock that it is Active too. */
  readonly peerSays?: { readonly since: Millis; readonly at: Millis } | undefined
  /** Who has been asked to take over: it is not shouted down meanwhile. */
  readonly leavingTo: string | undefined
  /** From whom it was taken over as asked: until it has released, what it advertises is no rival's. */
  readonly takingFrom: { readonly priority: Priority; readonly until: Millis } | undefined
}

/** Out of the election by the operator's wish. */
export interface Maintenance {
  readonly name: 'maintenance'
  readonly known: Known
  readonly linkDown: string | undefined
}

/** Cannot own the addresses: no link, blocked, or the kernel refused them. */
export interface Fault {
  readonly name: 'fault'
  readonly known: Known
  /** Why the link is unusable; undefined when it is fine. */
  readonly linkDown: string | undefined
  /** End of the back-off after a refused claim. */
  readonly retryAt: Millis | undefined
}

export type State = Initialize | Backup | Active | Fault | Maintenance
export type StateName = State['name']

export type Event =
  /** `linkDown`: why the interface is unusable, undefined when it is fine. */
  | {
      readonly type: 'startup'
      readonly linkDown: string | undefined
      /** For how long to listen for another Active before the addresses that are there are taken up again. */
      readonly adoptAfter?: Millis
    }
  | { readonly type: 'shutdown' }
  | {
      readonly type: 'advertisementReceived'
      readonly source: IpAddress
      readonly sender: string
      readonly priority: Priority
      readonly interval: Millis
    }
  /** `inputRead`: everything that waited in the sockets when the timer ran has been handed over since. */
  | { readonly type: 'deadlineReached'; readonly inputRead: boolean }
  | { readonly type: 'linkUp' }
  | { readonly type: 'linkDown'; readonly reason: string }
  | { readonly type: 'claimSucceeded' }
  | { readonly type: 'claimFailed'; readonly reason: string }
  | { readonly type: 'syncReadiness'; readonly readiness: SyncReadiness }
  /** `claim`: addresses or lease changed; `announce`: there are new ones. */
  | { readonly type: 'parametersChanged'; readonly claim?: boolean; readonly announce?: boolean }
  /** `reason` undefined: no longer. */
  | { readonly type: 'blocked'; readonly cause: BlockCause; readonly reason: string | undefined }
  | { readonly type: 'maintenance'; readonly reason: string | undefined }
  /** `to` has been asked to take over; undefined: the attempt is given up. */
  | { readonly type: 'handingOver'; readonly to: string | undefined }
  /** `to` owns the addresses. `stay`: it is left alone from now on. */
  | { readonly type: 'handedOver'; readonly to: string; readonly stay: boolean }
  /** The Active asks this Backup to take over. */
  | {
      readonly type: 'takeOverAsked'
      readonly from: string
      readonly priority: Priority
      readonly until: Millis
    }
  /** The former Active has released the addresses. */
  | { readonly type: 'takeOverComplete' }
  /** What the peer says of itself over the pair link. `source` and `interval`: of its advertisements. */
  | {
      readonly type: 'peerReported'
      readonly peer: PeerView
      readonly source: IpAddress
      readonly interval: Millis
    }
  | { readonly type: 'groupTakeOver'; readonly reason: string }
  | { readonly type: 'groupStepDown'; readonly reason: string }

export type Effect =
  | { readonly type: 'sendAdvertisement'; readonly priority: Priority }
  | { readonly type: 'claimAddresses' }
  | { readonly type: 'refreshLease' }
  | { readonly type: 'announceAddresses' }
  | { readonly type: 'releaseAddresses' }
  /** Hand over what waits in the sockets, then say `deadlineReached` again with `inputRead`. */
  | { readonly type: 'readPendingInput' }
  /** Why nothing is heard of a living Active; undefined: it is heard again. */
  | { readonly type: 'reportLinkFault'; readonly reason: string | undefined }
  /** A resignation is not believed. */
  | { readonly type: 'reportForgery'; readonly reason: string }
  /** Of a group: this router would become Active now. */
  | { readonly type: 'requestTakeOver'; readonly reason: string }
  | {
      readonly type: 'reportTransition'
      readonly from: StateName
      readonly to: StateName
      readonly reason: string
    }

const quiet: Stability = { changes: [], holdDowns: 0, heldUntil: undefined }

export const initialState = (sync: SyncReadiness, stability = quiet): Initialize => ({
  name: 'initialize',
  known: {
    sync,
    claimFailures: 0,
    blocked: {},
    maintenance: undefined,
    handedOver: undefined,
    stability,
  },
})

/** When the state wants `deadlineReached`; undefined: never. */
export function nextDeadline(state: State): Millis | undefined {
  switch (state.name) {
    case 'initialize':
    case 'maintenance':
      return undefined
    case 'backup':
      return state.expired ? undefined : state.activeDownAt
    case 'active':
      return earliest(state.adverAt, state.refreshAt, state.announceAt)
    case 'fault':
      return isBlocked(state) ? undefined : state.retryAt
    default:
      return unreachable(state)
  }
}

/** Whether something else than a refused address keeps it out. */
export const isBlocked = ({ linkDown, known }: Pick<Fault, 'linkDown' | 'known'>): boolean =>
  linkDown !== undefined || blockReason(known) !== undefined

export const blockReason = ({ blocked }: Known): string | undefined => blocked.tracking ?? blocked.group

function earliest(first: Millis, ...others: readonly (Millis | undefined)[]): Millis {
  let result = first
  for (const other of others) if (other !== undefined && other < result) result = other
  return result
}
