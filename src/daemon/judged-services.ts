/** What the ipvs process last said of services as a whole. */
import type { JudgementFact } from '../ipvs/facts.js'

type ServiceFact = Exclude<JudgementFact, { type: 'serverHeld' }>

export interface JudgedService {
  readonly state: 'unhealthy' | 'panic'
  readonly reason: string
}

export class JudgedServices {
  private readonly lost = new Map<string, string>()
  private readonly panics = new Map<string, string>()

  learn(fact: ServiceFact): void {
    const [map, holds] =
      fact.type === 'quorumChanged' ? [this.lost, !fact.reached] : [this.panics, fact.panic]
    if (holds) map.set(fact.service, fact.reason)
    else map.delete(fact.service)
  }

  /** Undefined: nothing is wrong with it. Who is in a panic serves on, and so it is no matter of its quorum. */
  of(service: string): JudgedService | undefined {
    const panic = this.panics.get(service)
    if (panic !== undefined) return { state: 'panic', reason: panic }
    const lost = this.lost.get(service)
    return lost === undefined ? undefined : { state: 'unhealthy', reason: lost }
  }

  /** A new ipvs process says again what is so. Answers of which services something was known. */
  clear(): ReadonlySet<string> {
    const known = new Set([...this.lost.keys(), ...this.panics.keys()])
    this.lost.clear()
    this.panics.clear()
    return known
  }

  forget(gone: (service: string) => boolean): void {
    for (const map of [this.lost, this.panics])
      for (const name of map.keys()) if (gone(name)) map.delete(name)
  }
}
