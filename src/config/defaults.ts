/** Defaults that depend on where something stands, or on another key. */
import { type Millis, millis } from '../base/units.js'

/** Of the first and the second director. */
export const defaultPriorities = [150, 100] as const

/** Of VRRP version 2, which counts in whole seconds (RFC 3768 section 5.3.7). */
export const defaultInterval2: Millis = millis(1000)

/** Of spans where `"0s"` means none. */
export const unlessZero = (span: Millis | undefined): Millis | undefined => (span === 0 ? undefined : span)
