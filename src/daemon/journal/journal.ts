/** What happened on this director: kept in memory, in a file where there is one, and told to whoever follows. */
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DirectorEvent, EventType } from '../../base/events.js'
import type { Clock, Log } from '../../base/ports.js'
import { readEventLines } from './event-lines.js'
import { JournalFile } from './journal-file.js'
import { type EventQuery, KeptEvents } from './kept-events.js'

export const journalName = 'events.jsonl'

/** Several times what is ever written: something larger is not ours. */
const largestFile = 64 * 1024 * 1024

export type Follower = (events: readonly DirectorEvent[]) => void

export class Journal {
  private readonly followers = new Set<Follower>()
  private file: JournalFile | undefined
  /** Why there is no file at all. */
  private missing: string | undefined

  constructor(private readonly kept = new KeptEvents()) {}

  /**
   * Reads what the directory has, and goes on there. Whatever is wrong with it is a line in the log.
   * `claim` makes sure that nobody else writes there: undefined, or who does.
   */
  open(directory: string, clock: Clock, log: Log, claim: () => string | undefined): void {
    const path = join(directory, journalName)
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 })
      const other = claim()
      if (other !== undefined) throw new Error(`${other} writes its events to ${directory}`)
      this.file = new JournalFile(path, clock, log, () => this.kept.all, this.read(path, log))
    } catch (error) {
      this.missing = error instanceof Error ? error.message : String(error)
      log.warn(`events are kept in memory only: ${this.missing}`)
    }
  }

  /** How many lines the file has; undefined: it is not as it should be. */
  private read(path: string, log: Log): number | undefined {
    const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (size === 0) return 0
    if (size > largestFile) {
      log.warn(`${path}: ${size} bytes are not a journal of events; it is begun anew`)
      return undefined
    }
    const { events, torn, foreign } = readEventLines(readFileSync(path, 'utf8'))
    for (const event of events) this.kept.add(event)
    if (torn) log.warn(`${path}: the last line was not written to its end, and is dropped`)
    if (foreign > 0) log.warn(`${path}: ${foreign} lines are no events, and are dropped`)
    return torn || foreign > 0 ? undefined : events.length
  }

  /** Why events are not written to a file, for the status. */
  get failure(): string | undefined {
    return this.missing ?? this.file?.failure
  }

  get newest(): DirectorEvent | undefined {
    return this.kept.newest
  }

  latest(type: EventType): DirectorEvent | undefined {
    return this.kept.latest(type)
  }

  add(events: readonly DirectorEvent[]): void {
    for (const event of events) this.kept.add(event)
    this.file?.add(events)
    for (const follower of this.followers) follower(events)
  }

  /** Oldest first. */
  select(query: EventQuery): readonly DirectorEvent[] {
    return this.kept.select(query)
  }

  get following(): number {
    return this.followers.size
  }

  /** Until the answer is called. */
  follow(follower: Follower): () => void {
    this.followers.add(follower)
    return () => this.followers.delete(follower)
  }

  close(): Promise<void> {
    return this.file?.close() ?? Promise.resolve()
  }
}
