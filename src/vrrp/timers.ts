/** The computed intervals of RFC 9568 section 6.1. */
import type { Millis, Priority } from '../base/units.js'
import { millis } from '../base/units.js'

/**
 * Skew_Time: ((256 - priority) * Active_Adver_Interval) / 256. The higher priority waits less, so that one
 * Backup takes over before the others' timers fire.
 */
export const skewTime = (priority: Priority, activeAdverInterval: Millis): Millis =>
  millis(((256 - priority) * activeAdverInterval) / 256)

/** Active_Down_Interval: 3 * Active_Adver_Interval + Skew_Time. */
export const activeDownInterval = (priority: Priority, activeAdverInterval: Millis): Millis =>
  millis(3 * activeAdverInterval + skewTime(priority, activeAdverInterval))
