/**
 * `http` checks against servers of every kind. The same table goes through both engines, the HTTP client and
 * the one on the reactor, and each must come to the same outcome in the same words.
 */
import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import type { HttpCheckConfig } from '../../src/config/checks/http.js'
import type { Checker } from '../../src/healthcheck/checkers/checker.js'
import { httpChecker } from '../../src/healthcheck/checkers/http.js'
import { plainHttpChecker } from '../../src/healthcheck/checkers/http-plain.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { isPlain } from '../../src/healthcheck/plain-http.js'
import { checkTools } from '../../src/platform/check-tools.js'
import { Reactor } from '../../src/platform/reactor.js'
import { noSocketStays } from './descriptors.js'
import { answers } from './http-answers.js'
import { httpCheck } from './samples.js'
import { type Behaviour, closedPort, listen, listenEager, pour, type TestServer } from './servers.js'

/** Long enough that only a server which never answers reaches it. */
const patient = millis(20_000)
const brief = millis(400)

const checkHttp = httpChecker({})

const answer =
  (text: string): Behaviour =>
  (socket) =>
    socket.end(Buffer.from(text, 'latin1'))
const page = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
/** Piece by piece, each in a packet of its own as far as TCP lets it be. */
const drip =
  (text: string): Behaviour =>
  (socket, request) => {
    socket.setNoDelay()
    socket.write(text.slice(0, 1))
    if (text.length > 1) setImmediate(() => drip(text.slice(1))(socket, request))
  }

const huge = 'x'.repeat(1024)
const cases: {
  what: string
  behave: Behaviour
  check?: Parameters<typeof httpCheck>[0]
  outcome: Outcome
}[] = [
  { what: 'a page', behave: answer(page('200 OK', 'fine')), outcome: passed('status 200') },
  {
    what: 'no content',
    behave: answer('HTTP/1.1 204 No Content\r\n\r\n'),
    outcome: passed('status 204'),
  },
  {
    what: 'HTTP/1.0 without a length',
    behave: answer('HTTP/1.0 200 OK\r\n\r\nfine'),
    outcome: passed('status 200'),
  },
  {
    what: 'a wrong status',
    behave: answer(page('503 Service Unavailable', 'no')),
    outcome: failed('status 503, expected 200-399'),
  },
  {
    what: 'a status outside of several ranges',
    behave: answer(page('404 Not Found', '')),
    check: {
      status: [
        { from: 200, to: 200 },
        { from: 500, to: 599 },
      ],
    },
    outcome: failed('status 404, expected 200, 500-599'),
  },
  {
    what: 'a redirect, not followed, accepted',
    behave: answer('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    outcome: passed('status 302'),
  },
  {
    what: 'a redirect where 200 is wanted',
    behave: answer('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    check: { status: [{ from: 200, to: 200 }] },
    outcome: failed('status 302, expected 200'),
  },
  {
    what: 'a body that matches',
    behave: answer(page('200 OK', 'state: ready\n')),
    check: { body: '^state: (ready|busy)' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'a body that does not',
    behave: answer(page('200 OK', 'state: draining\n')),
    check: { body: '^state: ready' },
    outcome: failed('body does not match /^state: ready/'),
  },
  {
    what: 'a match beyond the first 64 KiB',
    behave: answer(page('200 OK', `${'x'.repeat(65_536)}ready`)),
    check: { body: 'ready' },
    outcome: failed('body does not match /ready/'),
  },
  {
    what: 'a compressed body, left as it is',
    behave: answer(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope`),
    check: { body: 'nope' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'an endless body',
    behave: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pour(socket, huge)
    },
    outcome: passed('status 200'),
  },
  {
    what: 'an endless header',
    behave: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      pour(socket, `x-more: ${huge}\r\n`)
    },
    outcome: failed('headers longer than 16 KiB'),
  },
  {
    what: 'garbage',
    behave: answer('SSH-2.0-OpenSSH_9.2\r\n'),
    outcome: failed('not a valid HTTP answer'),
  },
  {
    what: 'a close instead of an answer',
    behave: (socket) => socket.end(),
    outcome: failed('connection closed before an answer'),
  },
  {
    what: 'a reset instead of an answer',
    behave: (socket) => socket.resetAndDestroy(),
    outcome: failed('connection reset before an answer'),
  },
  {
    what: 'a close in the middle of the body',
    behave: answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'),
    outcome: failed('connection closed in the middle of the body'),
  },
  {
    what: 'a page that drips',
    behave: drip(page('200 OK', 'hi there')),
    check: { body: '^hi there$' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'chunks that drip',
    behave: drip(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;a=b\r\n!\r\n0\r\nA: b\r\n\r\n',
    ),
    check: { body: '^hi!$' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'a header that drips for ever',
    behave: (socket) => {
      let at = 0
      const timer = setInterval(() => socket.write('HTTP/1.1 200 OK\r\nX: y\r\n'.charAt(at++)), 20)
      socket.on('close', () => clearInterval(timer))
    },
    check: { timeout: brief },
    outcome: failed('no complete answer header within 400 ms'),
  },
  {
    what: 'headers of 64 KB',
    behave: answer(
      `HTTP/1.1 200 OK\r\n${`X-More: ${'x'.repeat(1_014)}\r\n`.repeat(64)}Content-Length: 2\r\n\r\nhi`,
    ),
    outcome: failed('headers longer than 16 KiB'),
  },
  {
    what: 'a wrong status, and what is no body of it',
    behave: answer('HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nhi there'),
    outcome: failed('status 500, expected 200-399'),
  },
  {
    what: 'an endless body in chunks',
    behave: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      pour(socket, `400\r\n${huge}\r\n`)
    },
    check: { body: 'x{100}' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'a pattern that backtracks for ever on this body',
    behave: answer(page('200 OK', `${'a'.repeat(60)}!`)),
    check: { body: '^(a+)+$' },
    outcome: failed('body pattern /^(a+)+$/ took too long on this body'),
  },
  {
    what: 'a HEAD request, whose answer has no body',
    behave: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'),
    check: { method: 'HEAD' },
    outcome: passed('status 200'),
  },
  {
    what: 'a HEAD request whose answer has one',
    behave: answer(page('200 OK', 'hi')),
    check: { method: 'HEAD' },
    outcome: failed('the body is not valid HTTP'),
  },
  {
    what: 'a POST request',
    behave: (socket, request) => socket.end(page('200 OK', request.split(' ')[0] ?? '')),
    check: { method: 'POST', body: '^POST$' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'an OPTIONS request',
    behave: (socket, request) => socket.end(page('200 OK', request.split(' ')[0] ?? '')),
    check: { method: 'OPTIONS', body: '^OPTIONS$' },
    outcome: passed('status 200, body matches'),
  },
  {
    what: 'silence',
    behave: () => {},
    check: { timeout: brief },
    outcome: failed('no complete answer header within 400 ms'),
  },
  {
    what: 'half a header',
    behave: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-'),
    check: { timeout: brief },
    outcome: failed('no complete answer header within 400 ms'),
  },
  {
    what: 'half a body, then silence',
    behave: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
    check: { timeout: brief },
    outcome: failed('no complete body within 400 ms'),
  },
  {
    what: 'interim answers for ever',
    behave: (socket) => pour(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
    check: { timeout: brief },
    outcome: failed('headers longer than 16 KiB'),
  },
]

const reactor = Reactor.open()
after(() => reactor.close())

const engines: { name: string; checker: Checker<HttpCheckConfig> }[] = [
  { name: 'the HTTP client', checker: checkHttp },
  { name: 'the reactor', checker: plainHttpChecker(checkTools(reactor)) },
]

for (const { name, checker } of engines) {
  describe(`http checks by ${name}`, function () {
    this.timeout(30_000)

    noSocketStays()

    const run = (check: HttpCheckConfig, target: TestServer['target']) =>
      checker(check, target, AbortSignal.timeout(check.timeout))

    async function against(server: TestServer, check: HttpCheckConfig): Promise<Outcome> {
      try {
        return await run(check, server.target)
      } finally {
        await server.close()
      }
    }

    for (const { what, behave, check, outcome } of cases) {
      it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
        const asked = httpCheck({ timeout: patient, ...check })
        assert.deepEqual(await against(await listen(behave), asked), outcome)
      })
    }

    for (const [what, bytes, outcome] of answers) {
      it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
        const asked = httpCheck({ timeout: patient, body: '^hi' })
        assert.deepEqual(await against(await listen(answer(bytes)), asked), outcome)
      })
    }

    it('a reset in the middle of the body', async () => {
      // The reset must not overtake the header: it waits until the client has reacted to it.
      const server = await listen((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', () =>
          setTimeout(() => socket.resetAndDestroy(), 50),
        )
      })
      const outcome = await against(server, httpCheck({ timeout: patient }))
      assert.deepEqual(outcome, failed('connection reset in the middle of the body'))
    })

    it('an answer before the request', async () => {
      const server = await listenEager((socket) => socket.end(page('200 OK', 'fine')))
      assert.deepEqual(await against(server, httpCheck({ timeout: patient })), passed('status 200'))
    })

    it('refused', async () => {
      const outcome = await run(httpCheck({ timeout: patient }), await closedPort())
      assert.deepEqual(outcome, failed('connection refused'))
    })

    it('sends method, path, host and headers, and closes', async () => {
      let request = ''
      const server = await listen((socket, head) => {
        request = head
        socket.end(page('200 OK', ''))
      })
      const check = httpCheck({
        timeout: patient,
        method: 'POST',
        path: '/a?b=c',
        host: 'www.example.org',
        headers: { 'X-Check': 'yes' },
      })
      assert.deepEqual(await against(server, check), passed('status 200'))
      const lines = request.trimEnd().toLowerCase().split('\r\n')
      assert.equal(lines[0], 'post /a?b=c http/1.1')
      for (const line of [
        'host: www.example.org',
        'x-check: yes',
        'connection: close',
        'user-agent: vipair',
      ]) {
        assert.ok(lines.includes(line), `${line} in ${lines}`)
      }
      assert.ok(!lines.some((line) => line.startsWith('accept-encoding')))
    })

    it('opens a connection of its own each time', async () => {
      const server = await listen(answer(page('200 OK', 'fine')))
      for (let i = 0; i < 3; i++) await run(httpCheck({ timeout: patient }), server.target)
      assert.equal(server.accepted(), 3)
      await server.close()
    })

    it('a HEAD request is judged by its status', async () => {
      const server = await listen(answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'))
      assert.deepEqual(
        await against(server, httpCheck({ timeout: patient, method: 'HEAD' })),
        passed('status 200'),
      )
    })

    it('an impossible request is our fault, not the server’s', async () => {
      // The reactor is not given such headers.
      const headers = { 'x-bad': 'a\nb' }
      for (const change of checker === checkHttp ? [{ headers }, { body: '(' }] : [{ body: '(' }]) {
        const outcome = await against(
          await listen(answer(page('200 OK', ''))),
          httpCheck({ timeout: patient, ...change }),
        )
        assert.equal(outcome.pass, undefined, JSON.stringify(outcome))
      }
    })
  })
}

describe('plain http checks', () => {
  /** As a version to come may have it. */
  const withKey = (http3: boolean): object => ({ http3 })

  const table: { what: string; change: Partial<HttpCheckConfig>; plain: boolean }[] = [
    { what: 'the default', change: {}, plain: true },
    {
      what: 'everything that it can',
      change: { method: 'POST', host: 'a', body: 'b', headers: { 'X-A': 'b' } },
      plain: true,
    },
    { what: 'a path as it is sent', change: { path: '/a%20b?c=d&e' }, plain: true },
    { what: 'a path with a fragment', change: { path: '/a#b' }, plain: false },
    { what: 'a path that goes up', change: { path: '/a/../b' }, plain: false },
    { what: 'a header that frames', change: { headers: { 'Transfer-Encoding': 'chunked' } }, plain: false },
    { what: 'a header that cannot be sent', change: { headers: { 'x-bad': 'a\nb' } }, plain: false },
    { what: 'a key that it does not know', change: withKey(true), plain: false },
    { what: 'such a key that is off', change: withKey(false), plain: true },
  ]
  for (const { what, change, plain } of table) {
    it(`${what}: ${plain ? 'on the reactor' : 'by the client'}`, () =>
      assert.equal(isPlain(httpCheck(change)), plain))
  }
})
