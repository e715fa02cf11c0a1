/** Reads the file for a reload or a plan: only what changed in it, wherever that can be done. */
import { ok, type Result } from '../base/result.js'
import { readConfigFile } from '../config/load.js'
import type { Problem } from '../config/problem.js'
import { type Reading, readPieces } from '../config/reading.js'
import { sharing } from '../config/share.js'
import { loadApart } from './load-apart.js'

/** What may be parsed here takes some tens of milliseconds; more than that stalls nobody but its own process. */
const mostHere = 64 * 1024

export class ConfigReader {
  /** `known`: what the daemon runs with. */
  constructor(
    private readonly file: string,
    private known: Reading,
  ) {}

  /** Services that say the same as in the running configuration are its very objects. Never rejects. */
  async read(): Promise<Result<Reading, readonly Problem[]>> {
    const bytes = await readConfigFile(this.file)
    const here = bytes.ok ? readPieces(bytes.value, this.known, mostHere) : undefined
    const loaded = here ? ok(here) : await loadApart(this.file)
    if (!loaded.ok) return loaded
    return ok({ ...loaded.value, config: sharing(this.known.config, loaded.value.config) })
  }

  /** The daemon runs with it from now on. */
  applied(reading: Reading): void {
    this.known = reading
  }
}
