/** `http`: a request on a fresh connection is answered with an accepted status and body. */
import type { Socket } from 'node:net'
import got from 'got'
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import type { HttpCheckConfig } from '../../config/checks/http.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import { matchBody } from './body.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'

/** More of a body is not read: the check ends there and judges what it has. */
const bodyLimit = 64 * 1024
/** Status line and headers together. */
const headerLimit = 16 * 1024

type Phase = 'connecting' | 'waiting' | 'reading'

export const checkHttp: Checker<HttpCheckConfig> = (check, target, timeUp) =>
  new Promise((resolve) => {
    let request: ReturnType<typeof openRequest>
    let pattern: RegExp | undefined
    try {
      if (check.body !== undefined) pattern = new RegExp(check.body)
      request = openRequest(check, target)
    } catch (error) {
      resolve(inconclusive(`cannot start: ${codeOf(error)}`))
      return
    }
    let phase: Phase = 'connecting'
    let socket: Socket | undefined
    let status = 0
    let size = 0
    const body: Buffer[] = []
    let finished = false

    const finish = (outcome: Outcome) => {
      if (finished) return
      finished = true
      timeUp.removeEventListener('abort', onTimeUp)
      resolve(outcome)
    }
    /** Ends an exchange that is not over. A reset leaves no half-closed socket and no TIME_WAIT behind. */
    const cut = (outcome: Outcome) => {
      finish(outcome)
      if (phase === 'connecting' || !socket || socket.destroyed) {
        request.destroy()
        return
      }
      // Not at once: destroying a socket while its reset is under way loses the descriptor (libuv: EINVAL).
      socket.once('close', () => request.destroy())
      socket.resetAndDestroy()
    }
    const onTimeUp = () => cut(failed(`${missing[phase]} within ${check.timeout} ms`))

    request.once('request', (sent) => {
      sent.once('socket', (opened: Socket) => {
        socket = opened
        opened.once('connect', () => {
          phase = 'waiting'
        })
        if (finished) opened.destroy()
      })
    })
    request.once('response', (response: { statusCode: number }) => {
      phase = 'reading'
      status = response.statusCode
      if (!accepted(check, status)) cut(failed(`status ${status}, expected ${formatRanges(check)}`))
    })
    request.on('data', (chunk: Buffer) => {
      if (finished) return
      body.push(chunk)
      size += chunk.length
      if (size >= bodyLimit) cut(judgeBody(pattern, status, body))
    })
    request.once('end', () => finish(judgeBody(pattern, status, body)))
    request.on('error', (error) => finish(outcomeOfError(error, phase)))
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })

const missing: Readonly<Record<Phase, string>> = {
  connecting: 'no answer to connect',
  waiting: 'no complete answer header',
  reading: 'no complete body',
}

function openRequest(check: HttpCheckConfig, target: Endpoint) {
  return got.stream(`http://${formatEndpoint(target)}${check.path}`, {
    method: check.method as 'GET',
    headers: {
      'user-agent': 'vipair',
      ...check.headers,
      ...(check.host !== undefined && { host: check.host }),
    },
    ...(hasBody(check.method) && { body: '' }),
    ...(check.bind && { localAddress: formatIp(check.bind) }),
    // No agent: every check proves a connection of its own, closed afterwards.
    agent: { http: false },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    maxHeaderSize: headerLimit,
  })
}

const hasBody = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)

const accepted = (check: HttpCheckConfig, status: number): boolean =>
  check.status.some((range) => status >= range.from && status <= range.to)

const formatRanges = (check: HttpCheckConfig): string =>
  check.status.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')

function judgeBody(pattern: RegExp | undefined, status: number, chunks: readonly Buffer[]): Outcome {
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

function outcomeOfError(error: unknown, phase: Phase): Outcome {
  const code = codeOf(error)
  if (code === 'HPE_HEADER_OVERFLOW') return failed(`headers longer than ${headerLimit / 1024} KiB`)
  if (code.startsWith('HPE_')) return failed(`not an HTTP answer (${code})`)
  if (code === 'ECONNRESET' || code === 'EPIPE') return failed(outcomeOfClose(error, phase))
  // Refused before a connection was tried: the request itself is impossible.
  if (phase === 'connecting' && code.startsWith('ERR_')) return inconclusive(`cannot start: ${code}`)
  return outcomeOfErrno(code)
}

/** Node calls an orderly close in the wrong place ECONNRESET too; the message tells them apart. */
function outcomeOfClose(error: unknown, phase: Phase): string {
  const reset = error instanceof Error && /\b(read|write) ECONNRESET\b/.test(error.message)
  const what = reset ? 'connection reset' : 'connection closed'
  return phase === 'reading' ? `${what} in the middle of the body` : `${what} before an answer`
}
