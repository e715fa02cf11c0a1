/** What is known about one tracked thing, and what all of them together mean for the election. */

/** `unknown` until it was looked at for the first time. */
export type TrackState = 'unknown' | 'up' | 'down'

export interface Finding {
  readonly state: TrackState
  /** One line: why. */
  readonly reason: string
  /** Replaces the configured weight: what the thing itself says is to be added to the priority now. */
  readonly delta?: number
}

/** A finding with the name and the weight that the file gives to the thing. */
export interface Verdict extends Finding {
  readonly name: string
  /** Undefined: down is a fault. */
  readonly weight: number | undefined
}

export const unknownFinding = (reason: string): Finding => ({ state: 'unknown', reason })
