/** What operators asked of servers, in a file of the runtime directory: it outlives the daemon, not a boot. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { AdminAction, ServerOverride } from '../base/facts.js'
import { OpError } from '../base/result.js'

export class OverrideFile {
  constructor(private readonly path: string) {}

  /** A file that is missing, or was not written by us, says nothing. */
  read(): readonly ServerOverride[] {
    try {
      const found: unknown = JSON.parse(readFileSync(this.path, 'utf8'))
      return Array.isArray(found) ? found.flatMap((one) => overrideOf(one) ?? []) : []
    } catch {
      return []
    }
  }

  /** Whole or not at all. Throws `OpError`. */
  write(overrides: readonly ServerOverride[]): void {
    try {
      writeFileSync(`${this.path}.new`, `${JSON.stringify(overrides, null, 2)}\n`, { mode: 0o640 })
      renameSync(`${this.path}.new`, this.path)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
      throw new OpError('write', this.path, code, { cause: error })
    }
  }
}

const actions: Readonly<Record<AdminAction, true>> = {
  drain: true,
  quiesce: true,
  disable: true,
  weight: true,
}
const isAction = (value: unknown): value is AdminAction =>
  typeof value === 'string' && Object.hasOwn(actions, value)

function overrideOf(value: unknown): ServerOverride | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { service, server, action, weight, reason, since } = value as Readonly<Record<string, unknown>>
  if (typeof service !== 'string' || typeof server !== 'string' || !isAction(action)) return undefined
  if (typeof since !== 'number' || !Number.isFinite(since)) return undefined
  const whole = typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 65535
  if (action === 'weight' && !whole) return undefined
  const words = typeof reason === 'string' ? reason : undefined
  return {
    service,
    server,
    action,
    weight: action === 'weight' && whole ? weight : undefined,
    reason: words,
    since,
  }
}
