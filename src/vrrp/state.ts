/** What one virtual router is, hears and does: the vocabulary of `machine.ts`. */
import type { SyncReadiness } from '../base/facts.js'
import type { IpAddress } from '../base/ip.js'
import { unreachable } from '../base/result.js'
import type { Millis, Priority } from '../base/units.js'
import type { GarpConfig, Preempt } from '../config/model.js'

/** What the machine knows of its router's settings (RFC 9568 section 6.1) and never changes. */
export interface RouterParams {
  /** 1 to 255; 255 is the address owner. */
  readonly priority: Priority
  /** The address that our advertisements come from: the tie-break among equal priorities. */
  readonly source: IpAddress
  readonly advertisementInterval: Millis
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
}

/** Cannot own the addresses: no link, or the kernel refused them. */
export interface Fault {
  readonly name: 'fault'
  readonly known: Known
  /** Why the link is unusable; undefined when it is fine. */
  readonly linkDown: string | undefined
  /** End of the back-off after a refused claim. */
  readonly retryAt: Millis | undefined
}

export type State = Initialize | Backup | Active | Fault
export type StateName = State['name']

export type Event =
  /** `linkDown`: why the interface is unusable, undefined when it is fine. */
  | { readonly type: 'startup'; readonly linkDown: string | undefined }
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
  | { readonly type: 'parametersChanged' }

export type Effect =
  | { readonly type: 'sendAdvertisement'; readonly priority: Priority }
  | { readonly type: 'claimAddresses' }
  | { readonly type: 'refreshLease' }
  | { readonly type: 'announceAddresses' }
  | { readonly type: 'releaseAddresses' }
  /** Hand over what waits in the sockets, then say `deadlineReached` again with `inputRead`. */
  | { readonly type: 'readPendingInput' }
  | {
      readonly type: 'reportTransition'
      readonly from: StateName
      readonly to: StateName
      readonly reason: string
    }

export const initialState = (sync: SyncReadiness): Initialize => ({
  name: 'initialize',
  known: { sync, claimFailures: 0 },
})

/** When the state wants `deadlineReached`; undefined: never. */
export function nextDeadline(state: State): Millis | undefined {
  switch (state.name) {
    case 'initialize':
      return undefined
    case 'backup':
      return state.activeDownAt
    case 'active':
      return earliest(state.adverAt, state.refreshAt, state.announceAt)
    case 'fault':
      return state.linkDown === undefined ? state.retryAt : undefined
    default:
      return unreachable(state)
  }
}

function earliest(first: Millis, ...others: readonly (Millis | undefined)[]): Millis {
  let result = first
  for (const other of others) if (other !== undefined && other < result) result = other
  return result
}
