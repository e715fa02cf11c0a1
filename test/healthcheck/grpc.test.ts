import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/base/bytes.js'
import type { GrpcCheckConfig } from '../../src/config/checks/grpc.js'
import { decodeHealthResponse, encodeHealthRequest, judgeHealth } from '../../src/healthcheck/grpc-health.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { startGrpcServer } from './grpc-server.js'
import { against, brief, type Closable, common, patient, run } from './run.js'
import { endpoint, ip } from './samples.js'
import { closedPort, frozenServer, listenEager, pour } from './servers.js'

const grpcCheck = (changes: Partial<GrpcCheckConfig> = {}): GrpcCheckConfig => ({
  ...common,
  type: 'grpc',
  service: '',
  host: undefined,
  ...changes,
})

describe('healthcheck: messages of the gRPC health service', () => {
  it('a request', () => {
    assert.equal(toHex(encodeHealthRequest('')), '0000000000')
    assert.equal(toHex(encodeHealthRequest('a.B')), '00' + '00000005' + '0a03' + '612e42')
    assert.equal(toHex(encodeHealthRequest('x'.repeat(200))), `00${'000000cb'}${'0ac801'}${'78'.repeat(200)}`)
  })

  const answers: readonly (readonly [what: string, hex: string, status: number | 'malformed'])[] = [
    ['nothing is UNKNOWN', '0000000000', 0],
    ['SERVING', '00000000020801', 1],
    ['NOT_SERVING', '00000000020802', 2],
    ['the last one counts', '000000000408020801', 1],
    ['a status in more bytes than it needs', '000000000408818000', 1],
    ['a negative one', '000000000b08ffffffffffffffffff01', 0xffffffff],
    [
      'fields that are not known',
      '0000000015' + '1203616263' + '1d01020304' + '210102030405060708' + '0801',
      1,
    ],
    ['compressed', '01000000020801', 'malformed'],
    ['shorter than it says', '00000000030801', 'malformed'],
    ['longer than it says', '00000000010801', 'malformed'],
    ['half a prefix', '000000', 'malformed'],
    ['a field that is cut off', '000000000108', 'malformed'],
    ['a text that is longer than the message', '00000000020aff', 'malformed'],
    ['a group', '00000000010b', 'malformed'],
    ['a number without end', `000000000c08${'ff'.repeat(11)}`, 'malformed'],
  ]
  for (const [what, hex, status] of answers) {
    it(what, () => {
      const answer = decodeHealthResponse(fromHex(hex) ?? new Uint8Array(0))
      assert.equal(answer.ok ? answer.value : answer.error, status)
    })
  }

  it('whatever arrives is answered', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        decodeHealthResponse(bytes)
        decodeHealthResponse(Uint8Array.from([0, 0, 0, 0, bytes.length, ...bytes]))
      }),
      { numRuns: 2_000 },
    )
  })

  const body = Uint8Array.of(0, 0, 0, 0, 2, 8, 1)
  const judged: readonly (readonly [
    what: string,
    answer: Partial<Parameters<typeof judgeHealth>[0]>,
    Outcome,
  ])[] = [
    ['serving', {}, passed('SERVING')],
    ['another HTTP status', { httpStatus: 404 }, failed('HTTP status 404, expected 200')],
    ['no status', { status: undefined }, failed('no grpc-status in the answer')],
    ['an error', { status: '14', message: 'shutting down' }, failed('UNAVAILABLE: "shutting down"')],
    ['an unknown error', { status: '99' }, failed('grpc-status "99"')],
    ['a status that is none', { status: '\u001b[2J' }, failed('grpc-status "\\u001b[2J"')],
    ['a body that is none', { body: Uint8Array.of(1) }, failed('a malformed answer')],
    ['a status to come', { body: Uint8Array.of(0, 0, 0, 0, 2, 8, 9) }, failed('status 9')],
  ]
  for (const [what, answer, outcome] of judged) {
    it(what, () => {
      const whole = { httpStatus: 200, status: '0', message: undefined, body, ...answer }
      assert.deepEqual(judgeHealth(whole), outcome)
    })
  }
})

describe("healthcheck: grpc against Google's server", function () {
  this.timeout(60_000)
  noSocketStays()
  let server: Closable
  before(async () => {
    server = await startGrpcServer('health')
  })
  after(() => server.close())

  for (const [service, outcome] of [
    ['', passed('SERVING')],
    ['good.v1.Service', passed('SERVING')],
    ['bad.v1.Service', failed('NOT_SERVING')],
    ['new.v1.Service', failed('UNKNOWN')],
    ['none.v1.Service', failed('NOT_FOUND: "unknown service"')],
  ] as const) {
    it(`"${service}"`, async () => {
      assert.deepEqual(await run(grpcCheck({ service }), server.target), outcome)
    })
  }

  it('without a health service', async () => {
    assert.deepEqual(
      await against(await startGrpcServer('none'), grpcCheck()),
      failed('UNIMPLEMENTED: "Method not found!"'),
    )
  })
})

/** Behaves on each stream. */
async function listenHttp2(
  behave: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => void,
): Promise<Closable> {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    if (stream.session) behave(stream, headers, stream.session as ServerHttp2Session)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: endpoint(`127.0.0.1:${(server.address() as AddressInfo).port}`),
    close: async () => {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' }

describe('healthcheck: grpc against bad servers', function () {
  this.timeout(30_000)
  noSocketStays()

  const overHttp2: readonly (readonly [
    what: string,
    behave: Parameters<typeof listenHttp2>[0],
    outcome: Outcome | RegExp,
    timeout?: typeof brief,
  ])[] = [
    [
      'an error in the only headers',
      (stream) => stream.respond({ ...grpcHeaders, 'grpc-status': '14' }, { endStream: true }),
      failed('UNAVAILABLE'),
    ],
    [
      'no trailers',
      (stream) => {
        stream.respond(grpcHeaders)
        stream.end(Buffer.of(0, 0, 0, 0, 2, 8, 1))
      },
      failed('no grpc-status in the answer'),
    ],
    [
      'an ordinary web page',
      (stream) => {
        stream.respond({ ':status': 404, 'content-type': 'text/html' })
        stream.end('not found')
      },
      failed('HTTP status 404, expected 200'),
    ],
    [
      'an answer without end',
      (stream) => {
        stream.respond(grpcHeaders)
        const more = (): void => {
          while (!stream.destroyed && stream.write('x'.repeat(4096)));
          stream.once('drain', more)
        }
        more()
      },
      failed('an answer of more than 4096 bytes'),
    ],
    ['silence', () => {}, failed('no complete answer within 400 ms'), brief],
    [
      'half an answer',
      (stream) => {
        stream.respond(grpcHeaders)
        stream.write(Buffer.of(0, 0, 0))
      },
      failed('no complete answer within 400 ms'),
      brief,
    ],
    ['a refused stream', (stream) => stream.close(7), /^stream reset: REFUSED_STREAM$/],
    [
      'an end of the session',
      (_, __, session) => session.destroy(),
      /^connection closed with no complete answer$/,
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of overHttp2) {
    it(what, async () => {
      const found = await against(await listenHttp2(behave), grpcCheck({ timeout }))
      if (!(outcome instanceof RegExp)) return assert.deepEqual(found, outcome)
      assert.equal(found.pass, false)
      assert.match(found.reason, outcome)
    })
  }

  const overTcp: readonly (readonly [
    what: string,
    behave: (socket: Socket) => void,
    outcome: RegExp,
    timeout?: typeof brief,
  ])[] = [
    ['HTTP/1.1', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /^not an HTTP\/2 server$/],
    [
      'garbage without end',
      (socket) => pour(socket, '\u0000\u00ff garbage'.repeat(1_000)),
      /^not an HTTP\/2 server$/,
    ],
    ['a close', (socket) => socket.end(), /^connection closed with no complete answer$/],
    [
      'a reset',
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      /^connection reset with no complete answer$/,
    ],
    ['silence', () => {}, /^no complete answer within 400 ms$/, brief],
    [
      // An empty SETTINGS frame is all that it needs to say (RFC 9113 section 3.4).
      'a greeting, then silence',
      (socket) => socket.write(Buffer.from('000000040000000000', 'hex')),
      /^no complete answer within 400 ms$/,
      brief,
    ],
    [
      'headers without end',
      (socket) => {
        socket.write(Buffer.from('000000040000000000', 'hex'))
        // HEADERS without END_HEADERS, then CONTINUATION of a literal header for ever.
        socket.write(Buffer.from('000001010000000001' + '88', 'hex'))
        pour(socket, Buffer.from('000006090000000001' + '000161026262', 'hex').toString('latin1'))
      },
      /^more than 1000 frames, and no answer$/,
    ],
    [
      'pings without end',
      (socket) => {
        socket.write(Buffer.from('000000040000000000', 'hex'))
        pour(socket, Buffer.from(`000008060000000000${'00'.repeat(8)}`, 'hex').toString('latin1'))
      },
      /^more than 1000 frames, and no answer$/,
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of overTcp) {
    it(`below HTTP/2: ${what}`, async () => {
      const found = await against(await listenEager(behave), grpcCheck({ timeout }))
      assert.equal(found.pass, false)
      assert.match(found.reason, outcome)
    })
  }

  it('reads every character that a header can have', async () => {
    const characters = Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i)).join('')
    for (let at = 0; at < characters.length; at += 16) {
      // Zeros, whose codes are short: a text of long ones alone would not be worth the packing.
      const message = `${characters.slice(at, at + 16)}${'0'.repeat(30)}`
      const server = await listenHttp2((stream) =>
        stream.respond({ ...grpcHeaders, 'grpc-status': '2', 'grpc-message': message }, { endStream: true }),
      )
      assert.deepEqual(await against(server, grpcCheck()), failed(`UNKNOWN: ${JSON.stringify(message)}`))
    }
  })

  it('interim answers, padding and headers in parts are read as they are meant', async () => {
    const frame = (type: number, flags: number, payload: string): string =>
      `${(payload.length / 2).toString(16).padStart(6, '0')}0${type}0${flags}00000001${payload}`
    const server = await listenEager((socket) => {
      socket.once('data', () => {
        const answer = [
          '000000040000000000',
          // :status 103, then 200 in two parts with padding between, the message padded, the trailers.
          frame(1, 4, '0803313033'),
          frame(1, 8, `${'0200'.slice(0, 2)}0000`),
          frame(9, 4, '88'),
          frame(0, 8, `${'030000000002080 1'.replace(' ', '')}000000`),
          frame(1, 5, `000b${Buffer.from('grpc-status').toString('hex')}0130`),
        ]
        // One byte at a time.
        for (const byte of Buffer.from(answer.join(''), 'hex')) socket.write(Buffer.of(byte))
      })
    })
    assert.deepEqual(await against(server, grpcCheck()), passed('SERVING'))
  })

  it('says what it must, from where it was told to', async () => {
    let headers: IncomingHttpHeaders = {}
    let from: string | undefined
    const server = await listenHttp2((stream, given, session) => {
      headers = given
      from = session.socket.remoteAddress
      stream.respond({ ...grpcHeaders, 'grpc-status': '14' }, { endStream: true })
    })
    await against(server, grpcCheck({ host: 'cart.example.org', bind: ip('127.0.0.7') }))
    const { ':method': method, ':path': path, ':authority': authority, te } = headers
    assert.deepEqual([method, path, authority], ['POST', '/grpc.health.v1.Health/Check', 'cart.example.org'])
    assert.deepEqual(
      [te, headers['content-type'], headers['grpc-timeout']],
      ['trailers', 'application/grpc', '20000m'],
    )
    assert.equal(from, '127.0.0.7')
  })

  it('refused', async () => {
    assert.deepEqual(await run(grpcCheck(), await closedPort()), failed('connection refused'))
  })

  it('a frozen server', async () => {
    const frozen = await frozenServer()
    const outcome = await run(grpcCheck({ timeout: brief }), frozen.target)
    await frozen.close()
    assert.deepEqual(outcome, failed('no complete answer within 400 ms'))
  })

  it('a bind address that is not ours counts for no server', async () => {
    assert.deepEqual(await against(await listenEager(() => {}), grpcCheck({ bind: ip('192.0.2.1') })), {
      pass: undefined,
      reason: 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)',
    })
  })
})
