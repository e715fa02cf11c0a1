/** What the healthcheck process lends its checkers: each kind takes what it needs. */
import type { OpenStream } from '../../base/ports.js'

export interface CheckTools {
  readonly openStream: OpenStream
}
