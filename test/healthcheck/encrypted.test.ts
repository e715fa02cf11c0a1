import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import type { HttpsCheckConfig } from '../../src/config/checks/https.js'
import type { EncryptionConfig, TlsCheckConfig } from '../../src/config/checks/tls.js'
import { checkerWith } from '../../src/healthcheck/checkers/run-check.js'
import { TlsContexts } from '../../src/healthcheck/checkers/tls-contexts.js'
import { failed, type Outcome, passed, warned } from '../../src/healthcheck/outcome.js'
import { checkTools } from '../../src/platform/check-tools.js'
import { Reactor } from '../../src/platform/reactor.js'
import { Authority, type Certified } from './certificates.js'
import { noSocketStays } from './descriptors.js'
import { httpsCheck, tlsCheck } from './samples.js'
import { closedPort, frozenServer, listenEager, pour, type TestServer } from './servers.js'
import { listenTls } from './tls-servers.js'

/** Long enough that only a server which never answers reaches it. */
const patient = millis(20_000)
const brief = millis(400)

const page = (status: string, body = '', headers = ''): string =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

interface Certificates {
  readonly ca: Authority
  readonly other: Authority
  readonly good: Certified
  readonly expired: Certified
  readonly early: Certified
  readonly soon: Certified
  readonly wrong: Certified
  readonly nameless: Certified
  readonly middle: Authority
  readonly below: Certified
  readonly client: Certified
  readonly stranger: Certified
}

function makeCertificates(): Certificates {
  const [ca, other] = [Authority.make('Test CA'), Authority.make('Other CA')]
  const names = 'DNS:www.example.org,DNS:*.wild.example.org,IP:127.0.0.1'
  const middle = ca.below('Middle CA')
  return {
    ca,
    other,
    good: ca.issue('good', { names }),
    expired: ca.issue('expired', { names, from: -30, until: -2 }),
    early: ca.issue('early', { names, from: 2, until: 90 }),
    soon: ca.issue('soon', { names, until: 6.5 }),
    wrong: ca.issue('wrong', { names: 'DNS:other.example' }),
    nameless: ca.issue('nameless.example'),
    middle,
    below: middle.issue('below', { names }),
    client: ca.issue('client'),
    stranger: other.issue('stranger'),
  }
}

const dateIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

interface Case {
  readonly what: string
  readonly server: (all: Certificates) => Promise<TestServer>
  readonly check?: (all: Certificates) => Partial<EncryptionConfig>
  readonly timeout?: typeof brief
  /** Of both kinds, where they agree. */
  readonly both?: Outcome
  readonly https?: Outcome
  readonly tls?: Outcome
}

const fine = (certified: keyof Certificates) => async (all: Certificates) => {
  const { cert, key } = all[certified] as Certified
  return listenTls({ cert, key }, (socket) => socket.end(page('200 OK', 'fine')))
}
const status200 = passed('status 200')
const handshake = passed('handshake, TLS 1.3')

const demanding =
  (more: Readonly<Record<string, unknown>> = {}) =>
  async ({ ca, good }: Certificates) =>
    listenTls(
      {
        cert: good.cert,
        key: good.key,
        ca: ca.own.cert,
        requestCert: true,
        rejectUnauthorized: true,
        ...more,
      },
      (socket) => socket.end(page('200 OK')),
    )
const clientOf = (certified: 'client' | 'stranger') => (all: Certificates) => ({
  certFile: all[certified].certFile,
  keyFile: all[certified].keyFile,
})
const unknown = (issuer: string): Outcome =>
  failed(
    `certificate is from an unknown authority, ${issuer} (ca_file), or the server does not send the certificates between`,
  )
const noVersion = failed('no common version of TLS, 1.2 or newer is needed')
const refused = failed(
  'the server refused the handshake: no common cipher, or it requires a client certificate',
)

const certificateCases: readonly Case[] = [
  { what: 'a good certificate', server: fine('good'), https: status200, tls: handshake },
  {
    what: 'a good certificate below an authority that is sent',
    server: async ({ below, middle }) =>
      listenTls({ cert: below.cert + middle.own.cert, key: below.key }, (socket) =>
        socket.end(page('200 OK')),
      ),
    https: status200,
    tls: handshake,
  },
  { what: 'one below an authority that is not sent', server: fine('below'), both: unknown('Middle CA') },
  { what: 'an expired one', server: fine('expired'), both: failed(`certificate expired on ${dateIn(-2)}`) },
  {
    what: 'an expired one, unverified',
    server: fine('expired'),
    check: () => ({ verify: false, expiresWithin: millis(86_400_000) }),
    https: warned(status200, `certificate expired on ${dateIn(-2)}`),
    tls: warned(handshake, `certificate expired on ${dateIn(-2)}`),
  },
  {
    what: 'one that is not yet valid',
    server: fine('early'),
    both: failed(`certificate is not valid before ${dateIn(2)}`),
  },
  {
    what: 'one that expires soon',
    server: fine('soon'),
    check: () => ({ expiresWithin: millis(14 * 86_400_000) }),
    https: warned(status200, `certificate expires on ${dateIn(6.5)}, in 6 days`),
    tls: warned(handshake, `certificate expires on ${dateIn(6.5)}, in 6 days`),
  },
  {
    what: 'one that expires later than that',
    server: fine('soon'),
    check: () => ({ expiresWithin: millis(86_400_000) }),
    https: status200,
    tls: handshake,
  },
  {
    what: 'one of another name',
    server: fine('wrong'),
    both: failed('certificate is for other.example, not for www.example.org'),
  },
  {
    what: 'one that has only a common name, another one',
    server: fine('nameless'),
    both: failed('certificate is for nameless.example, not for www.example.org'),
  },
  {
    what: 'one of another name, unverified',
    server: fine('wrong'),
    check: () => ({ verify: false }),
    https: status200,
    tls: handshake,
  },
  {
    what: 'one of any name, where none was given',
    server: fine('wrong'),
    check: () => ({ sni: undefined }),
    https: status200,
    tls: handshake,
  },
  {
    what: 'a wildcard',
    server: fine('good'),
    check: () => ({ sni: 'a.wild.example.org' }),
    https: status200,
    tls: handshake,
  },
  {
    what: 'a wildcard for one label only',
    server: fine('good'),
    check: () => ({ sni: 'a.b.wild.example.org' }),
    both: failed(
      'certificate is for www.example.org, *.wild.example.org, 127.0.0.1, not for a.b.wild.example.org',
    ),
  },
  {
    what: 'a self-signed one',
    server: async ({ ca }) => listenTls({ cert: ca.own.cert, key: ca.own.key }, () => {}),
    check: ({ other }) => ({ caFile: other.caFile }),
    both: failed('certificate is self-signed, and no authority of ours (ca_file)'),
  },
  {
    what: 'one of an unknown authority',
    server: fine('good'),
    check: ({ other }) => ({ caFile: other.caFile }),
    both: unknown('Test CA'),
  },
  {
    what: 'one that this system does not trust',
    server: fine('good'),
    check: () => ({ caFile: undefined }),
    both: unknown('Test CA'),
  },
  {
    what: 'one whose unknown authority is sent',
    server: async ({ good, ca }) => listenTls({ cert: good.cert + ca.own.cert, key: good.key }, () => {}),
    check: ({ other }) => ({ caFile: other.caFile }),
    both: failed('certificate is from an authority that is not trusted, Test CA (ca_file)'),
  },
  {
    what: 'no client certificate where one is required',
    server: demanding(),
    both: failed('the server requires a client certificate'),
  },
  {
    what: 'no client certificate where one is required, TLS 1.2',
    server: demanding({ maxVersion: 'TLSv1.2' }),
    both: refused,
  },
  {
    what: 'a client certificate',
    server: demanding(),
    check: clientOf('client'),
    https: status200,
    tls: handshake,
  },
  {
    what: 'the client certificate of a stranger',
    server: demanding(),
    check: clientOf('stranger'),
    https: failed('connection closed before an answer'),
    // Such a server completes the handshake, and ends the connection without a word.
    tls: handshake,
  },
  {
    what: 'a file that was not handed over counts for no server',
    server: fine('good'),
    check: () => ({ caFile: '/nowhere.pem' }),
    both: { pass: undefined, reason: 'cannot start: /nowhere.pem was not handed over' },
  },
]

const handshakeCases: readonly Case[] = [
  {
    what: 'TLS 1.2',
    server: async ({ good: { cert, key } }) =>
      listenTls({ cert, key, maxVersion: 'TLSv1.2' }, (socket) => socket.end(page('200 OK'))),
    https: status200,
    tls: passed('handshake, TLS 1.2'),
  },
  {
    what: 'TLS 1.1 at most',
    server: async ({ good: { cert, key } }) =>
      listenTls(
        { cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
        () => {},
      ),
    both: noVersion,
  },
  {
    what: 'no common cipher',
    server: async ({ good: { cert, key } }) =>
      listenTls({ cert, key, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, () => {}),
    both: refused,
  },
  {
    what: 'plain HTTP on the port',
    server: () => listenEager((socket) => socket.once('data', () => socket.end(page('400 Bad Request')))),
    both: failed('the port does not speak TLS'),
  },
  {
    what: 'garbage',
    server: () => listenEager((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    both: failed('the port does not speak TLS'),
  },
  {
    what: 'endless garbage',
    server: () => listenEager((socket) => pour(socket, 'garbage'.repeat(1000))),
    both: failed('the port does not speak TLS'),
  },
  {
    what: 'endless requests to say hello',
    server: () => listenEager((socket) => pour(socket, `\x16\x03\x03\x40\x00${'\0'.repeat(16_384)}`)),
    timeout: brief,
    both: failed('no complete TLS handshake within 400 ms'),
  },
  {
    what: 'a handshake that is never finished',
    server: () => listenEager(() => {}),
    timeout: brief,
    both: failed('no complete TLS handshake within 400 ms'),
  },
  {
    what: 'a close at once',
    server: () => listenEager((socket) => socket.end()),
    both: failed('connection closed during the TLS handshake'),
  },
  {
    what: 'a close in the handshake',
    server: () => listenEager((socket) => socket.once('data', () => socket.end())),
    both: failed('connection closed during the TLS handshake'),
  },
  {
    what: 'a reset in the handshake',
    server: () => listenEager((socket) => socket.once('data', () => socket.resetAndDestroy())),
    both: failed('connection reset during the TLS handshake'),
  },
]

const afterwards =
  (behave: Parameters<typeof listenTls>[1]) =>
  async ({ good: { cert, key } }: Certificates) =>
    listenTls({ cert, key }, behave)

const answerCases: readonly Case[] = [
  {
    what: 'silence after the handshake',
    server: afterwards(() => {}),
    timeout: brief,
    https: failed('no complete answer header within 400 ms'),
    tls: handshake,
  },
  {
    what: 'a close after the handshake',
    server: afterwards((socket) => socket.end()),
    https: failed('connection closed before an answer'),
    tls: handshake,
  },
  {
    what: 'a redirect, not followed',
    server: afterwards((socket) => socket.end(page('301 Moved', '', 'Location: http://127.0.0.1:1/\r\n'))),
    https: passed('status 301'),
    tls: handshake,
  },
  {
    what: '64 KB of headers',
    server: afterwards((socket) => socket.end(page('200 OK', '', `X-Big: ${'y'.repeat(65_000)}\r\n`))),
    https: failed('headers longer than 16 KiB'),
    tls: handshake,
  },
  {
    what: 'an endless body',
    server: afterwards((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pour(socket, 'x'.repeat(1024))
    }),
    https: status200,
    tls: handshake,
  },
  {
    what: 'half a body, then silence',
    server: afterwards((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
    timeout: brief,
    https: failed('no complete body within 400 ms'),
    tls: handshake,
  },
  {
    what: 'half a body, then a close',
    server: afterwards((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
    https: failed('connection closed in the middle of the body'),
    tls: handshake,
  },
  {
    what: 'garbage within TLS',
    server: afterwards((socket) => socket.end('what?\r\n\r\n')),
    https: failed('not a valid HTTP answer'),
    tls: handshake,
  },
]

describe('healthcheck/checkers over TLS', function () {
  this.timeout(60_000)
  let all: Certificates
  const contexts = new TlsContexts()
  const reactor = Reactor.open()
  const run = checkerWith({ ...checkTools(reactor), contexts })

  before(() => {
    all = makeCertificates()
    const { ca, other, client, stranger } = all
    const texts: Record<string, string> = {}
    for (const { certFile, keyFile, cert, key } of [ca.own, other.own, client, stranger]) {
      texts[certFile] = cert
      texts[keyFile] = key
    }
    contexts.replace({ texts, authorities: undefined })
  })
  after(() => {
    reactor.close()
    all.ca.remove()
    all.other.remove()
  })
  noSocketStays()

  const tried = async (check: HttpsCheckConfig | TlsCheckConfig, server: TestServer): Promise<Outcome> => {
    try {
      return await run(check, server.target, AbortSignal.timeout(check.timeout))
    } finally {
      await server.close()
    }
  }
  const settings = ({ check, timeout = patient }: Case) => ({
    timeout,
    caFile: all.ca.caFile,
    sni: 'www.example.org',
    ...check?.(all),
  })

  const tables = { certificates: certificateCases, handshakes: handshakeCases, answers: answerCases }
  for (const [title, cases] of Object.entries(tables)) {
    describe(title, () => {
      for (const one of cases) {
        it(one.what, async () => {
          const https = await tried(httpsCheck(settings(one)), await one.server(all))
          assert.deepEqual(https, one.https ?? one.both)
          const tls = await tried(tlsCheck(settings(one)), await one.server(all))
          assert.deepEqual(tls, one.tls ?? one.both)
        })
      }
    })
  }

  it('refused, and no answer to connect', async () => {
    const target = await closedPort()
    for (const check of [httpsCheck({ timeout: patient }), tlsCheck({ timeout: patient })]) {
      const outcome = await run(check, target, AbortSignal.timeout(check.timeout))
      assert.deepEqual(outcome, failed('connection refused'))
      const late = await run({ ...check, timeout: brief }, target, AbortSignal.abort())
      assert.deepEqual(late, failed('no answer to connect within 400 ms'))
    }
    const frozen = await frozenServer()
    const outcome = await run(tlsCheck({ timeout: brief }), frozen.target, AbortSignal.timeout(brief))
    await frozen.close()
    assert.deepEqual(outcome, failed('no complete TLS handshake within 400 ms'))
  })

  it('the name is the Host header’s, without its port; an address is compared, and not sent', async () => {
    const sent: (string | false | null)[] = []
    const outcomes: Outcome[] = []
    for (const host of [
      'www.example.org:8443',
      'WWW.example.org',
      '127.0.0.1:443',
      '10.0.0.1',
      '[::1]:443',
    ]) {
      const server = await listenTls({ cert: all.good.cert, key: all.good.key }, (socket) => {
        sent.push(socket.servername ?? null)
        socket.end(page('200 OK'))
      })
      const check = httpsCheck({ timeout: patient, caFile: all.ca.caFile, host })
      outcomes.push(await tried(check, server))
    }
    const names = 'www.example.org, *.wild.example.org, 127.0.0.1'
    assert.deepEqual(outcomes, [
      status200,
      status200,
      status200,
      failed(`certificate is for ${names}, not for 10.0.0.1`),
      failed(`certificate is for ${names}, not for ::1`),
    ])
    assert.deepEqual(sent, ['www.example.org', 'WWW.example.org', false])
  })

  it('ALPN: what is offered must be chosen, but for HTTP/1.1', async () => {
    const { cert, key } = all.good
    const server = (protocols: string[] | undefined) =>
      listenTls({ cert, key, ...(protocols && { ALPNProtocols: protocols }) }, (socket) =>
        socket.end(page('200 OK')),
      )
    const common = { timeout: patient, caFile: all.ca.caFile }
    const noH2 = failed('the server does not speak h2 (ALPN)')
    for (const protocols of [undefined, ['http/1.1']]) {
      assert.deepEqual(await tried(httpsCheck({ ...common, http2: true }), await server(protocols)), noH2)
      assert.deepEqual(await tried(httpsCheck(common), await server(protocols)), status200)
      assert.deepEqual(await tried(tlsCheck({ ...common, alpn: ['h2'] }), await server(protocols)), noH2)
    }
    const chosen = await tried(tlsCheck({ ...common, alpn: ['imap', 'h2'] }), await server(['h2']))
    assert.deepEqual(chosen, handshake)
  })

  it('other files count from the next check on', async () => {
    const own = new TlsContexts({ texts: { '/ca.pem': all.other.own.cert }, authorities: undefined })
    const outcome = async (caFile: string | undefined) => {
      const check = tlsCheck({ timeout: patient, caFile })
      const server = await fine('good')(all)
      const found = await checkerWith({ ...checkTools(reactor), contexts: own })(
        check,
        server.target,
        AbortSignal.timeout(patient),
      )
      await server.close()
      return found
    }
    assert.deepEqual(await outcome('/ca.pem'), unknown('Test CA'))
    own.replace({ texts: { '/ca.pem': all.ca.own.cert }, authorities: undefined })
    assert.deepEqual(await outcome('/ca.pem'), handshake)
    own.replace({ texts: {}, authorities: all.ca.own.cert })
    assert.deepEqual(await outcome(undefined), handshake)
  })
})
