/** What the vrrp process tells the others about itself. */
import type { DiscardCounts } from '../base/facts.js'
import type { TrackStatus } from '../base/status.js'
import type { Millis } from '../base/units.js'
import type { PairLinkStatus } from '../pair/link.js'
import type { Stability } from './state.js'

/** As the control socket names them; `maintenance` is a router that the operator took out of the election. */
export type RouterState = 'initialize' | 'backup' | 'active' | 'fault' | 'maintenance'

export interface RouterStatus {
  readonly name: string
  readonly vrid: number
  readonly state: RouterState
  /** One line: why it is in this state. */
  readonly reason: string
  /** Of the monotonic clock, which all processes of a machine share. */
  readonly since: Millis
  /** As configured. */
  readonly priority: number
  /** As advertised. */
  readonly effectivePriority: number
  /** With prefix length. */
  readonly addresses: readonly string[]
  readonly interface: string | undefined
  /** Name of the director (or address of the speaker) that is Active; undefined: nobody known. */
  readonly active: string | undefined
  /** Why this Backup lets a lower priority stay Active; undefined when it would preempt. */
  readonly holdsBack: string | undefined
  /** The director to which it was handed over, and which it leaves alone since. */
  readonly handedOverTo: string | undefined
  /** For the process that follows this one. */
  readonly stability: Stability
  /** Why the Active's advertisements do not arrive although it is known to be alive; undefined otherwise. */
  readonly linkFault: string | undefined
  readonly transitions: number
  /** Set by the director: what the peer says that it is for this router; undefined: nothing lately. */
  readonly peerState?: RouterState | undefined
  /** Set by the director: since when the peer has been saying so. */
  readonly peerStateSince?: Millis | undefined
  /** Set by the director: what it tracks for this router. */
  readonly tracking?: readonly TrackStatus[]
  readonly advertisements: {
    readonly sent: number
    /** Could not be sent: no session with the peer yet, or a socket error. */
    readonly unsent: number
    readonly received: number
    readonly discarded: DiscardCounts
    /** Believed although the peer's settings differ from ours. */
    readonly noted: DiscardCounts
  }
}

export interface VrrpStatus {
  readonly routers: readonly RouterStatus[]
  /** Discarded before it was clear for which router they were. */
  readonly discarded: DiscardCounts
  /** What is wrong now, one line each, with what is to be done. */
  readonly warnings: readonly string[]
  /** The authenticated way to the peer; undefined when no router uses it. */
  readonly link: PairLinkStatus | undefined
}

/** Facts that other processes hear of as they happen. `at` is milliseconds since the epoch. */
export type VrrpFact =
  | {
      readonly type: 'roleChanged'
      readonly router: string
      readonly from: RouterState
      readonly to: RouterState
      readonly reason: string
      readonly at: number
    }
  /** From the peer's parent, for ours. */
  | { readonly type: 'fromPeer'; readonly message: Uint8Array }
  | {
      readonly type: 'warning'
      readonly router: string | undefined
      readonly text: string
      readonly at: number
    }
