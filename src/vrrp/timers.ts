/** The computed intervals of RFC 9568 section 6.1, and of RFC 3768 section 6.1 for version 2. */
import type { Millis, Priority } from '../base/units.js'
import { millis } from '../base/units.js'

/** What version 2 has in place of the interval. */
const second = 1_000

/**
 * Skew_Time: ((256 - priority) * Active_Adver_Interval) / 256; in version 2 (256 - priority) / 256 seconds,
 * whatever the interval is. The higher priority waits less, so that one Backup takes over before the
 * others' timers fire.
 */
export const skewTime = (priority: Priority, activeAdverInterval: Millis, version: 2 | 3 = 3): Millis =>
  millis(((256 - priority) * (version === 2 ? second : activeAdverInterval)) / 256)

/** Active_Down_Interval: 3 * Active_Adver_Interval + Skew_Time. */
export const activeDownInterval = (
  priority: Priority,
  activeAdverInterval: Millis,
  version: 2 | 3 = 3,
): Millis => millis(3 * activeAdverInterval + skewTime(priority, activeAdverInterval, version))
