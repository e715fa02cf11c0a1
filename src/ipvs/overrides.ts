/** What operators asked of servers at run time, until they are enabled again. */
import type { ServerOverride } from '../base/facts.js'

const nameOf = (service: string, server: string): string => `${service}\0${server}`

export class Overrides {
  private readonly known: ReadonlyMap<string, ServerOverride>

  constructor(readonly all: readonly ServerOverride[] = []) {
    this.known = new Map(all.map((one) => [nameOf(one.service, one.server), one]))
  }

  of(service: string, server: string): ServerOverride | undefined {
    return this.known.get(nameOf(service, server))
  }

  /** Pairs that differ between the two; either is undefined where there is none. */
  *changes(next: Overrides): Iterable<readonly [ServerOverride | undefined, ServerOverride | undefined]> {
    for (const [name, before] of this.known) {
      const now = next.known.get(name)
      if (now === undefined || !equal(before, now)) yield [before, now]
    }
    for (const [name, now] of next.known) if (!this.known.has(name)) yield [undefined, now]
  }
}

const equal = (a: ServerOverride, b: ServerOverride): boolean =>
  a.action === b.action && a.weight === b.weight && a.since === b.since && a.reason === b.reason
