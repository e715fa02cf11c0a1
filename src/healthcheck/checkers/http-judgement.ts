/** What an HTTP answer is worth, in the same words whichever engine has read it. */
import type { RequestConfig } from '../../config/checks/http.js'
import { failed, type Outcome, passed } from '../outcome.js'
import { matchBody } from './body.js'

/** More of a body is not read: the check ends there and judges what it has. */
export const bodyLimit = 64 * 1024
/** Status line and headers together. */
export const headerLimit = 16 * 1024

export type Phase = 'connecting' | 'waiting' | 'reading'

const missing: Readonly<Record<Phase, string>> = {
  connecting: 'no answer to connect',
  waiting: 'no complete answer header',
  reading: 'no complete body',
}

export const timedOut = (phase: Phase, timeout: number): Outcome =>
  failed(`${missing[phase]} within ${timeout} ms`)

/** Undefined when the status is one of those that the check accepts. */
export function judgeStatus(check: Pick<RequestConfig, 'status'>, status: number): Outcome | undefined {
  if (check.status.some((range) => status >= range.from && status <= range.to)) return undefined
  const ranges = check.status.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  return failed(`status ${status}, expected ${ranges.join(', ')}`)
}

export function judgeBody(
  pattern: RegExp | undefined,
  status: number,
  chunks: readonly Uint8Array[],
): Outcome {
  if (!pattern) return passed(`status ${status}`)
  const text = Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8')
  switch (matchBody(pattern, text)) {
    case 'match':
      return passed(`status ${status}, body matches`)
    case 'noMatch':
      return failed(`body does not match ${pattern}`)
    case 'gaveUp':
      return failed(`body pattern ${pattern} took too long on this body`)
  }
}

export const headersTooLong: Outcome = failed(`headers longer than ${headerLimit / 1024} KiB`)

/** What came breaks the rules of HTTP/1.1. */
export const notHttp = (phase: Phase): Outcome =>
  failed(phase === 'reading' ? 'the body is not valid HTTP' : 'not a valid HTTP answer')

/** The connection ended, by a reset or in good order, where more had to come. */
export function endedEarly(phase: Phase, reset: boolean): Outcome {
  const what = reset ? 'connection reset' : 'connection closed'
  return failed(phase === 'reading' ? `${what} in the middle of the body` : `${what} before an answer`)
}
