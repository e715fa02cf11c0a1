/** What the client and the responders say, one JSON value a line. Moments are `monotonic()`. */

export type Kind = 'udp' | 'tcp'

/** One settled request: when it was sent, when and by whom it was answered; undefined: not within the limit. */
export interface Request {
  readonly kind: Kind
  readonly sentAt: number
  readonly answeredAt?: number
  readonly by?: string
  /** TCP: begun with one director and gone on with the other, which does not know it. */
  readonly reset?: boolean
}

export interface ClientLine {
  readonly requests: readonly Request[]
  /** The longest delay of the client's own timer since the last line, ms: holes of this size are its own. */
  readonly stall: number
  readonly at: number
}

/** The director began or ceased to hold the virtual address. */
export interface HoldLine {
  readonly at: number
  readonly holds: boolean
}

export const servicePorts = { udp: 7000, tcp: 7001 } as const
