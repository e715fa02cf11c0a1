/** What is known of a name, and for how long. Pure. */
import { compareIp, type IpAddress } from '../../base/ip.js'
import type { NameAnswer } from '../../base/ports.js'
import { after, type Millis, millis } from '../../base/units.js'

export interface KnownName {
  /** In numeric order, so that both directors take the same one; empty: there are none, `problem` says why. */
  readonly addresses: readonly IpAddress[]
  /** What went wrong with the latest question. */
  readonly problem: string | undefined
  /** It is asked for again from here on, in the background. */
  readonly refreshFrom: Millis
  /** And a check waits for the answer from here on. */
  readonly until: Millis
}

/** A time to live of zero would ask before each check. */
const shortest = 1_000
const longest = 3_600_000
/** For this long a missing name is not asked for again, nor a server that does not answer. */
const patience = millis(5_000)
/** Of the time to live: the rest is left for asking again. */
const fresh = 0.8

export function learn(before: KnownName | undefined, answer: NameAnswer, now: Millis): KnownName {
  const stale = after(now, patience)
  switch (answer.type) {
    case 'addresses': {
      const life = Math.min(longest, Math.max(shortest, answer.ttl * 1000))
      const addresses = [...answer.addresses].sort(compareIp)
      return {
        addresses,
        problem: undefined,
        refreshFrom: after(now, millis(life * fresh)),
        until: after(now, millis(life)),
      }
    }
    case 'none':
      return { addresses: [], problem: answer.reason, refreshFrom: stale, until: stale }
    case 'unanswered':
      // A resolver's failure says nothing about the name: the last answer stands (RFC 8767).
      return { addresses: before?.addresses ?? [], problem: answer.reason, refreshFrom: stale, until: stale }
  }
}

/** The first of the wanted family, or of the other one unless `only`. */
export const choose = (
  { addresses }: KnownName,
  family: IpAddress['family'],
  only: boolean,
): IpAddress | undefined =>
  addresses.find((address) => address.family === family) ?? (only ? undefined : addresses[0])
