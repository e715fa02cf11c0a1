/** Remembers that this director is in maintenance, so that neither a crash nor an upgrade ends it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

export class MaintenanceFile {
  constructor(private readonly path: string) {}

  /** Why the operator wants it; undefined: no maintenance. */
  read(): string | undefined {
    try {
      return readFileSync(this.path, 'utf8').trim()
    } catch {
      return undefined
    }
  }

  /** Throws what the file system says. */
  write(reason: string | undefined): void {
    if (reason === undefined) rmSync(this.path, { force: true })
    else writeFileSync(this.path, `${reason}\n`, { mode: 0o640 })
  }
}
