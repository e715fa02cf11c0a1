/** What the healthcheck process lends its checkers: each kind takes what it needs. */
import type { OpenStream } from '../../base/ports.js'
import type { Pinger } from './pinger.js'
import type { RunCheckProgram } from './script.js'
import type { TlsContexts } from './tls-contexts.js'

export interface CheckTools {
  readonly openStream: OpenStream
  /** Absent: no check is of ICMP, or none can be. */
  readonly pinger?: Pick<Pinger, 'ping'>
  /** Absent: no check has files. */
  readonly contexts?: TlsContexts
  /** Absent: no program can be run here. */
  readonly runProgram?: RunCheckProgram
}
