/** The authenticated way to the peer, as the features see it. */
import type { DiscardCounts } from '../base/facts.js'

/** First byte that both directors agree on: which process of the peer a datagram is for. */
export type PairChannel = 'vrrp' | 'sync'

export interface PairLinkStatus {
  /** A session is established and something authentic arrived within the last few seconds. */
  readonly reachable: boolean
  /** Seconds since the last authentic datagram; undefined before the first. */
  readonly lastSeenSeconds: number | undefined
  /** False once a well-formed datagram came from the peer's address under another key; undefined before any. */
  readonly keyMatches: boolean | undefined
  /** What was thrown away, by reason. */
  readonly discarded: DiscardCounts
}

export interface PairLink {
  /**
   * Encrypts and sends one message to the peer. False when no session is established yet: the message is
   * dropped, for whoever needs it later will say it again.
   */
  send(payload: Uint8Array): boolean
  status(): PairLinkStatus
  close(): void
}
