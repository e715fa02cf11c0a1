/**
 * Events in a file: appended as they come, written anew when most of its lines are no longer kept. Nothing waits
 * for it: a disk that is full, or hangs, costs the file and nothing else.
 */
import { appendFile, open, rename, rm } from 'node:fs/promises'
import type { DirectorEvent } from '../../base/events.js'
import type { Clock, Log, Timer } from '../../base/ports.js'
import { after, millis } from '../../base/units.js'
import { eventLine } from './event-lines.js'

/** Between two attempts at a disk that refuses. */
const retryAfter = millis(10_000)
/** A file twice as long as what is kept, and this many lines, is written anew. */
const slack = 1_000
/** More lines than these wait only while the disk does not answer; then the whole is written when it does. */
const mostWaiting = 10_000

export class JournalFile {
  /** Why events are not written now. */
  failure: string | undefined
  private waiting: string[] = []
  /** In the file, as far as it is ours. */
  private lines: number
  private writing: Promise<void> | undefined
  private retry: Timer | undefined
  private closed = false

  /** `lines`: how many it has; undefined: it is to be written anew, whatever it has. */
  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly kept: () => readonly DirectorEvent[],
    lines: number | undefined,
  ) {
    this.lines = lines ?? 0
    this.whole = lines === undefined
  }

  /** What is in the file is not what is kept. */
  private whole: boolean

  /** Those are kept already. */
  add(events: readonly DirectorEvent[]): void {
    if (this.retry) return
    if (this.waiting.length + events.length > mostWaiting) this.writeWhole()
    else this.waiting.push(...events.map(eventLine))
    this.go()
  }

  /** Resolves when everything is written, or cannot be. */
  async close(): Promise<void> {
    this.closed = true
    this.retry?.cancel()
    while (this.writing) await this.writing
  }

  private writeWhole(): void {
    this.whole = true
    this.waiting = []
  }

  private go(): void {
    if (this.writing || this.retry || (this.waiting.length === 0 && !this.whole)) return
    this.writing = this.write()
      .then(() => {
        if (this.failure !== undefined) this.log.info(`events are written to ${this.path} again`)
        this.failure = undefined
      })
      .catch((error: unknown) => this.failed(error))
      .then(() => {
        this.writing = undefined
        this.go()
      })
  }

  private async write(): Promise<void> {
    const lines = this.waiting.splice(0)
    const kept = this.kept()
    if (this.whole || this.lines + lines.length > 2 * kept.length + slack) {
      this.whole = false
      await this.replace(kept.map(eventLine).join(''))
      this.lines = kept.length
      return
    }
    await appendFile(this.path, lines.join(''), { mode: 0o640, flush: true })
    this.lines += lines.length
  }

  /** Whole or not at all: whoever reads, or dies, meets the one file or the other. */
  private async replace(text: string): Promise<void> {
    const fresh = `${this.path}.new`
    try {
      const file = await open(fresh, 'w', 0o640)
      try {
        await file.writeFile(text)
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(fresh, this.path)
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {})
      throw error
    }
  }

  private failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.failure === undefined) this.log.warn(`events are kept in memory only: ${reason}`)
    this.failure = reason
    this.writeWhole()
    if (this.closed) {
      this.whole = false
      return
    }
    this.retry = this.clock.at(after(this.clock.now(), retryAfter), () => {
      this.retry = undefined
      this.go()
    })
  }
}
