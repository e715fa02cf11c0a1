/**
 * What to make of advertisements that are missing on the LAN while the peer is heard over the pair link. A
 * dead peer is silent on both; one that is alive, Active and not heard is behind a broken link. Pure.
 */
import type { Millis, Priority } from '../base/units.js'

/** What the peer has said of itself for one router, over the authenticated link. */
export interface PeerView {
  readonly name: string
  readonly active: boolean
  readonly priority: Priority
  /** A tracked gateway or interface that it has lost, in words. */
  readonly lost: string | undefined
  /** When it said so. */
  readonly at: Millis
  /** Said by the clock and not beside an advertisement: how often. */
  readonly every?: Millis
}

export interface Evidence {
  readonly peer: PeerView | undefined
  /** A tracked gateway or interface that this director has lost, in words. */
  readonly lost: string | undefined
  /** The Active's advertisement interval: beside each advertisement it says over the link that it is Active. */
  readonly interval: Millis
}

export type Opinion =
  /** Nothing is known but the silence: the advertisements alone decide. */
  | { readonly verdict: 'none' }
  /** The peer is alive and Active and keeps the addresses. `suspect`: whose link is at fault. */
  | { readonly verdict: 'stay'; readonly suspect: 'own' | 'between'; readonly text: string }
  /** It is alive and Active, and says itself that it has lost its way to the network. */
  | { readonly verdict: 'takeOver'; readonly text: string }

/**
 * A peer that died said its last word together with its last advertisement, three intervals before a
 * Backup's patience ends; a living one said it within the last. In the middle is room for one lost datagram.
 */
export const aliveFor = 2.5

export const isAliveAndActive = ({ peer, interval }: Evidence, now: Millis): boolean =>
  peer?.active === true && now - peer.at < aliveFor * Math.max(interval, peer.every ?? 0)

export function secondOpinion(evidence: Evidence, now: Millis): Opinion {
  const { peer, lost } = evidence
  if (!peer || !isAliveAndActive(evidence, now)) return { verdict: 'none' }
  const seen = `${peer.name} is alive and Active`
  if (lost !== undefined && peer.lost === undefined)
    return { verdict: 'stay', suspect: 'own', text: `${seen}, and this director lost its way: ${lost}` }
  if (peer.lost !== undefined && lost === undefined)
    return { verdict: 'takeOver', text: `${seen}, but lost its way: ${peer.lost}` }
  return { verdict: 'stay', suspect: 'between', text: `${seen}, but its advertisements do not arrive` }
}
