import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import type { DnsCheckConfig } from '../../src/config/checks/dns.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { noSocketStays } from './descriptors.js'
import { startProgram } from './real-server.js'
import { against, brief, type Closable, common, patient, run } from './run.js'
import { closedPort, listenEager, pour } from './servers.js'
import { type Answer, closedUdpPort, listenUdp } from './udp-server.js'

const dnsCheck = (changes: Partial<DnsCheckConfig> = {}): DnsCheckConfig => ({
  ...common,
  type: 'dns',
  name: 'www.example.org',
  record: 'A',
  rcode: 'NOERROR',
  expect: undefined,
  transport: 'udp',
  ...changes,
})

/** Changed here and there, the question is an answer without records. */
function reply(question: Uint8Array, flags: number, idChange = 0): Uint8Array {
  const bytes = Uint8Array.from(question)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, view.getUint16(0) ^ idChange)
  view.setUint16(2, flags)
  return bytes
}

describe('healthcheck: dns against dnsmasq', function () {
  this.timeout(30_000)
  noSocketStays()
  let server: Closable
  before(async () => {
    server = await startProgram('/usr/sbin/dnsmasq', (port) => [
      '--no-daemon',
      '--conf-file=/dev/null',
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      `--port=${port}`,
      '--pid-file=',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
      '--local=/example.org/',
      '--host-record=www.example.org,10.0.0.80,2001:db8::80',
      '--cname=alias.example.org,www.example.org',
      '--mx-host=example.org,mx.example.org,10',
      '--txt-record=example.org,v=spf1 -all',
      '--srv-host=_sip._tcp.example.org,sip.example.org,5060,1,2',
      ...Array.from({ length: 40 }, (_, i) => `--host-record=many.example.org,10.0.1.${i + 1}`),
    ])
  })
  after(() => server.close())

  const cases: readonly (readonly [check: Partial<DnsCheckConfig>, outcome: Outcome])[] = [
    [{}, passed('NOERROR, 1 A record')],
    [{ transport: 'tcp' }, passed('NOERROR, 1 A record')],
    [{ expect: '^10\\.0\\.0\\.80$' }, passed('NOERROR, 1 A record, /^10\\.0\\.0\\.80$/ matches')],
    [{ expect: '^10\\.9' }, failed('NOERROR, 1 A record, none matches /^10\\.9/')],
    [
      { record: 'AAAA', expect: '^2001:db8::80$' },
      passed('NOERROR, 1 AAAA record, /^2001:db8::80$/ matches'),
    ],
    [{ name: 'alias.example.org', expect: '80' }, passed('NOERROR, 1 A record, /80/ matches')],
    [
      { name: 'alias.example.org', record: 'CNAME', expect: '^www' },
      passed('NOERROR, 1 CNAME record, /^www/ matches'),
    ],
    [
      { name: 'example.org.', record: 'MX', expect: '^10 mx\\.' },
      passed('NOERROR, 1 MX record, /^10 mx\\./ matches'),
    ],
    [
      { name: 'example.org', record: 'TXT', expect: '"v=spf1 -all"' },
      passed('NOERROR, 1 TXT record, /"v=spf1 -all"/ matches'),
    ],
    [
      { name: '_sip._tcp.example.org', record: 'SRV', expect: '^1 2 5060 sip' },
      passed('NOERROR, 1 SRV record, /^1 2 5060 sip/ matches'),
    ],
    [{ record: 'NS' }, passed('NOERROR, no NS records')],
    [{ name: 'nowhere.example.org' }, failed('NXDOMAIN, expected NOERROR')],
    [{ name: 'nowhere.example.org', rcode: 'NXDOMAIN' }, passed('NXDOMAIN, no A records')],
    [{ name: 'www.example.com' }, failed('REFUSED, expected NOERROR')],
    // Too long for a datagram, so that all of it comes over TCP.
    [
      { name: 'many.example.org', expect: '^10\\.0\\.1\\.40$' },
      passed('NOERROR, 40 A records, /^10\\.0\\.1\\.40$/ matches'),
    ],
  ]
  for (const [check, outcome] of cases) {
    it(JSON.stringify(check), async () => {
      assert.deepEqual(await run(dnsCheck(check), server.target), outcome)
    })
  }
})

describe('healthcheck: dns against bad servers', function () {
  this.timeout(30_000)
  noSocketStays()

  const overUdp: readonly (readonly [
    what: string,
    behave: (datagram: Buffer, answer: Answer) => void,
    outcome: Outcome,
    timeout?: typeof brief,
  ])[] = [
    ['SERVFAIL', (question, answer) => answer(reply(question, 0x8182)), failed('SERVFAIL, expected NOERROR')],
    [
      'an unknown code',
      (question, answer) => answer(reply(question, 0x818b)),
      failed('RCODE 11, expected NOERROR'),
    ],
    ['silence', () => {}, failed('no answer within 400 ms'), brief],
    [
      'its own words back',
      (question, answer) => answer(question),
      failed('no answer within 400 ms, only one to another question'),
      brief,
    ],
    [
      'garbage',
      (_, answer) => answer(Buffer.from('hello, world')),
      failed('no answer within 400 ms, only one to another question'),
      brief,
    ],
    ['half a header', (_, answer) => answer(Buffer.from('hello')), failed('a malformed answer')],
    [
      'an answer to another question before the true one',
      (question, answer) => {
        answer(reply(question, 0x8180, 1))
        answer(reply(question, 0x8180))
      },
      passed('NOERROR, no A records'),
    ],
    [
      'answers without end to another question',
      (question, answer) => {
        for (let i = 0; i < 1_000; i++) answer(reply(question, 0x8180, 1))
      },
      failed('no answer within 400 ms, only one to another question'),
      brief,
    ],
    [
      'an answer cut short, and nothing listens on TCP',
      (question, answer) => answer(reply(question, 0x8380)),
      failed('connection refused'),
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of overUdp) {
    it(what, async () => {
      assert.deepEqual(await against(await listenUdp(behave), dnsCheck({ timeout })), outcome)
    })
  }

  const prefixed = (message: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message])
  /** Once the question is there, without its length. */
  const asked =
    (behave: (socket: Socket, question: Uint8Array) => void) =>
    (socket: Socket): void => {
      socket.once('data', (bytes: Buffer) => behave(socket, bytes.subarray(2)))
    }
  const overTcp: readonly (readonly [
    what: string,
    behave: (socket: Socket) => void,
    outcome: Outcome,
    timeout?: typeof brief,
  ])[] = [
    [
      'an answer',
      asked((socket, question) => socket.end(prefixed(reply(question, 0x8180)))),
      passed('NOERROR, no A records'),
    ],
    [
      'an answer byte by byte',
      asked((socket, question) => {
        socket.setNoDelay(true)
        for (const byte of prefixed(reply(question, 0x8180))) socket.write(Buffer.of(byte))
      }),
      passed('NOERROR, no A records'),
    ],
    [
      'an answer to another question',
      asked((socket, question) => socket.end(prefixed(reply(question, 0x8180, 1)))),
      failed('an answer to another question'),
    ],
    ['an empty answer', asked((socket) => socket.write(Buffer.of(0, 0))), failed('a malformed answer')],
    [
      'half an answer',
      asked((socket) => socket.end(Buffer.of(0, 12, 1, 2))),
      failed('connection closed with no complete answer over TCP'),
    ],
    [
      'half a length, then silence',
      asked((socket) => socket.write(Buffer.of(0))),
      failed('no complete answer over TCP within 400 ms'),
      brief,
    ],
    [
      'a reset',
      asked((socket) => socket.resetAndDestroy()),
      failed('connection reset with no complete answer over TCP'),
    ],
    [
      'garbage without end',
      asked((socket) => pour(socket, '\u0001\u0000\u007f'.repeat(1_000))),
      failed('an answer to another question'),
    ],
  ]
  for (const [what, behave, outcome, timeout = patient] of overTcp) {
    it(`over TCP: ${what}`, async () => {
      const check = dnsCheck({ transport: 'tcp', timeout })
      assert.deepEqual(await against(await listenEager(behave), check), outcome)
    })
  }

  it('a port where nothing listens', async () => {
    assert.deepEqual(
      await run(dnsCheck(), await closedUdpPort()),
      failed('port unreachable: nothing listens there'),
    )
    assert.deepEqual(
      await run(dnsCheck({ transport: 'tcp' }), await closedPort()),
      failed('connection refused'),
    )
  })
})
