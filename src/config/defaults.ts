/** Defaults that depend on where something stands. */

/** Of the first and the second director. */
export const defaultPriorities = [150, 100] as const
