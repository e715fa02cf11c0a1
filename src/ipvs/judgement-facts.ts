/** Judgements in words. */
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import { changeWindow, mostChanges } from './damping.js'
import type { JudgementFact } from './facts.js'
import { type PanicEffect, patience } from './panic.js'

export function quorumFact(service: VirtualServiceConfig, reached: boolean, have: number): JudgementFact {
  const { name, quorum: needed, sorryServer } = service
  const weigh = `the servers that are up weigh ${have}, ${needed} needed`
  const then = sorryServer ? 'the sorry server stands in' : have > 0 ? 'they serve on' : 'nobody serves'
  const reason = reached ? weigh : `${weigh}; ${then}`
  return { type: 'quorumChanged', service: name, reached, have, needed, reason }
}

export function panicFact(
  { name: service }: VirtualServiceConfig,
  effect: PanicEffect,
  threshold: number,
): JudgementFact {
  if (effect.type === 'panicBegan') {
    const share = `more than ${Math.round(threshold * 100)} % at once`
    const reason = `${effect.failed} servers failed, ${share}: the check or the network is suspected, all are served on`
    return { type: 'panicChanged', service, panic: true, reason }
  }
  const { why, down } = effect
  const reason =
    why === 'believed'
      ? `${down} servers did not come back within ${patience / 1000} s, and others can serve: it is believed`
      : down === 0
        ? 'all that failed are back'
        : `enough are back; ${down} are down`
  return { type: 'panicChanged', service, panic: false, reason }
}

export const panicOffFact = (service: string): JudgementFact => {
  return { type: 'panicChanged', service, panic: false, reason: 'the file has no panic_threshold any more' }
}

/** `span` undefined: it is over. */
export function heldFact(service: string, server: string, span: Millis | undefined): JudgementFact {
  const reason =
    span === undefined
      ? 'its health has not changed meanwhile'
      : `its health changed more than ${mostChanges} times within ${changeWindow / 60_000} min; ` +
        `it is out until it has been up for ${span / 1000} s, unless too few others are up`
  return { type: 'serverHeld', service, server, held: span !== undefined, reason }
}
