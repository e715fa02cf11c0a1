import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { millis } from '../../src/base/units.js'
import type { HttpsCheckConfig } from '../../src/config/checks/https.js'
import { httpChecker } from '../../src/healthcheck/checkers/http.js'
import { TlsContexts } from '../../src/healthcheck/checkers/tls-contexts.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { Authority, type Certified } from './certificates.js'
import { noSocketStays } from './descriptors.js'
import { endpoint, httpsCheck } from './samples.js'
import { pour, type TestServer } from './servers.js'
import { listenTls } from './tls-servers.js'

const patient = millis(20_000)
const brief = millis(400)

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

async function listenHttp2({ cert, key }: Certified, handle: Handler): Promise<TestServer> {
  const sockets = new Set<Socket>()
  const server = createSecureServer({ cert, key })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    handle(stream, headers)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: endpoint(`127.0.0.1:${(server.address() as AddressInfo).port}`),
    accepted: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** RFC 9113 section 4.1. */
function frame(
  type: number,
  flags: number,
  stream: number,
  payload: readonly number[] | string = [],
): Buffer {
  const body = Buffer.from(payload as string)
  const header = Buffer.alloc(9)
  header.writeUIntBE(body.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, body])
}
const settings = frame(4, 0, 0)
/** END_HEADERS; RFC 7541 appendix A: entry 8 is `:status: 200`. */
const status200 = frame(1, 4, 1, [0x88])
const data = frame(0, 0, 1, 'body')
const lastData = frame(0, 1, 1, 'body')
const reset = (code: number): Buffer => frame(3, 0, 1, [0, 0, 0, code])
const goAway = (code: number): Buffer => frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, code])

/** Says these frames once the request is there, and then does `last`. */
const frames =
  (bytes: readonly Buffer[], last: (socket: Socket) => void = () => {}) =>
  ({ cert, key }: Certified): Promise<TestServer> =>
    listenTls(
      { cert, key, ALPNProtocols: ['h2'] },
      (socket) => {
        socket.write(settings)
        let seen = Buffer.alloc(0)
        let answered = false
        socket.on('data', (chunk: Buffer) => {
          seen = Buffer.concat([seen, chunk])
          // HEADERS with END_STREAM and END_HEADERS of stream 1: the whole request.
          if (
            answered ||
            (!seen.includes(Buffer.from([1, 0x25, 0, 0, 0, 1])) &&
              !seen.includes(Buffer.from([1, 5, 0, 0, 0, 1])))
          )
            return
          answered = true
          socket.write(Buffer.concat(bytes), () => last(socket))
        })
      },
      { eager: true },
    )

const raw =
  (behave: (socket: Socket) => void) =>
  ({ cert, key }: Certified): Promise<TestServer> =>
    listenTls({ cert, key, ALPNProtocols: ['h2'] }, behave, { eager: true })

const http2 =
  (handle: Handler) =>
  (certified: Certified): Promise<TestServer> =>
    listenHttp2(certified, handle)

const respond =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Handler =>
  (stream) => {
    stream.respond({ ':status': status, ...headers })
    stream.end(body)
  }

const fields = (count: number, length: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'y'.repeat(length)]))

interface Case {
  readonly what: string
  readonly server: (certified: Certified) => Promise<TestServer>
  readonly check?: Partial<HttpsCheckConfig>
  readonly outcome: Outcome
}

const tooLong = failed('headers longer than 16 KiB')
const early = (name: string): Outcome => failed(`the server ended the HTTP/2 stream early (${name})`)

const cases: readonly Case[] = [
  {
    what: 'a page that matches',
    server: http2(respond(200, 'fine')),
    check: { body: '^fine' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'no content',
    server: http2((stream) => stream.respond({ ':status': 204 }, { endStream: true })),
    outcome: passed('status 204'),
  },
  {
    what: 'a weight',
    server: http2(respond(200, '', { 'x-weight': '50%' })),
    check: { weightHeader: 'X-Weight' },
    outcome: passed('status 200, X-Weight: 50%', { percent: 50 }),
  },
  { what: 'POST', server: http2(respond(200, '')), check: { method: 'POST' }, outcome: passed('status 200') },
  {
    what: 'HEAD',
    server: http2((stream) => stream.respond({ ':status': 200 }, { endStream: true })),
    check: { method: 'HEAD' },
    outcome: passed('status 200'),
  },
  {
    what: 'a wrong status',
    server: http2(respond(503, 'no')),
    outcome: failed('status 503, expected 200-399'),
  },
  {
    what: '60 KB of headers',
    server: http2(respond(200, '', { 'x-big': 'y'.repeat(60_000) })),
    outcome: tooLong,
  },
  { what: '20 KB in ten headers', server: http2(respond(200, '', fields(10, 2_000))), outcome: tooLong },
  {
    what: '200 headers',
    server: http2(respond(200, '', fields(200, 1))),
    outcome: failed(
      'the HTTP/2 stream ended early: more than 128 headers, or the server wants fewer requests (ENHANCE_YOUR_CALM)',
    ),
  },
  {
    what: 'silence',
    server: http2(() => {}),
    check: { timeout: brief },
    outcome: failed('no complete answer header within 400 ms'),
  },
  {
    what: 'half a body, then silence',
    server: frames([status200, data]),
    check: { timeout: brief },
    outcome: failed('no complete body within 400 ms'),
  },
  {
    what: 'an endless body',
    server: http2((stream) => {
      stream.respond({ ':status': 200 })
      pour(stream as unknown as Socket, 'x'.repeat(1024))
    }),
    outcome: passed('status 200'),
  },
  { what: 'a stream refused', server: frames([reset(7)]), outcome: early('REFUSED_STREAM') },
  {
    what: 'a stream broken off in the body',
    server: frames([status200, data, reset(2)]),
    outcome: early('INTERNAL_ERROR'),
  },
  {
    what: 'a stream cancelled in the body',
    server: frames([status200, data, reset(8)]),
    outcome: early('CANCEL'),
  },
  {
    what: 'a session ended',
    server: frames([goAway(2)]),
    outcome: failed('the server ended the HTTP/2 session early (INTERNAL_ERROR)'),
  },
  {
    what: 'a close in the body',
    server: frames([status200, data], (socket) => socket.end()),
    outcome: failed('connection closed in the middle of the body'),
  },
  { what: 'a whole body', server: frames([status200, data, lastData]), outcome: passed('status 200') },
  {
    what: 'a close at once',
    server: raw((socket) => socket.end()),
    outcome: failed('connection closed before an answer'),
  },
  {
    what: 'not a word',
    server: raw(() => {}),
    check: { timeout: brief },
    outcome: failed('no complete answer header within 400 ms'),
  },
  {
    what: 'HTTP/1.1 instead',
    server: raw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    outcome: failed('not an HTTP/2 answer'),
  },
  {
    what: 'endless settings',
    server: raw((socket) => pour(socket, settings.toString('latin1').repeat(100))),
    outcome: failed('not an HTTP/2 answer'),
  },
]

describe('healthcheck/checkers: https with http2', function () {
  this.timeout(60_000)
  let ca: Authority
  let good: Certified
  const contexts = new TlsContexts()
  const run = httpChecker({ contexts })
  before(() => {
    ca = Authority.make('Test CA')
    good = ca.issue('good', { names: 'DNS:www.example.org' })
    contexts.replace({ texts: {}, authorities: ca.own.cert })
  })
  after(() => ca.remove())
  noSocketStays()

  const tried = async (server: TestServer, changes: Partial<HttpsCheckConfig> = {}): Promise<Outcome> => {
    const check = httpsCheck({ timeout: patient, http2: true, sni: 'www.example.org', ...changes })
    const outcome = await run(check, server.target, AbortSignal.timeout(check.timeout))
    await server.close()
    return outcome
  }

  for (const { what, server, check, outcome } of cases) {
    it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
      assert.deepEqual(await tried(await server(good), check), outcome)
    })
  }

  it('asks for the host, with the headers, on a session of its own', async () => {
    const seen: IncomingHttpHeaders[] = []
    const server = await listenHttp2(good, (stream, headers) => {
      seen.push(headers)
      respond(200, '')(stream, headers)
    })
    const check = httpsCheck({
      timeout: patient,
      http2: true,
      host: 'www.example.org',
      path: '/a?b=c',
      headers: { 'X-Check': 'yes' },
    })
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await run(check, server.target, AbortSignal.timeout(patient)), passed('status 200'))
    }
    assert.equal(server.accepted(), 2)
    await server.close()
    const [
      { ':authority': host, ':path': path, ':scheme': scheme, 'x-check': own, 'user-agent': agent } = {},
    ] = seen
    assert.deepEqual(
      [host, path, scheme, own, agent],
      ['www.example.org', '/a?b=c', 'https', 'yes', 'vipair'],
    )
  })

  it('a header that HTTP/2 forbids is no server’s fault', async () => {
    for (const headers of [
      { 'transfer-encoding': 'chunked' },
      { connection: 'close' },
      { 'x-bad': 'a\nb' },
    ]) {
      const outcome = await tried(await listenHttp2(good, respond(200, '')), { headers })
      assert.equal(outcome.pass, undefined, JSON.stringify(outcome))
    }
  })
})
