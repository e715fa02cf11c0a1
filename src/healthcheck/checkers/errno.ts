/** Socket errors in words, and whose fault they are. */
import { failed, inconclusive, type Outcome } from '../outcome.js'

/** What the target, or the network on the way to it, answered. */
const theirs: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'no answer to connect, the kernel gave up',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host down',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network down',
}

/** What this machine could not do: no server may go down for it. */
const ours: Readonly<Record<string, string>> = {
  EMFILE: 'out of file descriptors in this process',
  ENFILE: 'out of file descriptors on this machine',
  ENOBUFS: 'out of socket buffers',
  ENOMEM: 'out of memory',
  EADDRNOTAVAIL: 'no free local port, or the bind address is not on this machine',
  EADDRINUSE: 'local address in use',
  EACCES: 'not permitted on this machine',
  EPERM: 'refused by the firewall of this machine',
  EAGAIN: 'out of send buffer or local ports',
  EINVAL: 'invalid local address',
}

/** What ECONNREFUSED means for a datagram. */
export const portUnreachable = 'port unreachable: nothing listens there'

/** What the machine or the network said for itself, at once: its other checks will hardly fare better. */
const outright: ReadonlySet<string | undefined> = new Set([
  portUnreachable,
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH'].map((code) => theirs[code]),
])

/** Nobody listens there, or there is no way to it: worth looking at the other checks of the machine. */
export const isOutright = (outcome: Outcome): boolean =>
  outcome.pass === false && outright.has(outcome.reason)

/** The outcome that a failed socket stands for; codes without words keep their name. */
export function outcomeOfErrno(code: string): Outcome {
  const fault = ours[code]
  return fault === undefined ? failed(theirs[code] ?? code) : inconclusive(`${fault} (${code})`)
}

/** The error's code, or its name where it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Of a check that could not even begin: a matter of this machine or of the file. */
export const notStarted = (error: unknown): Outcome =>
  inconclusive(`cannot start: ${error instanceof Error ? error.message : String(error)}`)
