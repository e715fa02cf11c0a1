/** `http`: a request on a fresh connection is answered with an accepted status and body. */
import type { Socket } from 'node:net'
import got from 'got'
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import type { HttpCheckConfig } from '../../config/checks/http.js'
import { inconclusive, type Outcome } from '../outcome.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'
import {
  bodyLimit,
  endedEarly,
  headerLimit,
  headersTooLong,
  judgeBody,
  judgeStatus,
  notHttp,
  type Phase,
  timedOut,
} from './http-judgement.js'

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
    const onTimeUp = () => cut(timedOut(phase, check.timeout))

    request.once('request', (sent) => {
      sent.once('socket', (opened: Socket) => {
        socket = opened
        opened.once('connect', () => {
          phase = 'waiting'
        })
        if (finished) opened.destroy()
      })
      sent.once('upgrade', ({ statusCode }: { statusCode?: number }) => {
        phase = 'reading'
        status = statusCode ?? 0
        cut(judgeStatus(check, status) ?? judgeBody(pattern, status, body))
      })
    })
    request.once('response', (response: { statusCode: number }) => {
      phase = 'reading'
      status = response.statusCode
      const wrong = judgeStatus(check, status)
      if (wrong) cut(wrong)
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

/** Got waits for the body of any other method, and sends nothing before it has come. */
const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

function outcomeOfError(error: unknown, phase: Phase): Outcome {
  const code = codeOf(error)
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLong
  if (code === 'HPE_INVALID_EOF_STATE') return endedEarly(phase, false)
  if (code.startsWith('HPE_')) return notHttp(phase)
  if (code === 'ECONNRESET' || code === 'EPIPE') return endedEarly(phase, isReset(error))
  // Refused before a connection was tried: the request itself is impossible.
  if (phase === 'connecting' && code.startsWith('ERR_')) return inconclusive(`cannot start: ${code}`)
  return outcomeOfErrno(code)
}

/** Node calls an orderly close in the wrong place ECONNRESET too; the message tells them apart. */
const isReset = (error: unknown): boolean =>
  error instanceof Error && /\b(read|write) ECONNRESET\b/.test(error.message)
