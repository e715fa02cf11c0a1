/** The settings that were changed, in a file of the runtime directory: gone with the machine's restart. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { OpError } from '../base/result.js'
import type { Remembered, SysctlMemory } from '../ipvs/sysctl-keeper.js'

export class SysctlFile implements SysctlMemory {
  constructor(private readonly path: string) {}

  read(): Readonly<Record<string, Remembered>> {
    try {
      const found: unknown = JSON.parse(readFileSync(this.path, 'utf8'))
      if (typeof found !== 'object' || found === null) return {}
      return Object.fromEntries(Object.entries(found).filter(([, value]) => isRemembered(value)))
    } catch {
      return {}
    }
  }

  /** Whole or not at all: half a file would make our values the machine's own. */
  write(changed: Readonly<Record<string, Remembered>>): void {
    try {
      writeFileSync(`${this.path}.new`, `${JSON.stringify(changed, null, 2)}\n`, { mode: 0o600 })
      renameSync(`${this.path}.new`, this.path)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
      throw new OpError('write', this.path, code, { cause: error })
    }
  }
}

const isRemembered = (value: unknown): value is Remembered =>
  typeof value === 'object' &&
  value !== null &&
  'before' in value &&
  'ours' in value &&
  typeof value.before === 'string' &&
  typeof value.ours === 'string'
