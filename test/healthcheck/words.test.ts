/** The small pure parts of HTTP and TLS checks. */
import assert from 'node:assert/strict'
import { checkWarnings } from '../../src/healthcheck/check-warnings.js'
import { proxyHeader } from '../../src/healthcheck/proxy-header.js'
import { certificateWords, expiryWarning, tlsWords } from '../../src/healthcheck/tls-words.js'
import { askedWeight } from '../../src/healthcheck/weight-header.js'
import { endpoint } from './samples.js'

describe('healthcheck/proxy-header', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

  it('version 1 tells the connection’s own addresses', () => {
    const line = proxyHeader(1, endpoint('10.0.0.11:40000'), endpoint('10.0.0.21:80'))
    assert.equal(text(line), 'PROXY TCP4 10.0.0.11 10.0.0.21 40000 80\r\n')
    const six = proxyHeader(1, endpoint('[2001:db8::11]:40000'), endpoint('[2001:db8::21]:80'))
    assert.equal(text(six), 'PROXY TCP6 2001:db8::11 2001:db8::21 40000 80\r\n')
  })

  it('version 2 is the LOCAL command, without addresses', () => {
    const header = proxyHeader(2, endpoint('10.0.0.11:40000'), endpoint('10.0.0.21:80'))
    assert.equal(Buffer.from(header).toString('hex'), '0d0a0d0a000d0a515549540a20000000')
  })
})

describe('healthcheck/weight-header', () => {
  const cases: readonly (readonly [string, ReturnType<typeof askedWeight>])[] = [
    ['50%', { percent: 50 }],
    [' 0 % ', { percent: 0 }],
    ['100%', { percent: 100 }],
    ['50', askedWeight('050')],
    ['101%', undefined],
    ['65536', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['50%, 60%', undefined],
    ['', undefined],
  ]
  for (const [value, asked] of cases) {
    it(`${JSON.stringify(value)}: ${JSON.stringify(asked)}`, () => {
      assert.deepEqual(askedWeight(value), asked)
    })
  }

  it('a number is a weight, of 16 bits', () => {
    assert.deepEqual(askedWeight('65535'), { weight: 65535 })
    assert.deepEqual(askedWeight('0'), { weight: 0 })
  })
})

describe('healthcheck/tls-words', () => {
  it('keeps what it does not know recognisable, and leaves alone what is no matter of TLS', () => {
    assert.equal(
      tlsWords('ERR_SSL_TLSV1_ALERT_EXPORT_RESTRICTION'),
      'the server ended TLS with the alert "export restriction"',
    )
    assert.equal(tlsWords('ERR_SSL_BAD_SIGNATURE'), 'the TLS handshake failed (ERR_SSL_BAD_SIGNATURE)')
    assert.equal(tlsWords('ECONNRESET'), undefined)
    assert.equal(tlsWords('ERR_INVALID_CHAR'), undefined)
  })

  it('shortens what a stranger wrote into a certificate, and shows nothing that drives a terminal', () => {
    const facts = { names: ['a\u001b[31m'], issuer: 'x'.repeat(500), from: 0, until: 0 }
    assert.equal(
      certificateWords('ERR_TLS_CERT_ALTNAME_INVALID', facts, 'b.example'),
      'certificate is for a?[31m, not for b.example',
    )
    assert.ok(certificateWords('SELF_SIGNED_CERT_IN_CHAIN', facts).length < 200)
    assert.equal(certificateWords('CRL_HAS_EXPIRED', facts), 'certificate not accepted (CRL_HAS_EXPIRED)')
  })

  it('warns within the time that was asked for', () => {
    const now = Date.UTC(2026, 10, 23)
    const [hour, day] = [3_600_000, 86_400_000]
    assert.equal(expiryWarning(now + 15 * day, now, 14 * day), undefined)
    assert.equal(
      expiryWarning(now + 14 * day, now, 14 * day),
      'certificate expires on 2026-12-07, in 14 days',
    )
    assert.equal(expiryWarning(now + day, now, 14 * day), 'certificate expires on 2026-11-24, in 1 day')
    assert.equal(expiryWarning(now + hour, now, 14 * day), 'certificate expires on 2026-11-23, within a day')
    assert.equal(expiryWarning(now - day, now, 14 * day), 'certificate expired on 2026-11-22')
  })
})

describe('healthcheck/check-warnings', () => {
  const check = (port: number, warning: string | undefined) => ({
    target: endpoint(`10.0.0.21:${port}`),
    warning,
  })

  it('one line for all the servers with the same, each once, the first of them named', () => {
    const soon = 'certificate expires on 2026-11-29, in 6 days'
    assert.deepEqual(checkWarnings([check(1, undefined)]), [])
    assert.deepEqual(checkWarnings([check(1, soon), check(1, soon), check(2, undefined)]), [
      `${soon}: 10.0.0.21:1`,
    ])
    const many = [1, 2, 3, 4, 5].map((port) => check(port, soon))
    assert.deepEqual(checkWarnings(many), [`${soon}: 10.0.0.21:1, 10.0.0.21:2, 10.0.0.21:3 and 2 more`])
  })

  it('so many lines and no more', () => {
    const lines = checkWarnings(Array.from({ length: 500 }, (_, i) => check(i + 1, `warning ${i}`)))
    assert.equal(lines.length, 21)
    assert.equal(lines.at(-1), '480 more warnings of checks')
  })
})
