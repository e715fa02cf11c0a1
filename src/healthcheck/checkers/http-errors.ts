/** A failed exchange in words, and whose fault it is. */
import { http2ErrorName } from '../http2-errors.js'
import { failed, inconclusive, type Outcome } from '../outcome.js'
import { tlsWords } from '../tls-words.js'
import { codeOf, outcomeOfErrno } from './errno.js'
import { endedEarly, headersTooLong, notHttp, type Phase } from './http-judgement.js'

/** In the phase `connecting`, nothing of the request was sent. */
export function outcomeOfHttpError(error: unknown, phase: Phase): Outcome {
  const code = codeOf(error)
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLong
  if (code === 'HPE_INVALID_EOF_STATE') return endedEarly(phase, false)
  if (code.startsWith('HPE_')) return notHttp(phase)
  if (code === 'ECONNRESET' || code === 'EPIPE') return endedEarly(phase, isReset(error))
  const words = tlsWords(code)
  if (words !== undefined) return failed(words)
  // Refused before anything was sent: the request itself is impossible.
  if (phase === 'connecting' && /^ERR_(?!HTTP2_(SESSION_|STREAM_)?ERROR)/.test(code))
    return inconclusive(`cannot start: ${code}`)
  return outcomeOfHttp2(error, code, phase) ?? outcomeOfErrno(code)
}

function outcomeOfHttp2(error: unknown, code: string, phase: Phase): Outcome | undefined {
  const message = error instanceof Error ? error.message : ''
  switch (code) {
    case 'ERR_HTTP2_STREAM_ERROR':
      return failed(endedWords('stream', /NGHTTP2_(\w+)/.exec(message)?.[1] ?? message))
    case 'ERR_HTTP2_SESSION_ERROR':
      return failed(endedWords('session', http2ErrorName(Number(/\d+$/.exec(message)?.[0]))))
    case 'ERR_HTTP2_ERROR':
      return failed('not an HTTP/2 answer')
    // http2-wrapper's own errors have no code, and got gives them this one.
    case 'ERR_GOT_REQUEST_ERROR':
      return endedEarly(phase, false)
    default:
      return undefined
  }
}

/** A stream that ended with such a code before its answer was complete. */
export const brokenOff = (code: number, withSession: boolean): Outcome =>
  withSession ? endedEarly('reading', false) : failed(endedWords('stream', http2ErrorName(code)))

/** Node itself ends a stream with ENHANCE_YOUR_CALM when it has more than 128 headers. */
const endedWords = (what: 'stream' | 'session', name: string): string =>
  name === 'ENHANCE_YOUR_CALM'
    ? `the HTTP/2 ${what} ended early: more than 128 headers, or the server wants fewer requests (${name})`
    : `the server ended the HTTP/2 ${what} early (${name})`

/** Node calls an orderly close in the wrong place ECONNRESET too; the message tells them apart. */
const isReset = (error: unknown): boolean => error instanceof Error && /\b(read|write) E/.test(error.message)
