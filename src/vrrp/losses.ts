/** Notices that somebody took an Active's addresses off this machine, and has them claimed again. Holds no timer. */
import { equalIp, formatPrefix } from '../base/ip.js'
import type { Clock } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { LinkView } from './attachment.js'
import { holdingsOf } from './holdings.js'
import type { Slot } from './intake.js'
import type { Warnings } from './warnings.js'

/** Who removes them again and again is not fought: two claims are so far apart at least. */
export const pauseBetweenClaims = millis(5_000)

/** What is to be done. */
export type Verdict =
  | 'none'
  /** Something is missing in this view, which may be from before the claim was confirmed. */
  | 'lookAgain'
  | 'claim'
  /** It has been claimed a moment ago: after the pause. */
  | 'later'

export class Losses {
  private readonly suspected = new WeakSet<Slot>()
  private readonly claimedAt = new WeakMap<Slot, Millis>()

  constructor(
    private readonly clock: Clock,
    private readonly warnings: Warnings,
  ) {}

  /** `view`: what is on this machine. */
  judge(slot: Slot, view: LinkView): Verdict {
    const missing = missingOf(slot, view)
    if (missing.length === 0) {
      this.suspected.delete(slot)
      return 'none'
    }
    if (!this.suspected.has(slot)) {
      this.suspected.add(slot)
      return 'lookAgain'
    }
    const { name } = slot.router
    const last = this.claimedAt.get(slot)
    const now = this.clock.now()
    const again = last !== undefined && now < after(last, millis(2 * pauseBetweenClaims))
    this.warnings.say(
      name,
      'removed',
      () =>
        again
          ? `${missing.join(', ')} is removed from this machine again and again: find out by whom; it is claimed every ${pauseBetweenClaims / 1000} s`
          : `somebody removed ${missing.join(', ')} from this machine: claimed again`,
      { lasts: 2 * pauseBetweenClaims },
    )
    if (last !== undefined && now < after(last, pauseBetweenClaims)) return 'later'
    this.suspected.delete(slot)
    this.claimedAt.set(slot, now)
    return 'claim'
  }
}

/** Only of an Active whose addresses the kernel has confirmed. */
function missingOf({ router, attachment }: Slot, { addresses }: LinkView): readonly string[] {
  if (!attachment || !router.ownsAddresses) return []
  return holdingsOf(router.config, attachment).flatMap((holding) => {
    if (holding.kind !== 'address') return []
    const { on, address } = holding
    const there = addresses.some(
      ({ interfaceIndex, prefix }) =>
        interfaceIndex === on.index &&
        prefix.length === address.length &&
        equalIp(prefix.address, address.address),
    )
    return there ? [] : [`${formatPrefix(address)} of ${on.name}`]
  })
}
