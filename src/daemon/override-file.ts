/** What operators said of servers, in a file of the runtime directory: it outlives the daemon. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { AdminAction } from '../base/facts.js'
import { OpError } from '../base/result.js'
import type { Millis } from '../base/units.js'
import { largestCounter, type OperatorWord } from './peer/operator-word.js'

export interface RememberedWord extends OperatorWord {
  /** When this director learned it, on its monotonic clock. */
  readonly since: Millis
}

export class OverrideFile {
  constructor(
    private readonly path: string,
    /** Of this boot: in another one, `since` says nothing. */
    private readonly boot: string,
  ) {}

  /** A file that is missing, or was not written by us, says nothing. Of another boot, all begins `now`. */
  read(now: Millis): readonly RememberedWord[] {
    try {
      const found: unknown = JSON.parse(readFileSync(this.path, 'utf8'))
      if (Array.isArray(found)) return found.flatMap((one) => wordOf(one, now) ?? [])
      const { boot, words } = found as Readonly<Record<string, unknown>>
      if (!Array.isArray(words)) return []
      const read = words.flatMap((one) => wordOf(one, now) ?? [])
      return boot === this.boot ? read : read.map((word) => ({ ...word, since: now }))
    } catch {
      return []
    }
  }

  /** Whole or not at all. Throws `OpError`. */
  write(words: readonly RememberedWord[]): void {
    const { boot } = this
    try {
      writeFileSync(`${this.path}.new`, `${JSON.stringify({ boot, words }, null, 2)}\n`, { mode: 0o640 })
      renameSync(`${this.path}.new`, this.path)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
      throw new OpError('write', this.path, code, { cause: error })
    }
  }
}

const actions: Readonly<Record<AdminAction | 'enable', true>> = {
  enable: true,
  drain: true,
  quiesce: true,
  disable: true,
  weight: true,
}
const isAction = (value: unknown): value is AdminAction | 'enable' =>
  typeof value === 'string' && Object.hasOwn(actions, value)
const isWhole = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most

/** One of an earlier version has neither counter nor director: any other word is newer. */
function wordOf(value: unknown, now: Millis): RememberedWord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { service, server, action, weight, reason, since, counter, director } = value as Readonly<
    Record<string, unknown>
  >
  if (typeof service !== 'string' || typeof server !== 'string' || !isAction(action)) return undefined
  if (typeof since !== 'number' || !Number.isFinite(since)) return undefined
  const whole = isWhole(weight, 65535)
  if (action === 'weight' && !whole) return undefined
  return {
    service,
    server,
    action,
    weight: action === 'weight' && whole ? weight : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
    counter: isWhole(counter, largestCounter) ? counter : 0,
    director: typeof director === 'string' ? director : '',
    // A clock that began anew would put it into the future.
    since: Math.min(since, now) as Millis,
  }
}
