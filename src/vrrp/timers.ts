/** The computed intervals of RFC 9568 section 6.1, of RFC 3768 section 6.1 for version 2, and of a pair. */
import { unreachable } from '../base/result.js'
import type { Millis, Priority } from '../base/units.js'
import { millis } from '../base/units.js'

/** What version 2 has in place of the interval. */
const second = 1_000

/**
 * By which rule a Backup waits: `pair` where nobody but the two directors can take part. Its one Backup needs no
 * room for others behind it, only for a third advertisement that comes late and for the order of two Backups.
 */
export type SkewRule = 2 | 3 | 'pair'

/**
 * Skew_Time: the higher priority waits less, so that one Backup takes over before the others' timers fire.
 *
 * | rule    |                                                                         |
 * |---------|-------------------------------------------------------------------------|
 * | version 3 | ((256 - priority) * Active_Adver_Interval) / 256                      |
 * | version 2 | (256 - priority) / 256 seconds, whatever the interval is              |
 * | pair    | an eighth of the interval, and a quarter of version 3's: 0.28 intervals at priority 100 |
 */
export function skewTime(priority: Priority, activeAdverInterval: Millis, rule: SkewRule = 3): Millis {
  const share = (256 - priority) / 256
  switch (rule) {
    case 2:
      return millis(share * second)
    case 3:
      return millis(share * activeAdverInterval)
    case 'pair':
      return millis((1 / 8 + share / 4) * activeAdverInterval)
    default:
      return unreachable(rule)
  }
}

/** Active_Down_Interval: 3 * Active_Adver_Interval + Skew_Time. */
export const activeDownInterval = (
  priority: Priority,
  activeAdverInterval: Millis,
  rule: SkewRule = 3,
): Millis => millis(3 * activeAdverInterval + skewTime(priority, activeAdverInterval, rule))
