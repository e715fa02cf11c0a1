/** `http` without extras, on the platform's reactor: an eleventh of what a full HTTP client costs. */
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import type { Stream } from '../../base/ports.js'
import type { HttpCheckConfig } from '../../config/checks/http.js'
import { HttpResponse } from '../http-response.js'
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
import type { CheckTools } from './tools.js'

export const plainHttpChecker =
  ({ openStream }: CheckTools): Checker<HttpCheckConfig> =>
  (check, target, timeUp) =>
    new Promise((resolve) => {
      let stream: Stream | undefined
      let phase: Phase = 'connecting'
      const finish = (outcome: Outcome) => {
        timeUp.removeEventListener('abort', onTimeUp)
        stream?.reset()
        resolve(outcome)
      }
      const onTimeUp = () => finish(timedOut(phase, check.timeout))
      if (timeUp.aborted) {
        onTimeUp()
        return
      }
      try {
        const { pattern, start, host, end } = prepare(check)
        const response = new HttpResponse(check.method, headerLimit, pattern !== undefined)
        stream = openStream(
          { target, source: check.bind },
          {
            onConnected() {
              phase = 'waiting'
              stream?.send(Buffer.from(`${start}${host ?? hostOf(target)}${end}`, 'latin1'))
            },
            onData(bytes) {
              response.feed(bytes)
              if (phase === 'waiting' && response.status !== undefined) {
                phase = 'reading'
                const wrong = judgeStatus(check, response.status)
                if (wrong) {
                  finish(wrong)
                  return
                }
              }
              if (response.fault)
                finish(response.fault === 'headersTooLong' ? headersTooLong : notHttp(phase))
              else if (response.complete || response.bodyLength >= bodyLimit)
                finish(judgeBody(pattern, response.status ?? 0, response.body))
            },
            onEnd() {
              if (response.end()) finish(judgeBody(pattern, response.status ?? 0, response.body))
              else finish(endedEarly(phase, false))
            },
            onError(code) {
              const early = phase !== 'connecting' && (code === 'ECONNRESET' || code === 'EPIPE')
              finish(early ? endedEarly(phase, code === 'ECONNRESET') : outcomeOfErrno(code))
            },
          },
        )
        timeUp.addEventListener('abort', onTimeUp, { once: true })
      } catch (error) {
        const code = codeOf(error)
        finish(error instanceof SyntaxError ? inconclusive(`cannot start: ${code}`) : outcomeOfErrno(code))
      }
    })

/** What is the same each time: the request but for the value of its Host header. */
interface Prepared {
  readonly pattern: RegExp | undefined
  readonly start: string
  /** Undefined: the target's. */
  readonly host: string | undefined
  readonly end: string
}

const preparations = new WeakMap<HttpCheckConfig, Prepared>()

/** Throws `SyntaxError` for a pattern that is none. */
function prepare(check: HttpCheckConfig): Prepared {
  const known = preparations.get(check)
  if (known) return known
  const { method, path, headers, body } = check
  const fields = new Map([['user-agent', 'vipair']])
  for (const [name, value] of Object.entries(headers)) fields.set(name.toLowerCase(), value)
  const givenHost = check.host ?? fields.get('host')
  fields.delete('host')
  if (method !== 'GET' && method !== 'HEAD') fields.set('content-length', '0')
  fields.set('connection', 'close')
  const prepared = {
    pattern: body === undefined ? undefined : new RegExp(body),
    start: `${method} ${path} HTTP/1.1\r\nhost: `,
    host: givenHost,
    end: `\r\n${[...fields].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  }
  preparations.set(check, prepared)
  return prepared
}

/** RFC 9110 section 7.2: without the port where it is the scheme's own. */
function hostOf(target: Endpoint): string {
  if (target.port !== 80) return formatEndpoint(target)
  const address = formatIp(target.address)
  return target.address.family === 4 ? address : `[${address}]`
}
