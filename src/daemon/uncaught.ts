/** What a bug throws: one line in the log's own format, and the end of its process. */
import type { Log } from '../base/ports.js'
import { placesInSource } from './source-places.js'

/** A log line has a limit, and the frames that matter come first. */
const longestStack = 2_000
const exitFailed = 1

/** Where it was thrown is a field, so that a reader of lines gets one. */
export function logBug(log: Log, what: string, error: unknown): void {
  if (!(error instanceof Error)) {
    log.error(`${what}: ${String(error)}`)
    return
  }
  log.error(`${what}: ${error.message}`, { stack: placesInSource(error.stack ?? '').slice(0, longestStack) })
}

/** Also for promises that nobody waits for. Its supervisor starts the process again from the configuration. */
export function exitOnUncaught(log: Log): void {
  process.on('uncaughtException', (error) => {
    logBug(log, 'uncaught', error)
    process.exit(exitFailed)
  })
}
