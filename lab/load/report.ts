import type { FlowReport } from './flow.js'

export interface SessionsReport {
  readonly total: number
  /** Echoed a line that was sent since the window began. */
  readonly alive: number
  /** Reset, refused or closed. */
  readonly ended: number
  /** Of those established at least 3 s before the window began. */
  readonly older: { readonly total: number; readonly alive: number; readonly ended: number }
  /** How they ended, by reason. */
  readonly reasons: Readonly<Record<string, number>>
  readonly perServer: Readonly<Record<string, number>>
}

/** What the load saw since `mark`. */
export interface WindowReport {
  readonly name: string
  /** Milliseconds since it began. */
  readonly elapsed: number
  readonly tcp: FlowReport
  readonly udp: FlowReport
  readonly sessions: SessionsReport
  /** Longest delay of the load's own timer, ms: gaps of this size may be its own. */
  readonly stall: number
}

/** One line of the load's output. `window` is said once, when all requests of a closed window are settled. */
export interface LoadLine {
  readonly type: 'report' | 'window'
  readonly window: WindowReport
}
