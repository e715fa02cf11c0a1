/** Remembers what of the kernel's table is ours, beside the control socket: both end with the machine. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { OpError } from '../base/result.js'
import type { Ownership } from '../ipvs/owned.js'

/** A service's id is some dozens of bytes: nobody has more than this. */
const largestList = 100_000

export class OwnershipFile implements Ownership {
  constructor(private readonly path: string) {}

  /** A file that is missing or was not written by us says nothing. */
  read(): readonly string[] {
    try {
      const ids: unknown = JSON.parse(readFileSync(this.path, 'utf8'))
      return Array.isArray(ids) && ids.length <= largestList && ids.every((id) => typeof id === 'string')
        ? ids
        : []
    } catch {
      return []
    }
  }

  /** Whole or not at all. */
  write(ids: readonly string[]): void {
    try {
      writeFileSync(`${this.path}.new`, `${JSON.stringify(ids)}\n`, { mode: 0o640 })
      renameSync(`${this.path}.new`, this.path)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
      throw new OpError('write', this.path, code)
    }
  }
}
