/**
 * What the kernel has confirmed of one Active's holdings. A route or rule that it refuses costs no role that is
 * held already, and not the second attempt to take one: the addresses without it serve better than nobody does.
 */
import type { Clock } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import { type Holding, keyOf } from './holdings.js'

/** Until what was refused is tried again. */
export const retryRefusedAfter = millis(5_000)

export class Confirmed {
  private keys: ReadonlySet<string> | undefined
  private term = 0
  private refused: Millis | undefined

  constructor(private readonly clock: Clock) {}

  /** Everything is released: the next claim begins anew. */
  forget(): void {
    this.term++
    this.keys = undefined
    this.refused = undefined
  }

  /** One attempt to have it all. `claimFailures`: refusals in a row before it. */
  begin(claimFailures: number): Attempt {
    const { term, keys } = this
    const had = new Set<string>()
    let without: string | undefined
    return {
      verdict: (holding, failure) => {
        const key = keyOf(holding)
        if (failure === undefined) {
          had.add(key)
          return undefined
        }
        const spared = keys ? !keys.has(key) : claimFailures > 0
        if (!spared || (holding.kind !== 'route' && holding.kind !== 'rule')) return failure
        without ??= failure
        return undefined
      },
      succeeded: () => {
        if (term !== this.term) return undefined
        this.keys = had
        this.refused = without === undefined ? undefined : this.clock.now()
        return without
      },
    }
  }

  /** Something is to be tried again: now, or later. */
  get retry(): 'none' | 'later' | 'now' {
    if (this.refused === undefined) return 'none'
    return this.clock.now() >= after(this.refused, retryRefusedAfter) ? 'now' : 'later'
  }
}

export interface Attempt {
  /** What of a holding's failure counts. */
  verdict(holding: Holding, failure: string | undefined): string | undefined
  /** Everything that counts is there; answers why something else is not. */
  succeeded(): string | undefined
}
