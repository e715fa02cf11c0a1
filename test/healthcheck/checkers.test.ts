import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Endpoint } from '../../src/base/ip.js'
import { millis } from '../../src/base/units.js'
import type { CheckConfig } from '../../src/config/check.js'
import { matchBody } from '../../src/healthcheck/checkers/body.js'
import { checkerWith } from '../../src/healthcheck/checkers/run-check.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { checkTools } from '../../src/platform/check-tools.js'
import { Reactor } from '../../src/platform/reactor.js'
import { httpCheck, ip, tcpCheck } from './samples.js'
import {
  type Behaviour,
  closedPort,
  frozenServer,
  listen,
  listenEager,
  pour,
  type TestServer,
} from './servers.js'

/** Long enough that only a server which never answers reaches it. */
const patient = millis(20_000)
const brief = millis(400)

const reactor = Reactor.open()
const runCheck = checkerWith(checkTools(reactor))
after(() => reactor.close())

const run = (check: CheckConfig, target: Endpoint): Promise<Outcome> =>
  runCheck(check, target, AbortSignal.timeout(check.timeout))

async function against(server: TestServer, check: CheckConfig): Promise<Outcome> {
  try {
    return await run(check, server.target)
  } finally {
    await server.close()
  }
}

const answer =
  (text: string): Behaviour =>
  (socket) =>
    socket.end(text)
const page = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** Sockets that this process holds, ours and Node's. */
const sockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // the one that lists the folder
    }
  }).length

/** A closed one may take a turn of the loop to go. */
async function socketsGone(before: number): Promise<boolean> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (sockets() <= before) return true
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}

describe('healthcheck/checkers against real servers', function () {
  this.timeout(30_000)

  const before = sockets()

  afterEach(async () => {
    assert.ok(await socketsGone(before), `${sockets() - before} left behind`)
  })

  describe('tcp', () => {
    it('passes where something listens, and leaves no TIME_WAIT on either side', async () => {
      const server = await listenEager(() => {})
      const { port } = server.target
      for (let i = 0; i < 20; i++) {
        assert.deepEqual(await run(tcpCheck({ timeout: patient }), server.target), passed('connected'))
      }
      await server.close()
      const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
      const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n')
      assert.deepEqual(
        rows.filter((row) => row.includes(`0100007F:${hexPort}`) && / 06 /.test(row)),
        [],
      )
    })

    it('says refused', async () => {
      const outcome = await run(tcpCheck({ timeout: patient }), await closedPort())
      assert.deepEqual(outcome, failed('connection refused'))
    })

    const says: {
      what: string
      behave: (socket: Socket) => void
      check: Parameters<typeof tcpCheck>[0]
      outcome: Outcome
    }[] = [
      {
        what: 'a banner as expected',
        behave: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
        check: { expect: '^SSH-2' },
        outcome: passed('the answer matches'),
      },
      {
        what: 'a banner in pieces',
        behave: (socket) => {
          socket.write('22')
          setImmediate(() => socket.write('0 mail\r\n'))
        },
        check: { expect: '^220 ' },
        outcome: passed('the answer matches'),
      },
      {
        what: 'an answer to what was sent',
        behave: (socket) => socket.once('data', (sent: Buffer) => socket.write(`+PONG to ${sent}`)),
        check: { send: 'PING\r\n', expect: '^\\+PONG to PING\\r\\n$' },
        outcome: passed('the answer matches'),
      },
      {
        what: 'any answer to what was sent',
        behave: (socket) => socket.once('data', () => socket.write('-ERR\r\n')),
        check: { send: 'PING\r\n' },
        outcome: passed('answered'),
      },
      {
        what: 'a frozen process, whose kernel accepts',
        behave: () => {},
        check: { send: 'PING\r\n', expect: 'PONG', timeout: brief },
        outcome: failed('connected, but no answer within 400 ms'),
      },
      {
        what: 'another answer, then silence',
        behave: (socket) => socket.write('-LOADING\r\n'),
        check: { expect: '^\\+PONG', timeout: brief },
        outcome: failed('no answer that matches /^\\+PONG/ within 400 ms'),
      },
      {
        what: 'another answer, then the end',
        behave: (socket) => socket.end('554 go away\r\n'),
        check: { expect: '^220' },
        outcome: failed('no answer that matches /^220/ before the connection was closed'),
      },
      {
        what: 'the end at once',
        behave: (socket) => socket.end(),
        check: { send: 'PING\r\n' },
        outcome: failed('connected, but no answer before the connection was closed'),
      },
      {
        what: 'a reset',
        behave: (socket) => socket.once('data', () => socket.resetAndDestroy()),
        check: { send: 'PING\r\n' },
        outcome: failed('connection reset'),
      },
      {
        what: 'an answer without end',
        behave: (socket) => pour(socket, 'x'.repeat(1024)),
        check: { expect: 'ready' },
        outcome: failed('no answer that matches /ready/ in its first 64 KiB'),
      },
      {
        what: 'an answer that the pattern backtracks on',
        behave: (socket) => socket.write(`${'a'.repeat(60)}!`),
        check: { expect: '^(a+)+$' },
        outcome: failed('pattern /^(a+)+$/ took too long on this answer'),
      },
    ]
    for (const { what, behave, check, outcome } of says) {
      it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
        const server = await listenEager(behave)
        assert.deepEqual(await against(server, tcpCheck({ timeout: patient, ...check })), outcome)
      })
    }

    it('says so when connecting gets no answer', async () => {
      const frozen = await frozenServer()
      const { port } = frozen.target
      const fillers = Array.from({ length: 8 }, () =>
        connect({ host: '127.0.0.1', port }).on('error', () => {}),
      )
      await Promise.any(fillers.map((filler) => once(filler, 'connect')))
      const outcome = await run(tcpCheck({ timeout: brief }), frozen.target)
      for (const filler of fillers) filler.destroy()
      await frozen.close()
      assert.deepEqual(outcome, failed('no answer to connect within 400 ms'))
    })

    it('comes from the bind address', async () => {
      let from: string | undefined
      const server = await listenEager((socket) => {
        from = socket.remoteAddress
      })
      const outcome = await run(tcpCheck({ bind: ip('127.0.0.7'), timeout: patient }), server.target)
      while (server.accepted() === 0) await new Promise((resolve) => setImmediate(resolve))
      await server.close()
      assert.deepEqual(outcome, passed('connected'))
      assert.equal(from ?? '127.0.0.7', '127.0.0.7')
    })
  })

  for (const check of [tcpCheck({ timeout: patient }), httpCheck({ timeout: patient })]) {
    it(`${check.type}: a bind address that is not ours counts for no server`, async () => {
      const outcome = await against(await listen(() => {}), { ...check, bind: ip('192.0.2.1') })
      assert.deepEqual(outcome, {
        pass: undefined,
        reason: 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)',
      })
    })

    it(`${check.type}: a run whose time is already up fails and leaves nothing`, async () => {
      const server = await listen(() => {})
      const outcome = await runCheck({ ...check, timeout: brief }, server.target, AbortSignal.abort())
      await server.close()
      assert.deepEqual(outcome, failed('no answer to connect within 400 ms'))
    })
  }

  describe('http', () => {
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
        outcome: failed('not an HTTP answer (HPE_INVALID_CONSTANT)'),
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
        behave: (socket) => pour(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
        check: { timeout: brief },
        outcome: failed('no complete answer header within 400 ms'),
      },
    ]
    for (const { what, behave, check, outcome } of cases) {
      it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
        assert.deepEqual(
          await against(await listen(behave), httpCheck({ timeout: patient, ...check })),
          outcome,
        )
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
      for (const change of [{ headers: { 'x-bad': 'a\nb' } }, { body: '(' }]) {
        const outcome = await against(
          await listen(answer(page('200 OK', ''))),
          httpCheck({ timeout: patient, ...change }),
        )
        assert.equal(outcome.pass, undefined, JSON.stringify(outcome))
      }
    })
  })

  it('a pattern that backtracks for ever is given up', () => {
    assert.equal(matchBody(/^(a+)+$/, `${'a'.repeat(60)}!`), 'gaveUp')
    assert.equal(matchBody(/^(a+)+$/, 'aaa'), 'match')
    assert.equal(matchBody(/ready/, 'x'.repeat(65_536)), 'noMatch')
  })
})
