/** A conversation over a stream, as far as it is no matter of sockets: one for each run of a check. */
import type { Outcome } from './outcome.js'

/** What comes next: words to the other side, the verdict, or neither while more must be read. */
export type Turn = { readonly say: string | Uint8Array } | { readonly verdict: Outcome } | undefined

/** Why nothing more comes. `late`: the check's time is up. */
export type Ending = 'closed' | 'reset' | 'late'

export interface Talk {
  /** The connection is there. @param local this side's address */
  open(local: string): Turn
  /** May be called with any cut of the stream, and keeps no view of the bytes. */
  read(bytes: Uint8Array): Turn
  end(ending: Ending): Outcome
}

/** `no banner within 400 ms`, `connection closed with no banner`. */
export function missing(what: string, ending: Ending, timeout: number): string {
  return ending === 'late' ? `no ${what} within ${timeout} ms` : `connection ${ending} with no ${what}`
}
