/** Against nginx, as operators have it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Endpoint } from '../../src/base/ip.js'
import { millis } from '../../src/base/units.js'
import type { CheckConfig } from '../../src/config/check.js'
import { checkerWith } from '../../src/healthcheck/checkers/run-check.js'
import { TlsContexts } from '../../src/healthcheck/checkers/tls-contexts.js'
import { failed, type Outcome, passed, warned } from '../../src/healthcheck/outcome.js'
import { checkTools } from '../../src/platform/check-tools.js'
import { Reactor } from '../../src/platform/reactor.js'
import { Authority, type Certified } from './certificates.js'
import { noSocketStays } from './descriptors.js'
import { httpCheck, httpsCheck, tlsCheck } from './samples.js'
import { closedPort } from './servers.js'

const patient = millis(20_000)
const brief = millis(400)

const ports = ['plain', 'proxied', 'tls', 'tlsProxied', 'client', 'old', 'expired'] as const
type Ports = Readonly<Record<(typeof ports)[number], Endpoint>>

const configuration = (to: Ports, good: Certified, expired: Certified, ca: Authority): string => {
  const at = (name: keyof Ports): string => `127.0.0.1:${to[name].port}`
  const shown = ({ certFile, keyFile }: Certified): string =>
    `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`
  const pages = `
    location /healthz { add_header X-Weight 50%; return 200 "state: ready\\n"; }
    location /moved { return 302 http://127.0.0.1:1/; }
    location /down { return 503; }
    location /proxy { return 200 "from $proxy_protocol_addr over $server_protocol as $host\\n"; }
    location /large { ${Array.from({ length: 17 }, (_, i) => `add_header X-${i} ${'y'.repeat(3_900)};`).join(' ')} return 200; }`
  return `
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off; ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen ${at('plain')}; ${pages} }
  server { listen ${at('proxied')} proxy_protocol; ${pages} }
  server { listen ${at('tls')} ssl http2; server_name www.example.org; ${shown(good)} ${pages} }
  server { listen ${at('tlsProxied')} ssl http2 proxy_protocol; ${shown(good)} ${pages} }
  server { listen ${at('client')} ssl; ${shown(good)} ssl_client_certificate ${ca.caFile}; ssl_verify_client on; ${pages} }
  server { listen ${at('old')} ssl; ${shown(good)} ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0; ${pages} }
  server { listen ${at('expired')} ssl http2; ${shown(expired)} ${pages} }
}`
}

interface Case {
  readonly what: string
  readonly port: keyof Ports
  readonly check: (all: { readonly client: Certified; readonly stranger: Certified }) => CheckConfig
  readonly outcome: Outcome
}

const common = { timeout: patient, host: 'www.example.org' }
const named = { timeout: patient, sni: 'www.example.org' }
const bodies = { path: '/proxy', body: '^from 127\\.0\\.0\\.1 over HTTP/1\\.1 as www' }
const matches = passed('status 200, body matches')
const noClient = failed('status 400, expected 200-399')

const cases: readonly Case[] = [
  { what: 'http', port: 'plain', check: () => httpCheck({ ...common, body: 'ready' }), outcome: matches },
  { what: 'https', port: 'tls', check: () => httpsCheck({ ...common, body: 'ready' }), outcome: matches },
  {
    what: 'https, HTTP/2',
    port: 'tls',
    check: () => httpsCheck({ ...common, http2: true, path: '/proxy', body: 'over HTTP/2.0 as www' }),
    outcome: matches,
  },
  {
    what: 'tls, HTTP/2 offered',
    port: 'tls',
    check: () => tlsCheck({ ...named, alpn: ['h2'] }),
    outcome: passed('handshake, TLS 1.3'),
  },
  {
    what: 'tls, a protocol that it does not speak',
    port: 'tls',
    check: () => tlsCheck({ ...named, alpn: ['imap'] }),
    outcome: failed('the server does not speak imap (ALPN)'),
  },
  {
    what: 'https, a weight',
    port: 'tls',
    check: () => httpsCheck({ ...common, weightHeader: 'x-weight' }),
    outcome: passed('status 200, x-weight: 50%', { percent: 50 }),
  },
  {
    what: 'http, the PROXY protocol, version 1',
    port: 'proxied',
    check: () => httpCheck({ ...common, ...bodies, proxyProtocol: 1 }),
    outcome: matches,
  },
  {
    what: 'http, the PROXY protocol, version 2',
    port: 'proxied',
    check: () => httpCheck({ ...common, proxyProtocol: 2 }),
    outcome: passed('status 200'),
  },
  {
    what: 'http, the PROXY protocol left out',
    port: 'proxied',
    check: () => httpCheck(common),
    outcome: failed('connection closed before an answer'),
  },
  {
    what: 'https, the PROXY protocol, version 1',
    port: 'tlsProxied',
    check: () => httpsCheck({ ...common, ...bodies, proxyProtocol: 1 }),
    outcome: matches,
  },
  {
    what: 'https, HTTP/2, the PROXY protocol, version 2',
    port: 'tlsProxied',
    check: () => httpsCheck({ ...common, http2: true, proxyProtocol: 2 }),
    outcome: passed('status 200'),
  },
  {
    what: 'tls, the PROXY protocol, version 2',
    port: 'tlsProxied',
    check: () => tlsCheck({ ...named, proxyProtocol: 2 }),
    outcome: passed('handshake, TLS 1.3'),
  },
  {
    what: 'https, the PROXY protocol where it is not expected',
    port: 'tls',
    check: () => httpsCheck({ ...common, proxyProtocol: 1 }),
    outcome: failed('the port does not speak TLS'),
  },
  {
    what: 'https, a client certificate',
    port: 'client',
    check: ({ client: { certFile, keyFile } }) => httpsCheck({ ...common, certFile, keyFile }),
    outcome: passed('status 200'),
  },
  {
    what: 'https, no client certificate',
    port: 'client',
    check: () => httpsCheck(common),
    outcome: noClient,
  },
  {
    what: 'https, a stranger’s client certificate',
    port: 'client',
    check: ({ stranger: { certFile, keyFile } }) => httpsCheck({ ...common, certFile, keyFile }),
    outcome: noClient,
  },
  {
    what: 'https, TLS 1.1',
    port: 'old',
    check: () => httpsCheck(common),
    outcome: failed('no common version of TLS, 1.2 or newer is needed'),
  },
  {
    what: 'https, expired',
    port: 'expired',
    check: () => httpsCheck(common),
    outcome: failed(`certificate expired on ${dateIn(-2)}`),
  },
  {
    what: 'https, HTTP/2, expired, unverified',
    port: 'expired',
    check: () => httpsCheck({ ...common, http2: true, verify: false, expiresWithin: millis(3_600_000) }),
    outcome: warned(passed('status 200'), `certificate expired on ${dateIn(-2)}`),
  },
  {
    what: 'https, another name',
    port: 'tls',
    check: () => httpsCheck({ ...common, host: 'www.example.net' }),
    outcome: failed('certificate is for www.example.org, not for www.example.net'),
  },
  {
    what: 'https on the plain port',
    port: 'plain',
    check: () => httpsCheck(common),
    outcome: failed('the port does not speak TLS'),
  },
  { what: 'http on the TLS port', port: 'tls', check: () => httpCheck(common), outcome: noClient },
  {
    what: 'https, a redirect, not followed',
    port: 'tls',
    check: () => httpsCheck({ ...common, path: '/moved' }),
    outcome: passed('status 302'),
  },
  {
    what: 'https, HTTP/2, down',
    port: 'tls',
    check: () => httpsCheck({ ...common, http2: true, path: '/down' }),
    outcome: failed('status 503, expected 200-399'),
  },
  {
    what: 'https, 64 KB of headers',
    port: 'tls',
    check: () => httpsCheck({ ...common, path: '/large' }),
    outcome: failed('headers longer than 16 KiB'),
  },
  {
    what: 'https, HTTP/2, 64 KB of headers',
    port: 'tls',
    check: () => httpsCheck({ ...common, http2: true, path: '/large' }),
    outcome: failed('headers longer than 16 KiB'),
  },
]

function dateIn(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}

describe('healthcheck/checkers against nginx', function () {
  this.timeout(60_000)
  const contexts = new TlsContexts()
  const reactor = Reactor.open()
  const run = checkerWith({ ...checkTools(reactor), contexts })
  const folder = mkdtempSync(join(tmpdir(), 'vipair-nginx-'))
  let nginx: ChildProcess
  let targets: Ports
  let ca: Authority
  let other: Authority
  let people: { readonly client: Certified; readonly stranger: Certified }

  const outcomeOf = (check: CheckConfig, port: keyof Ports): Promise<Outcome> =>
    run(check, targets[port], AbortSignal.timeout(check.timeout))

  before(async () => {
    ca = Authority.make('Test CA')
    other = Authority.make('Other CA')
    people = { client: ca.issue('client'), stranger: other.issue('stranger') }
    const texts: Record<string, string> = {}
    for (const { certFile, keyFile, cert, key } of Object.values(people)) {
      texts[certFile] = cert
      texts[keyFile] = key
    }
    contexts.replace({ texts, authorities: ca.own.cert })
    const names = 'DNS:www.example.org'
    const [good, expired] = [
      ca.issue('good', { names }),
      ca.issue('expired', { names, from: -30, until: -2 }),
    ]
    const found = await Promise.all(ports.map(async (name) => [name, await closedPort()] as const))
    targets = Object.fromEntries(found) as unknown as Ports
    writeFileSync(join(folder, 'nginx.conf'), configuration(targets, good, expired, ca))
    nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    // Refused until it listens.
    for (let ready = false; !ready && nginx.exitCode === null; ) {
      ready = (await outcomeOf(httpsCheck({ ...common, verify: false }), 'expired')).pass === true
    }
    assert.equal(nginx.exitCode, null)
  })
  after(async () => {
    reactor.close()
    if (nginx.exitCode === null && nginx.signalCode === null) {
      nginx.kill('SIGKILL')
      await once(nginx, 'exit')
    }
    ca.remove()
    other.remove()
    rmSync(folder, { recursive: true })
  })
  noSocketStays()

  for (const { what, port, check, outcome } of cases) {
    it(`${what}: ${outcome.pass ? outcome.detail : outcome.reason}`, async () => {
      assert.deepEqual(await outcomeOf(check(people), port), outcome)
    })
  }

  it('frozen, and awake again; at last it dies', async () => {
    const checks: readonly CheckConfig[] = [
      httpCheck({ ...common, timeout: brief }),
      httpsCheck({ ...common, timeout: brief }),
      httpsCheck({ ...common, timeout: brief, http2: true }),
      tlsCheck({ ...named, timeout: brief }),
    ]
    const all = () =>
      Promise.all(checks.map((check) => outcomeOf(check, check.type === 'http' ? 'plain' : 'tls')))
    const words = (outcomes: readonly Outcome[]) => outcomes.map((one) => (one.pass ? 'passed' : one.reason))
    nginx.kill('SIGSTOP')
    const handshake = 'no complete TLS handshake within 400 ms'
    assert.deepEqual(words(await all()), [
      'no complete answer header within 400 ms',
      handshake,
      handshake,
      handshake,
    ])
    nginx.kill('SIGCONT')
    for (const check of checks) {
      const outcome = await outcomeOf({ ...check, timeout: patient }, check.type === 'http' ? 'plain' : 'tls')
      assert.equal(outcome.pass, true, JSON.stringify(outcome))
    }
    nginx.kill('SIGKILL')
    await once(nginx, 'exit')
    assert.deepEqual(
      words(await all()),
      checks.map(() => 'connection refused'),
    )
  })
})
