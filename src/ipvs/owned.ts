/** What of the kernel's table is ours: remembered across runs. */
import type { Log } from '../base/ports.js'
import { OpError } from '../base/result.js'
import { sentence } from './problems.js'

/**
 * Ids of services and daemons that a director put into this kernel's table, kept where the next process
 * finds them, for as long as the kernel keeps the table itself.
 */
export interface Ownership {
  /** Empty when nothing is known. */
  read(): readonly string[]
  /** Throws `OpError`. */
  write(ids: readonly string[]): void
}

export class Owned {
  private known: ReadonlySet<string>

  constructor(
    private readonly ownership: Ownership,
    private readonly log: Log,
  ) {
    this.known = new Set(ownership.read())
  }

  get ids(): ReadonlySet<string> {
    return this.known
  }

  add(ids: Iterable<string>): void {
    this.keep(new Set([...this.known, ...ids]))
  }

  retain(ids: ReadonlySet<string>): void {
    this.keep(new Set([...this.known].filter((id) => ids.has(id))))
  }

  private keep(ids: ReadonlySet<string>): void {
    const same = ids.size === this.known.size && [...ids].every((id) => this.known.has(id))
    if (same) return
    this.known = ids
    try {
      this.ownership.write([...ids])
    } catch (error) {
      // It matters only to the next process, and only if the file loses a service while none runs.
      if (!(error instanceof OpError)) throw error
      this.log.warn(`what is ours cannot be remembered: ${sentence(error)}`)
    }
  }
}
