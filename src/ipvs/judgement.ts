/** What is thought of a service as a whole, from what is thought of its servers. Pure but for what it remembers. */
import type { Millis } from '../base/units.js'
import type { VirtualServiceConfig } from '../config/model.js'
import type { JudgementFact } from './facts.js'
import { initialQuorum, type QuorumState, step as stepQuorum } from './quorum.js'

export class Judgement {
  private readonly quorums = new Map<string, QuorumState>()
  private news: JudgementFact[] = []

  copy(): Judgement {
    const copy = new Judgement()
    for (const [name, state] of this.quorums) copy.quorums.set(name, state)
    return copy
  }

  forget(service: string): void {
    this.quorums.delete(service)
  }

  /** As it was last found; undefined: not yet. */
  quorumOf(service: string): QuorumState | undefined {
    return this.quorums.get(service)
  }

  /** Takes what the servers that are up weigh, and answers whether that is enough. */
  weigh(service: VirtualServiceConfig, have: number, standsIn: boolean, now: Millis): boolean {
    const before = this.quorums.get(service.name) ?? initialQuorum(standsIn, have, now)
    const [state, effects] = stepQuorum(service, before, have, now)
    this.quorums.set(service.name, state)
    for (const effect of effects) this.news.push(quorumFact(service, effect.reached, have))
    return state.reached
  }

  /** What has to be told, once. */
  takeNews(): readonly JudgementFact[] {
    const { news } = this
    this.news = []
    return news
  }
}

function quorumFact(service: VirtualServiceConfig, reached: boolean, have: number): JudgementFact {
  const { name, quorum: needed, sorryServer } = service
  const weigh = `the servers that are up weigh ${have}, ${needed} needed`
  const then = sorryServer ? 'the sorry server stands in' : have > 0 ? 'they serve on' : 'nobody serves'
  const reason = reached ? weigh : `${weigh}; ${then}`
  return { type: 'quorumChanged', service: name, reached, have, needed, reason }
}
