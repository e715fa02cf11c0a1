/** Whether the peer sees more healthy real servers than this director does. Pure. */
import type { Millis } from '../../base/units.js'
import type { ServicesTrackConfig } from '../../config/model.js'
import type { Finding } from './verdict.js'

/** One director's view of all its services together. */
export interface ServerCounts {
  readonly healthy: number
  /** Not judged yet: then there is nothing to compare. */
  readonly unknown: number
  readonly total: number
}

export interface ServicesState {
  /** How many fewer this director sees, as far as it counts now. */
  readonly fewer: number
  /** Since when another number is seen; undefined while the same is. */
  readonly differsSince: Millis | undefined
}

export const servicesAtFirst: ServicesState = { fewer: 0, differsSince: undefined }

/**
 * Both directors see the same server fail, each in its own time, so a difference counts when it has lasted
 * for `hold`, and so does its end. Views of different sets of servers, and views of a director that has not
 * judged all of them, are not compared.
 */
export function compareServices(
  { hold }: Pick<ServicesTrackConfig, 'hold'>,
  state: ServicesState,
  own: ServerCounts | undefined,
  peer: ServerCounts | undefined,
  now: Millis,
): ServicesState {
  const fewer = own && peer && comparable(own, peer) ? Math.max(0, peer.healthy - own.healthy) : 0
  if (fewer === state.fewer) {
    return state.differsSince === undefined ? state : { fewer, differsSince: undefined }
  }
  const differsSince = state.differsSince ?? now
  if (now - differsSince >= hold) return { fewer, differsSince: undefined }
  return state.differsSince === undefined ? { ...state, differsSince } : state
}

const comparable = (own: ServerCounts, peer: ServerCounts): boolean =>
  own.total === peer.total && own.unknown === 0 && peer.unknown === 0

export function judgeServices(
  track: Pick<ServicesTrackConfig, 'weight' | 'perServer'>,
  { fewer }: ServicesState,
  peerName: string,
): Finding {
  if (fewer === 0) return { state: 'up', reason: `sees as many healthy servers as ${peerName}` }
  const reason = `${peerName} sees ${fewer} more healthy server${fewer === 1 ? '' : 's'}`
  return track.perServer
    ? { state: 'down', reason, delta: Math.max(-253, track.weight * fewer) }
    : { state: 'down', reason }
}
