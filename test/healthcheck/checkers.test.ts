import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { type MatchResult, matchBody } from '../../src/healthcheck/checkers/body.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { against, brief, patient, run, runCheck } from './run.js'
import { httpCheck, ip, tcpCheck } from './samples.js'
import { closedPort, frozenServer, listen, listenEager, pour } from './servers.js'

describe('healthcheck/checkers against real servers', function () {
  this.timeout(30_000)

  noSocketStays()

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

  const bodies: { pattern: RegExp; body: string; result: MatchResult }[] = [
    { pattern: /^(a+)+$/, body: `${'a'.repeat(60)}!`, result: 'gaveUp' },
    { pattern: /^(a+)+$/, body: 'aaa', result: 'match' },
    { pattern: /a*a*a*a*a*a*b/, body: 'a'.repeat(3_000), result: 'gaveUp' },
    { pattern: /a*a*b/, body: 'aaaab', result: 'match' },
    { pattern: /ready/, body: 'x'.repeat(65_536), result: 'noMatch' },
    { pattern: /\(a\)\+[)*+]$/, body: '(a)++', result: 'match' },
  ]
  for (const { pattern, body, result } of bodies) {
    it(`${pattern} on ${body.length} characters: ${result}`, () =>
      assert.equal(matchBody(pattern, body), result))
  }
})
