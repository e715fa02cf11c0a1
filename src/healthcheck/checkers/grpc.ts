/** `grpc`: the standard health service says that it serves. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect } from 'node:net'
import { type Endpoint, formatEndpoint, formatIp } from '../../base/ip.js'
import type { GrpcCheckConfig } from '../../config/checks/grpc.js'
import { encodeHealthRequest, judgeHealth } from '../grpc-health.js'
import { failed, inconclusive, type Outcome } from '../outcome.js'
import { missing } from '../talk.js'
import type { Checker } from './checker.js'
import { codeOf, outcomeOfErrno } from './errno.js'

/** The answer needs seven bytes. */
const longestBody = 4096
const longestHeaders = 16 * 1024

export const checkGrpc: Checker<GrpcCheckConfig> = (check, target, timeUp) =>
  new Promise((resolve) => {
    let session: ClientHttp2Session
    try {
      session = openSession(check, target)
    } catch (error) {
      resolve(inconclusive(`cannot start: ${codeOf(error)}`))
      return
    }
    let connected = false
    let finished = false
    const finish = (outcome: Outcome) => {
      if (finished) return
      finished = true
      timeUp.removeEventListener('abort', onTimeUp)
      session.destroy()
      resolve(outcome)
    }
    const onTimeUp = () =>
      finish(failed(missing(connected ? 'complete answer' : 'answer to connect', 'late', check.timeout)))
    const onError = (error: unknown) => finish(outcomeOfError(error, connected, check.timeout))

    // These stay for good: an error after the verdict has nobody to tell.
    session.on('error', onError)
    session.once('close', () => finish(failed(missing('complete answer', 'closed', check.timeout))))
    session.once('connect', () => {
      connected = true
      if (finished) return
      const stream = ask(session, check)
      stream.on('error', onError)
      read(stream, check, finish)
    })
    timeUp.addEventListener('abort', onTimeUp, { once: true })
    if (timeUp.aborted) onTimeUp()
  })

function openSession(check: GrpcCheckConfig, target: Endpoint): ClientHttp2Session {
  return connectHttp2(`http://${formatEndpoint(target)}`, {
    createConnection: () =>
      connect({
        host: formatIp(target.address),
        port: target.port,
        ...(check.bind && { localAddress: formatIp(check.bind) }),
      }),
    settings: { enablePush: false, maxHeaderListSize: longestHeaders },
    maxSessionMemory: 1,
  })
}

function ask(session: ClientHttp2Session, { service, host, timeout }: GrpcCheckConfig): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ...(host !== undefined && { ':authority': host }),
    'content-type': 'application/grpc',
    te: 'trailers',
    // At most eight digits.
    'grpc-timeout': `${timeout}m`,
    'user-agent': 'vipair',
  })
  stream.end(encodeHealthRequest(service))
  return stream
}

function read(stream: ClientHttp2Stream, check: GrpcCheckConfig, finish: (outcome: Outcome) => void): void {
  const body: Buffer[] = []
  let length = 0
  let head: IncomingHttpHeaders | undefined
  let trailers: IncomingHttpHeaders | undefined
  stream.once('response', (headers) => {
    head = headers
  })
  stream.once('trailers', (headers) => {
    trailers = headers
  })
  stream.on('data', (bytes: Buffer) => {
    length += bytes.length
    if (length > longestBody) finish(failed(`an answer of more than ${longestBody} bytes`))
    else body.push(bytes)
  })
  // Not `end`: the trailers may come after it.
  stream.once('close', () => {
    if (!head) return finish(failed(missing('complete answer', 'closed', check.timeout)))
    const [status, message] = ['grpc-status', 'grpc-message'].map((name) =>
      textOf(trailers?.[name] ?? head?.[name]),
    )
    finish(judgeHealth({ httpStatus: Number(head[':status']), status, message, body: Buffer.concat(body) }))
  })
}

const textOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

function outcomeOfError(error: unknown, connected: boolean, timeout: number): Outcome {
  const code = codeOf(error)
  if (!code.startsWith('ERR_')) {
    if (!connected || !['ECONNRESET', 'EPIPE'].includes(code)) return outcomeOfErrno(code)
    return failed(missing('complete answer', code === 'EPIPE' ? 'closed' : 'reset', timeout))
  }
  const detail = error instanceof Error ? error.message : code
  return failed(`not a good HTTP/2 answer: ${detail}`)
}
