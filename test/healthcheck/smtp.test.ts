import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import type { SmtpCheckConfig } from '../../src/config/checks/smtp.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { SmtpTalk } from '../../src/healthcheck/smtp-talk.js'
import { noSocketStays } from './descriptors.js'
import { startProgram } from './real-server.js'
import { against, brief, common, patient, run } from './run.js'
import { ip } from './samples.js'
import { closedPort, listenEager, pour } from './servers.js'

const smtpCheck = (changes: Partial<SmtpCheckConfig> = {}): SmtpCheckConfig => ({
  ...common,
  type: 'smtp',
  helo: undefined,
  ...changes,
})

const good = passed('greets, and answers EHLO with 250')

/** Says its greeting, and then one answer for each line that it hears. */
const saying =
  (greeting: string, ...answers: readonly string[]) =>
  (socket: Socket): void => {
    let heard = ''
    let said = 0
    socket.write(greeting)
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
      for (let lines = heard.split('\n').length - 1; said < lines; said++) socket.write(answers[said] ?? '')
    })
  }

describe('healthcheck: smtp', function () {
  this.timeout(30_000)
  noSocketStays()

  it('a real server', async () => {
    const server = await startProgram('/usr/bin/python3', (port) => [
      '-m',
      'aiosmtpd',
      '-n',
      '-l',
      `127.0.0.1:${port}`,
    ])
    try {
      assert.deepEqual(await run(smtpCheck(), server.target), good)
      assert.deepEqual(await run(smtpCheck({ helo: 'lb1.example.org' }), server.target), good)
    } finally {
      await server.close()
    }
    assert.deepEqual(await run(smtpCheck(), server.target), failed('connection refused'))
  })

  const hello = '220-mx.example.org\r\n220 ready\r\n'
  const cases: readonly (readonly [
    what: string,
    behave: (socket: Socket) => void,
    outcome: Outcome,
    timeout?: typeof brief,
  ])[] = [
    [
      'answers of several lines',
      saying(hello, '250-mx\r\n250-PIPELINING\r\n250 HELP\r\n', '221 bye\r\n'),
      good,
    ],
    ['lines that end in a line feed only', saying('220 mx\n', '250 mx\n', '221 bye\n'), good],
    ['no answer to QUIT', saying('220 mx\r\n', '250 mx\r\n'), good, brief],
    ['a greeting that refuses', saying('554 go away\r\n'), failed('greets with "554 go away", expected 220')],
    [
      'a refused EHLO',
      saying(hello, '421 4.3.2 shutting down\r\n'),
      failed('answers EHLO with "421 4.3.2 shutting down", expected 250'),
    ],
    ['another protocol', saying('SSH-2.0-x\r\n'), failed('says "SSH-2.0-x", which is not SMTP')],
    ['garbage', saying('\u0000\u001b[2J\n'), failed('says "\\u0000\\u001b[2J", which is not SMTP')],
    ['silence', () => {}, failed('no complete greeting within 400 ms'), brief],
    ['half a greeting', saying('220-mx\r\n'), failed('no complete greeting within 400 ms'), brief],
    ['silence after EHLO', saying(hello), failed('no complete answer to EHLO within 400 ms'), brief],
    ['a close', (socket) => socket.end(), failed('connection closed with no complete greeting')],
    [
      'a close after EHLO',
      (socket) => {
        socket.write(hello)
        socket.once('data', () => socket.end('250-mx\r\n'))
      },
      failed('connection closed with no complete answer to EHLO'),
    ],
    [
      'a reset after EHLO',
      (socket) => {
        socket.write(hello)
        socket.once('data', () => socket.resetAndDestroy())
      },
      failed('connection reset with no complete answer to EHLO'),
    ],
    [
      'an endless line',
      (socket) => pour(socket, '220 mx'.repeat(1_000)),
      failed('a line of more than 2048 bytes'),
    ],
    [
      'an endless greeting',
      (socket) => pour(socket, '220-mx\r\n'.repeat(1_000)),
      failed('an answer of more than 256 lines'),
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of cases) {
    it(what, async () => {
      assert.deepEqual(await against(await listenEager(behave), smtpCheck({ timeout })), outcome)
    })
  }

  it('says its name, or its address in brackets, and takes its leave', async () => {
    for (const [helo, said] of [
      ['lb1.example.org', 'lb1.example.org'],
      [undefined, '[127.0.0.7]'],
    ] as const) {
      let heard = ''
      const server = await listenEager((socket) => {
        saying('220 mx\r\n', '250 mx\r\n', '221 bye\r\n')(socket)
        socket.on('data', (bytes: Buffer) => {
          heard += bytes.toString()
        })
      })
      assert.deepEqual(await against(server, smtpCheck({ helo, bind: ip('127.0.0.7') })), good)
      assert.equal(heard, `EHLO ${said}\r\nQUIT\r\n`)
    }
  })

  it('refused', async () => {
    assert.deepEqual(await run(smtpCheck(), await closedPort()), failed('connection refused'))
  })

  it('judges the same however the stream is cut', () => {
    const piece = fc.oneof(
      fc.constantFrom('220 a\r\n', '220-a\n', '250 b\r\n', '250-b\r\n', '221 c\r\n', '421 d\n', '2'),
      fc.string({ maxLength: 6, unit: 'binary-ascii' }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (pieces, size) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1')
        const runOf = (step: number): readonly [Outcome, string] => {
          const talk = new SmtpTalk({ helo: 'x', timeout: brief })
          let said = ''
          talk.open('127.0.0.1')
          for (let at = 0; at < bytes.length; at += step) {
            const turn = talk.read(bytes.subarray(at, at + step))
            if (turn && 'verdict' in turn) return [turn.verdict, '']
            if (turn) said += turn.say
          }
          return [talk.end('closed'), said]
        }
        assert.deepEqual(runOf(size), runOf(bytes.length + 1))
      }),
    )
  })
})
