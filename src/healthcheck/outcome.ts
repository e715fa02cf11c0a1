import type { AskedWeight } from '../base/facts.js'

/** What one run of a check found. */
export type Outcome = Pass | Failure | Inconclusive

export interface Pass {
  readonly pass: true
  /** What was seen: `connected`, `status 200`. */
  readonly detail: string
  /** In place of the server's own weight. */
  readonly asked?: AskedWeight
  /** What will soon, or should not, be so: `certificate expires on 2026-11-29, in 6 days`. */
  readonly warning?: string
}

export interface Failure {
  readonly pass: false
  /** What was seen, in words: `connection refused`. */
  readonly reason: string
}

/**
 * Nothing was learnt about the server, because the fault is this machine's: no descriptor, no free local
 * port, a firewall of ours. Counts neither way.
 */
export interface Inconclusive {
  readonly pass: undefined
  readonly reason: string
}

export const passed = (detail: string, asked?: AskedWeight): Pass =>
  asked === undefined ? { pass: true, detail } : { pass: true, detail, asked }
/** The outcome, with one more warning when it is a pass. */
export function warned(outcome: Outcome, warning: string | undefined): Outcome {
  if (!outcome.pass || warning === undefined) return outcome
  return { ...outcome, warning: outcome.warning === undefined ? warning : `${outcome.warning}; ${warning}` }
}
export const failed = (reason: string): Failure => ({ pass: false, reason })
export const inconclusive = (reason: string): Inconclusive => ({ pass: undefined, reason })

/** The outcome's words, whichever way it went. */
export const outcomeText = (outcome: Outcome): string => (outcome.pass ? outcome.detail : outcome.reason)
