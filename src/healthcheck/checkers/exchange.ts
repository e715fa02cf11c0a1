/** One HTTP request and its answer, on a connection that is there already. */

import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import got from 'got'
import http2 from 'http2-wrapper'
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import type { HttpCheckConfig } from '../../config/checks/http.js'
import type { HttpsCheckConfig } from '../../config/checks/https.js'
import type { Outcome } from '../outcome.js'
import type { TimeUp } from '../time-up.js'
import type { Connection } from './connection.js'
import type { Answer, Headers } from './http-answer.js'
import { brokenOff, outcomeOfHttpError } from './http-errors.js'
import { headerLimit, headersTooLong, type Phase, timedOut } from './http-judgement.js'

export interface ExchangePlan {
  readonly check: HttpCheckConfig | HttpsCheckConfig
  readonly target: Endpoint
  readonly connection: Connection
  readonly judge: () => Answer
}

interface Response {
  readonly statusCode: number
  readonly headers: Headers
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
}

/** Never rejects, and ends the connection. */
export function exchange(plan: ExchangePlan, timeUp: TimeUp): Promise<Outcome> {
  return new Promise((resolve) => {
    const { check, connection } = plan
    const answer = plan.judge()
    let phase: Phase = 'connecting'
    let stream: ClientHttp2Stream | undefined
    let finished = false
    let request: ReturnType<typeof openRequest> | undefined

    const finish = (outcome: Outcome) => {
      if (finished) return
      finished = true
      timeUp.removeEventListener('abort', onTimeUp)
      resolve(outcome)
    }
    /** Ends an exchange that is not over. */
    const cut = (outcome: Outcome) => {
      finish(outcome)
      // Not at once: destroying a socket while its reset is under way loses the descriptor (libuv: EINVAL).
      connection.reset(() => {
        request?.destroy()
        session?.destroy()
      })
    }
    const onTimeUp = () => cut(timedOut(phase === 'connecting' ? 'waiting' : phase, check.timeout))
    const onError = (error: unknown) => cut(outcomeOfHttpError(error, phase))

    const session =
      'http2' in check && check.http2
        ? openSession(plan, (opened) => {
            stream = opened
            phase = 'waiting'
          })
        : undefined
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    session?.once('error', onError)
    try {
      request = openRequest(plan, session)
    } catch (error) {
      cut(outcomeOfHttpError(error, phase))
      return
    }
    request.once('request', (sent) => {
      if (!session) phase = 'waiting'
      let interim = 0
      sent.on('information', ({ statusMessage, rawHeaders }: IncomingMessage) => {
        interim += interimLine + (statusMessage?.length ?? 0) + lengthOf(rawHeaders)
        if (interim > headerLimit) cut(headersTooLong)
      })
      sent.once('upgrade', ({ statusCode = 0, headers }: IncomingMessage) => {
        phase = 'reading'
        cut(answer.begin(statusCode, headers) ?? answer.end())
      })
    })
    request.once('response', ({ statusCode, headers, rawHeaders }: Response) => {
      phase = 'reading'
      const wrong = tooLong(rawHeaders) ?? answer.begin(statusCode, headers)
      if (wrong) cut(wrong)
    })
    request.on('data', (chunk: Buffer) => {
      const verdict = finished ? undefined : answer.add(chunk)
      if (verdict) cut(verdict)
    })
    request.once('end', () => {
      if (finished) return
      if (!stream) return finish(answer.end())
      // A stream that was broken off ends like any other.
      const judge = ({ rstCode }: ClientHttp2Stream) =>
        cut(rstCode === 0 ? answer.end() : brokenOff(rstCode, session?.destroyed === true))
      if (stream.closed) judge(stream)
      else stream.once('close', () => stream && judge(stream))
    })
    request.on('error', onError)
    if (timeUp.aborted) onTimeUp()
  })
}

/** `HTTP/1.1 102 ` and the ends of two lines. */
const interimLine = 17

const lengthOf = (rawHeaders: readonly string[] = []): number =>
  rawHeaders.reduce((sum, { length }) => sum + length, 0)

/** An HTTP/2 session asks its server for a limit, and does not insist on it. */
const tooLong = (rawHeaders: readonly string[]): Outcome | undefined =>
  lengthOf(rawHeaders) > headerLimit ? headersTooLong : undefined

const originOf = ({ check, target }: ExchangePlan): string => `${check.type}://${formatEndpoint(target)}`

/** `onStream`: gets the one stream of the request when it is opened. */
function openSession(plan: ExchangePlan, onStream: (stream: ClientHttp2Stream) => void): ClientHttp2Session {
  const session = connectHttp2(originOf(plan), {
    createConnection: () => plan.connection.socket,
    settings: { enablePush: false, maxHeaderListSize: headerLimit },
  })
  const { request } = session
  session.request = (...args) => {
    const stream = request.apply(session, args)
    onStream(stream)
    return stream
  }
  return session
}

function openRequest(plan: ExchangePlan, session: ClientHttp2Session | undefined) {
  const { check, connection } = plan
  const host = check.host ?? authorityOf(plan)
  return got.stream(`${originOf(plan)}${check.path}`, {
    method: check.method as 'GET',
    headers: {
      'user-agent': 'vipair',
      ...check.headers,
      ...(session ? { ':authority': host } : { host }),
    },
    ...(hasBody(check.method) && { body: '' }),
    ...(session
      ? {
          request: (url, { agent: _, ...options }, callback) =>
            http2.request(url, { ...options, h2session: session }, callback),
        }
      : { createConnection: () => connection.socket }),
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    maxHeaderSize: headerLimit,
  })
}

/** RFC 9110 section 4.2: a scheme's own port is left out. */
function authorityOf({ check, target }: ExchangePlan): string {
  const own = check.type === 'https' ? 443 : 80
  if (target.port !== own) return formatEndpoint(target)
  const address = formatIp(target.address)
  return target.address.family === 6 ? `[${address}]` : address
}

/** Got waits for the body of any other method, and sends nothing before it has come. */
const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'
