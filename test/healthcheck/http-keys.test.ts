import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { millis, type Weight, weight } from '../../src/base/units.js'
import type { HttpCheckConfig } from '../../src/config/checks/http.js'
import { httpChecker } from '../../src/healthcheck/checkers/http.js'
import { failed, type Outcome, passed, warned } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { httpCheck } from './samples.js'
import { type Behaviour, listen, listenEager, pour } from './servers.js'

const patient = millis(20_000)
const run = httpChecker({})
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const page =
  (body: string, headers = '', status = '200 OK'): Behaviour =>
  (socket) =>
    socket.end(`HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)

interface Case {
  readonly what: string
  readonly check: Partial<HttpCheckConfig>
  readonly behave: Behaviour
  readonly outcome: Outcome
}

const large = 'x'.repeat(1024 * 1024)
const weightHeader = 'X-Weight'
const half = weight(50) as Weight
const wantsWeight = 'expected a weight such as 50% or 50'

const cases: readonly Case[] = [
  {
    what: 'a body with its digest, longer than what a pattern sees',
    check: { bodySha256: sha256(large), body: '^x' },
    behave: page(large),
    outcome: passed('status 200, body matches, body has its SHA-256'),
  },
  {
    what: 'an empty body with its digest',
    check: { bodySha256: sha256('') },
    behave: page(''),
    outcome: passed('status 200, body has its SHA-256'),
  },
  {
    what: 'a body with another digest',
    check: { bodySha256: sha256('one') },
    behave: page('two'),
    outcome: failed(
      `body has SHA-256 ${sha256('two').slice(0, 16)}…, expected ${sha256('one').slice(0, 16)}…`,
    ),
  },
  {
    what: 'an endless body, of which a digest is wanted',
    check: { bodySha256: sha256('') },
    behave: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pour(socket, large)
    },
    outcome: failed('body longer than 4 MiB'),
  },
  {
    what: 'a share of the weight',
    check: { weightHeader },
    behave: page('', 'x-weight: 50%\r\n'),
    outcome: passed('status 200, X-Weight: 50%', { percent: 50 }),
  },
  {
    what: 'a weight',
    check: { weightHeader },
    behave: page('', 'X-WEIGHT: 50\r\n'),
    outcome: passed('status 200, X-Weight: 50', { weight: half }),
  },
  {
    what: 'no weight header: a pass with a warning',
    check: { weightHeader },
    behave: page(''),
    outcome: warned(passed('status 200'), 'no header X-Weight in the answer, which should give a weight'),
  },
  {
    what: 'a weight that is none, twice',
    check: { weightHeader },
    behave: page('', 'X-Weight: 50%\r\nX-Weight: 60%\r\n'),
    outcome: warned(passed('status 200'), `header X-Weight is "50%, 60%", ${wantsWeight}`),
  },
  {
    what: 'a weight that is an attack on the terminal',
    check: { weightHeader },
    behave: page('', `X-Weight: \u0085[31m${'y'.repeat(100)}\r\n`),
    outcome: warned(passed('status 200'), `header X-Weight is "??[31m${'y'.repeat(34)}", ${wantsWeight}`),
  },
  {
    what: 'a weight beside a status that fails',
    check: { weightHeader },
    behave: page('', 'X-Weight: 50%\r\n', '503 Service Unavailable'),
    outcome: failed('status 503, expected 200-399'),
  },
  {
    what: '64 KB of headers',
    check: {},
    behave: page('', `X-Big: ${'y'.repeat(65_000)}\r\n`),
    outcome: failed('headers longer than 16 KiB'),
  },
]

describe('healthcheck/checkers: further keys of http', function () {
  this.timeout(60_000)
  noSocketStays()

  for (const { what, check, behave, outcome } of cases) {
    it(what, async () => {
      const server = await listen(behave)
      const config = httpCheck({ timeout: patient, ...check })
      const found = await run(config, server.target, AbortSignal.timeout(patient))
      await server.close()
      assert.deepEqual(found, outcome)
    })
  }

  for (const proxyProtocol of [1, 2] as const) {
    it(`the PROXY protocol, version ${proxyProtocol}: its header goes before the request`, async () => {
      let begin = ''
      const server = await listenEager((socket) => {
        socket.on('data', (chunk: Buffer) => {
          begin += chunk.toString('latin1')
          if (begin.endsWith('\r\n\r\n') && begin.includes('GET'))
            socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        })
      })
      const config = httpCheck({ timeout: patient, proxyProtocol })
      const found = await run(config, server.target, AbortSignal.timeout(patient))
      await server.close()
      assert.deepEqual(found, passed('status 200'))
      const [header = '', rest = ''] = begin.split(/(?=GET )/)
      assert.match(rest, /^GET \/healthz HTTP\/1\.1\r\n/)
      if (proxyProtocol === 1)
        assert.match(
          header,
          new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${server.target.port}\\r\\n$`),
        )
      else assert.equal(Buffer.from(header, 'latin1').toString('hex'), '0d0a0d0a000d0a515549540a20000000')
    })
  }
})
