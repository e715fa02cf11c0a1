/**
 * Whether enough of a service is up, as keepalived.conf(5) means it: the weights of the live servers count,
 * and a hysteresis keeps a service at the edge from going to and fro.
 */
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'

export type QuorumParams = Pick<VirtualServiceConfig, 'quorum' | 'quorumHysteresis'>

export interface QuorumState {
  readonly reached: boolean
  /** What the servers that are up weigh together, slow starts counted as risen. */
  readonly have: number
  /** Since `reached` is what it is. */
  readonly since: Millis
}

export interface QuorumEffect {
  readonly type: 'quorumChanged'
  readonly reached: boolean
}

/** `standsIn`: the sorry server is in the kernel, so it was lost when an earlier process looked last. */
export const initialQuorum = (standsIn: boolean, have: number, now: Millis): QuorumState => ({
  reached: !standsIn,
  have,
  since: now,
})

/** Without any weight it is lost, whatever the hysteresis. */
export function step(
  { quorum, quorumHysteresis }: QuorumParams,
  state: QuorumState,
  have: number,
  now: Millis,
): readonly [QuorumState, readonly QuorumEffect[]] {
  const least = Math.max(1, state.reached ? quorum - quorumHysteresis : quorum + quorumHysteresis)
  const reached = have >= least
  if (reached !== state.reached) return [{ reached, have, since: now }, [{ type: 'quorumChanged', reached }]]
  return [have === state.have ? state : { ...state, have }, []]
}
