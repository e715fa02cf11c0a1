import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { formatEndpoint, formatIp, type IpAddress } from '../../src/base/ip.js'
import type { IcmpSocketOptions } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import type { IcmpCheckConfig } from '../../src/config/checks/icmp.js'
import { icmpChecker } from '../../src/healthcheck/checkers/icmp.js'
import { Pinger } from '../../src/healthcheck/checkers/pinger.js'
import { decodeEchoAnswer, encodeEchoRequest } from '../../src/healthcheck/echo-message.js'
import { identify } from '../../src/healthcheck/identity.js'
import { failed, type Outcome, passed } from '../../src/healthcheck/outcome.js'
import { openIcmpSocket } from '../../src/platform/icmp-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { createPair } from '../platform/namespace.js'
import { noSocketStays } from './descriptors.js'
import { brief, common, patient } from './run.js'
import { endpoint, ip } from './samples.js'

const icmpCheck = (changes: Partial<IcmpCheckConfig> = {}): IcmpCheckConfig => ({
  ...common,
  type: 'icmp',
  port: undefined,
  size: 56,
  ...changes,
})
const host = (address: string) => ({ ...endpoint('127.0.0.1:0'), address: ip(address) })

describe('healthcheck: ICMP echo messages', () => {
  const echo = { identifier: 0x1234, sequence: 1, payload: Uint8Array.of(1, 2, 3) }

  it('a request with its checksum', () => {
    assert.deepEqual([...encodeEchoRequest(4, echo)], [8, 0, 0xe1, 0xc8, 0x12, 0x34, 0, 1, 1, 2, 3])
    assert.deepEqual([...encodeEchoRequest(6, echo)], [128, 0, 0, 0, 0x12, 0x34, 0, 1, 1, 2, 3])
  })

  it('a request comes back as a reply', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.nat({ max: 0xffff }),
        fc.nat({ max: 0xffff }),
        fc.uint8Array({ maxLength: 100 }),
        (family, identifier, sequence, payload) => {
          const bytes = encodeEchoRequest(family, { identifier, sequence, payload })
          assert.equal(decodeEchoAnswer(family, bytes), undefined)
          bytes[0] = family === 4 ? 0 : 129
          const answer = decodeEchoAnswer(family, bytes)
          assert.deepEqual(answer, { type: 'reply', identifier, sequence, payload })
        },
      ),
    )
  })

  it('whatever arrives is answered', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.constantFrom(0, 1, 2, 3, 11, 129),
        fc.constantFrom(0x45, 0x4f, 0x40, 0x60, 0),
        fc.uint8Array({ maxLength: 80 }),
        (family, type, first, bytes) => {
          decodeEchoAnswer(family, bytes)
          decodeEchoAnswer(family, Uint8Array.from([type, 0, 0, 0, 0, 0, 0, 0, first, ...bytes]))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

/** A socket of each family whose other side the test is. */
function scripted(refusal?: OpError) {
  const options: Partial<Record<4 | 6, IcmpSocketOptions>> = {}
  const sent: { message: Uint8Array; destination: string; source: string | undefined }[] = []
  const pinger = new Pinger(randomBytes, (given) => {
    if (refusal) throw refusal
    options[given.family] = given
    return {
      send: (message, destination, source) => {
        sent.push({
          message,
          destination: formatIp(destination),
          source: source && formatIp(source),
        })
      },
      close: () => {},
    }
  })
  const answer = (message: Uint8Array, source: string): void => {
    const from: IpAddress = ip(source)
    options[from.family]?.onMessage(message, from)
  }
  /** The echo of what was sent last, with these bytes changed. */
  const echo = (source: string, changes: Readonly<Record<number, number>> = {}): void => {
    const message = Uint8Array.from(sent.at(-1)?.message ?? [])
    message[0] = source.includes(':') ? 129 : 0
    for (const [at, byte] of Object.entries(changes)) message[Number(at)] = (message[Number(at)] ?? 0) ^ byte
    answer(message, source)
  }
  return { pinger, sent, answer, echo }
}

describe('healthcheck: which echo is whose', () => {
  const target = host('10.0.0.21')
  const timeUp = () => new AbortController()

  it('passes by the echo itself, whatever else comes before it', async () => {
    const { pinger, sent, answer, echo } = scripted()
    const controller = timeUp()
    const outcome = icmpChecker({ pinger })(icmpCheck({ bind: ip('10.0.0.11') }), target, controller.signal)
    assert.deepEqual([sent[0]?.destination, sent[0]?.source], ['10.0.0.21', '10.0.0.11'])
    assert.equal(sent[0]?.message.length, 8 + 56)
    answer(new Uint8Array(0), '10.0.0.21')
    echo('10.0.0.22')
    echo('10.0.0.21', { 4: 1 })
    echo('10.0.0.21', { 7: 1 })
    echo('10.0.0.21', { 1: 1 })
    echo('10.0.0.21')
    echo('10.0.0.21')
    assert.deepEqual(await outcome, passed('echo'))
  })

  it('says that only something else came', async () => {
    const { pinger, echo } = scripted()
    const controller = timeUp()
    const outcome = icmpChecker({ pinger })(icmpCheck({ timeout: brief }), target, controller.signal)
    echo('10.0.0.21', { 30: 1 })
    controller.abort()
    assert.deepEqual(await outcome, failed('no echo within 400 ms, only one with another payload'))
  })

  it('tells by whom it was refused, and believes it only of its own request', async () => {
    const { pinger, sent, answer } = scripted()
    const outcome = icmpChecker({ pinger })(icmpCheck(), target, timeUp().signal)
    const refusal = (destination: string, code: number): Uint8Array => {
      const header = [0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 11, ...ip(destination).bytes]
      return Uint8Array.from([
        3,
        code,
        0,
        0,
        0,
        0,
        0,
        0,
        ...header,
        ...(sent[0]?.message.subarray(0, 8) ?? []),
      ])
    }
    answer(refusal('10.0.0.22', 1), '10.0.0.1')
    answer(refusal('10.0.0.21', 13), '10.0.0.1')
    assert.deepEqual(await outcome, failed('prohibited by a filter, says 10.0.0.1'))
  })

  it('keeps nothing of what is over, and sends each request another payload', async () => {
    const { pinger, sent, echo } = scripted()
    for (let i = 0; i < 3; i++) {
      const controller = timeUp()
      const outcome = icmpChecker({ pinger })(icmpCheck({ timeout: brief }), target, controller.signal)
      controller.abort()
      assert.deepEqual(await outcome, failed('no echo within 400 ms'))
      echo('10.0.0.21')
    }
    const payloads = sent.map(({ message }) => Buffer.from(message.subarray(8)).toString('hex'))
    assert.equal(new Set(payloads).size, 3)
    const pending = (pinger as unknown as { pending: Record<4 | 6, Map<number, unknown>> }).pending
    assert.deepEqual([pending[4].size, pending[6].size], [0, 0])
  })

  it('tells the families apart', async () => {
    const { pinger, echo } = scripted()
    const outcome = icmpChecker({ pinger })(icmpCheck(), host('2001:db8::21'), timeUp().signal)
    echo('2001:db8::21')
    assert.deepEqual(await outcome, passed('echo'))
  })

  it('counts for no server where this machine is at fault', async () => {
    const cases: readonly (readonly [OpError, string])[] = [
      [
        new OpError('socket', 'icmp', 'EPERM'),
        'no ICMP socket (EPERM): the daemon must be started with CAP_NET_RAW',
      ],
    ]
    for (const [error, reason] of cases) {
      const { pinger } = scripted(error)
      const outcome = await icmpChecker({ pinger })(icmpCheck(), target, timeUp().signal)
      assert.deepEqual(outcome, { pass: undefined, reason })
    }
    assert.equal((await icmpChecker({})(icmpCheck(), target, timeUp().signal)).pass, undefined)
  })

  it('a time that is already up sends nothing', async () => {
    const { pinger, sent } = scripted()
    const outcome = await icmpChecker({ pinger })(icmpCheck({ timeout: brief }), target, AbortSignal.abort())
    assert.deepEqual([outcome, sent], [failed('no echo within 400 ms'), []])
  })

  it('asks a host once for all the servers on it', () => {
    const [one, other] = [80, 81].map((port) => identify(icmpCheck(), endpoint(`10.0.0.21:${port}`)))
    assert.equal(one?.key, other?.key)
    assert.equal(one?.subject, 'icmp 10.0.0.21')
    assert.equal(one && 'address' in one.target && formatEndpoint(one.target), '10.0.0.21:0')
  })
})

describe('healthcheck: icmp against the kernel', function () {
  this.timeout(30_000)
  let pair: ReturnType<typeof createPair>
  let reactor: Reactor
  let pinger: Pinger
  before(() => {
    pair = createPair()
    pair.left.ip('addr add 10.9.0.3/24 dev left0')
    pair.left.ip('addr add fd00:9::1/64 dev left0 nodad')
    pair.left.ip('addr add fd00:9::3/64 dev left0 nodad')
    pair.right.ip('addr add fd00:9::2/64 dev right0 nodad')
    pair.right.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    for (const [kind, net4, net6] of [
      ['unreachable', '10.10.0.0/24', 'fd00:10::/64'],
      ['prohibit', '10.11.0.0/24', 'fd00:11::/64'],
      ['blackhole', '10.12.0.0/24', 'fd00:12::/64'],
    ] as const) {
      for (const [net, via] of [
        [net4, '10.9.0.2'],
        [net6, 'fd00:9::2'],
      ] as const) {
        pair.right.ip(`route add ${kind} ${net}`)
        pair.left.ip(`route add ${net} via ${via}`)
      }
    }
  })
  after(() => pair.close())
  beforeEach(() => {
    reactor = Reactor.open()
    pinger = pair.left.enter(() => new Pinger(randomBytes, (options) => openIcmpSocket(reactor, options)))
  })
  afterEach(() => {
    pinger.close()
    reactor.close()
  })
  // After the hooks above, so that theirs are gone by then.
  noSocketStays()

  const run = (check: IcmpCheckConfig, address: string): Promise<Outcome> =>
    icmpChecker({ pinger })(check, host(address), AbortSignal.timeout(check.timeout))

  const cases: readonly (readonly [address: string, check: Partial<IcmpCheckConfig>, outcome: Outcome])[] = [
    ['10.9.0.2', {}, passed('echo')],
    ['10.9.0.2', { size: 16 }, passed('echo')],
    ['10.9.0.2', { size: 65_000 }, passed('echo')],
    ['10.9.0.2', { bind: ip('10.9.0.3') }, passed('echo')],
    ['fd00:9::2', {}, passed('echo')],
    ['fd00:9::2', { size: 65_000, bind: ip('fd00:9::3') }, passed('echo')],
    ['10.9.0.1', {}, passed('echo')],
    ['10.10.0.7', {}, failed('host unreachable, says 10.9.0.2')],
    ['fd00:10::7', {}, failed('no route to the host, says fd00:9::2')],
    ['10.11.0.7', {}, failed('prohibited by a filter, says 10.9.0.2')],
    ['fd00:11::7', {}, failed('prohibited by a filter, says fd00:9::2')],
    ['10.12.0.7', { timeout: brief }, failed('no echo within 400 ms')],
    ['fd00:12::7', { timeout: brief }, failed('no echo within 400 ms')],
    ['10.99.0.7', {}, failed('network unreachable')],
  ]
  for (const [address, check, outcome] of cases) {
    it(`${address} ${JSON.stringify({ ...check, bind: check.bind && formatIp(check.bind) })}`, async () => {
      assert.deepEqual(await run(icmpCheck({ timeout: patient, ...check }), address), outcome)
    })
  }

  it('a host that is not there, once the kernel has looked for it', async () => {
    assert.deepEqual(await run(icmpCheck(), '10.9.0.77'), failed('host unreachable, says 10.9.0.1'))
  })

  it('comes from the bind address: an answer to another one is lost', async () => {
    pair.right.ip('route add blackhole 10.9.0.1/32')
    try {
      assert.deepEqual(await run(icmpCheck({ timeout: brief }), '10.9.0.2'), failed('no echo within 400 ms'))
      assert.deepEqual(await run(icmpCheck({ bind: ip('10.9.0.3') }), '10.9.0.2'), passed('echo'))
    } finally {
      pair.right.ip('route del blackhole 10.9.0.1/32')
    }
  })

  it('a bind address that is not ours counts for no server', async () => {
    assert.deepEqual(await run(icmpCheck({ bind: ip('192.0.2.1') }), '10.9.0.2'), {
      pass: undefined,
      reason: 'no free local port, or the bind address is not on this machine (EADDRNOTAVAIL)',
    })
  })

  it('a thousand at once through one socket', async () => {
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => run(icmpCheck(), '10.9.0.2')))
    assert.deepEqual(
      outcomes.filter((outcome) => outcome.pass !== true),
      [],
    )
  })

  it('needs a privilege to be opened, and none to be used', () => {
    const program = `
      const from = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}))
      const { randomBytes } = await import('node:crypto')
      const { readFileSync } = await import('node:fs')
      const { icmpChecker } = await from('../../src/healthcheck/checkers/icmp.js')
      const { Pinger } = await from('../../src/healthcheck/checkers/pinger.js')
      const { openIcmpSocket } = await from('../../src/platform/icmp-socket.js')
      const { becomeNobody } = await from('../../src/platform/privileges.js')
      const { Reactor } = await from('../../src/platform/reactor.js')
      const reactor = Reactor.open()
      const open = () => new Pinger(randomBytes, (options) => openIcmpSocket(reactor, options))
      const before = open()
      becomeNobody()
      const after = open()
      const target = { address: { family: 4, bytes: Uint8Array.of(10, 9, 0, 2) }, port: 0 }
      const check = { type: 'icmp', size: 56, timeout: 20_000 }
      const ask = (pinger) => icmpChecker({ pinger })(check, target, AbortSignal.timeout(check.timeout))
      const outcomes = [await ask(before), await ask(after)]
      for (const pinger of [before, after]) pinger.close()
      reactor.close()
      const status = readFileSync('/proc/self/status', 'latin1')
      console.log(JSON.stringify([outcomes, /CapEff:\\t(\\w+)/.exec(status)[1], process.getuid()]))`
    const said = pair.left.run(process.execPath, '--input-type=module', '-e', program)
    assert.deepEqual(JSON.parse(said), [
      [
        passed('echo'),
        {
          reason: 'no ICMP socket (EPERM): the daemon must be started with CAP_NET_RAW',
        },
      ],
      '0000000000000000',
      65534,
    ])
  })
})
