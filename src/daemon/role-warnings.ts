/** Routers that cannot own their addresses here, and routers that nobody owns. Pure. */
import type { Millis } from '../base/units.js'
import type { RouterState, RouterStatus } from '../vrrp/status.js'

export interface PeerView {
  readonly name: string
  readonly reachable: boolean
}

/** Longer than any election takes at this interval. */
const settledAfter = (interval: number): number => Math.max(5_000, 5 * interval)

const titles: Readonly<Record<RouterState, string>> = {
  initialize: 'not started',
  backup: 'Backup',
  active: 'Active',
  fault: 'in fault',
  maintenance: 'in maintenance',
}

const isOut = (state: RouterState): boolean => state === 'fault' || state === 'maintenance'

/** `peer` undefined: there is none. `sure`: whether it can be told that the peer is not reachable. */
export function roleWarnings(
  { name, state, reason, since, peerState, peerStateSince = since }: RouterStatus,
  interval: number,
  peer: PeerView | undefined,
  sure: boolean,
  now: Millis,
): readonly string[] {
  const found = state === 'fault' ? [`${name} is in fault here: ${reason}`] : []
  if (state === 'active' || state === 'initialize') return found
  const here = `this director is ${titles[state]}`
  if (peer?.reachable) {
    if (peerState === undefined || peerState === 'active') return found
    const lasts = now - Math.max(since, peerStateSince) >= settledAfter(interval)
    return lasts || (isOut(state) && isOut(peerState))
      ? [...found, `${name}: nobody is Active: ${here}, ${peer.name} is ${titles[peerState]}`]
      : found
  }
  if (!isOut(state) || (peer && !sure)) return found
  const there = peer ? `${peer.name} is not reachable` : 'there is no other director'
  return [...found, `${name}: nobody is known to be Active: ${here}, and ${there}`]
}

/** Why the peer could not take over what is Active here; undefined: it can, or there is nothing to take over. */
export function maintenanceObstacle(
  routers: readonly RouterStatus[],
  peer: PeerView | undefined,
): string | undefined {
  const active = routers.filter(({ state }) => state === 'active')
  if (active.length === 0) return undefined
  if (!peer) return 'there is no other director to take over'
  if (!peer.reachable) return `${peer.name} is not reachable over the pair link and cannot take over`
  const unable = active.find(({ peerState }) => peerState !== undefined && isOut(peerState))
  return unable?.peerState && `${unable.name} is ${titles[unable.peerState]} on ${peer.name}`
}
