import assert from 'node:assert/strict'
import { formatIp } from '../../src/base/ip.js'
import type { Neighbour, PacketPort } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { type Port, port } from '../../src/base/units.js'
import type { TunnelConfig } from '../../src/config/model.js'
import { decodeIp } from '../../src/healthcheck/forwarding/ip-packet.js'
import { ForwardingChecks } from '../../src/healthcheck/forwarding/runtime.js'
import { decodeSegment, encodeSegment, flag, type Segment } from '../../src/healthcheck/forwarding/segment.js'
import { wrap } from '../../src/healthcheck/forwarding/wrap.js'
import { identify } from '../../src/healthcheck/identity.js'
import type { Outcome } from '../../src/healthcheck/outcome.js'
import type { ForwardedTarget } from '../../src/healthcheck/target.js'
import { endpoint, ip, tcpCheck } from './samples.js'

const to = (n: number): Port => port(n) ?? assert.fail()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const segment: Segment = {
  source: endpoint('10.0.0.11:40000'),
  destination: endpoint('10.0.0.100:80'),
  flags: flag.syn,
  sequence: 0x01020304,
  acknowledged: 0,
}
const segment6: Segment = {
  ...segment,
  source: endpoint('[2001:db8::11]:40000'),
  destination: endpoint('[2001:db8::100]:80'),
}

describe('healthcheck/forwarding segments', () => {
  it('are what the standards say, byte for byte', () => {
    assert.equal(
      hex(encodeSegment(segment, 2)),
      '4500002800004000020664620a00000b0a0000649c40005001020304000000005002faf0ffec0000',
    )
    for (const one of [segment, segment6]) assert.deepEqual(decodeSegment(encodeSegment(one, 2)), one)
  })

  it('are not taken from what is cut, or of another protocol', () => {
    for (const one of [segment, segment6]) {
      const packet = encodeSegment(one, 2)
      for (let length = 0; length < packet.length; length++)
        assert.equal(decodeSegment(packet.subarray(0, length)), undefined)
      const other = packet.slice()
      other[one === segment ? 9 : 6] = 17
      assert.equal(decodeSegment(other), undefined)
      const padded = Buffer.concat([packet, Buffer.alloc(6)])
      assert.deepEqual(decodeSegment(padded), one)
    }
  })
})

describe('healthcheck/forwarding wrapping', () => {
  const outer = { source: ip('10.1.0.11'), destination: ip('10.1.0.21'), sourcePort: to(40000) }
  const outer6 = { ...outer, source: ip('2001:db8:1::11'), destination: ip('2001:db8:1::21') }
  const packet = Uint8Array.of(0x45, 1, 2, 3)
  const cases: readonly (readonly [string, TunnelConfig, 4 | 6, typeof outer, number, string])[] = [
    ['ipip', { type: 'ipip', port: undefined, checksum: false }, 4, outer, 4, '45010203'],
    ['6in4', { type: 'ipip', port: undefined, checksum: false }, 6, outer, 41, '45010203'],
    ['4in6', { type: 'ipip', port: undefined, checksum: false }, 4, outer6, 4, '45010203'],
    ['gre', { type: 'gre', port: undefined, checksum: false }, 4, outer, 47, '0000080045010203'],
    ['gre6', { type: 'gre', port: undefined, checksum: false }, 6, outer6, 47, '000086dd45010203'],
    [
      'gre with checksum',
      { type: 'gre', port: undefined, checksum: true },
      4,
      outer,
      47,
      '8000080030fb0000' + '45010203',
    ],
    [
      'gue',
      { type: 'gue', port: to(6080), checksum: false },
      4,
      outer,
      17,
      '9c4017c000100000' + '0004000045010203',
    ],
    [
      'gue6',
      { type: 'gue', port: to(6080), checksum: false },
      6,
      outer,
      17,
      '9c4017c000100000' + '0029000045010203',
    ],
  ]
  for (const [name, tunnel, family, around, protocol, payload] of cases)
    it(name, () => {
      const ipPacket = decodeIp(wrap(packet, family, tunnel, around)) ?? assert.fail()
      assert.equal(ipPacket.protocol, protocol)
      assert.equal(ipPacket.hopLimit, 64)
      assert.equal(formatIp(ipPacket.source), formatIp(around.source))
      assert.equal(formatIp(ipPacket.destination), formatIp(around.destination))
      assert.equal(hex(ipPacket.payload), payload)
    })
})

/** What was sent, and a way to answer. */
function bench() {
  const sent: { readonly segment: Segment; readonly way: string }[] = []
  let deliver: (packet: Uint8Array, from: Neighbour) => void = () => assert.fail('nobody listens')
  const neighbour = { interfaceIndex: 7, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) }
  const note = (packet: Uint8Array, way: string) =>
    sent.push({ segment: decodeSegment(packet) ?? assert.fail(), way })
  const state: { failure: string | undefined } = { failure: undefined }
  const packets: PacketPort = {
    listen(onPacket) {
      deliver = onPacket
      return [to(40000), to(40001)]
    },
    send(packet, via) {
      if (state.failure !== undefined) throw new OpError('send', 'a packet', state.failure)
      note(packet, formatIp(via))
    },
    sendTo: (packet, { interfaceIndex }) => note(packet, `link ${interfaceIndex}`),
    sourceTowards: ({ family }) => ip(family === 4 ? '10.0.0.11' : '2001:db8::11'),
    close: () => {},
  }
  let random = 0
  const checks = new ForwardingChecks(() => Uint8Array.of(9, 9, 9, random++), packets)
  const answer = (at: number, changes: Partial<Segment>) => {
    const question = sent[at]?.segment ?? assert.fail()
    const { source, destination, sequence } = question
    const one = {
      source: destination,
      destination: source,
      sequence: 77,
      acknowledged: sequence + 1,
      flags: 0,
      ...changes,
    }
    deliver(encodeSegment(one, 64), neighbour)
  }
  const timeUp = new AbortController()
  const run = (target: ForwardedTarget): Promise<Outcome> => checks.run(tcpCheck(), target, timeUp.signal)
  return { sent, checks, state, answer, run, timeUp }
}

const direct: ForwardedTarget = {
  virtual: ip('10.0.0.100'),
  server: ip('10.0.0.21'),
  tunnel: undefined,
  port: to(80),
}
const direct6 = { ...direct, virtual: ip('2001:db8::100'), server: ip('2001:db8::21') }
const ipip: ForwardedTarget = { ...direct, tunnel: { type: 'ipip', port: undefined, checksum: false } }
const accepted = { flags: flag.syn | flag.ack }
const refused = { flags: flag.rst | flag.ack }

describe('healthcheck/forwarding', () => {
  it('passes when the virtual address on the server accepts, and takes the connection back', async () => {
    const { sent, answer, run } = bench()
    const outcome = run(direct)
    answer(0, accepted)
    assert.deepEqual(await outcome, { pass: true, detail: 'connected' })
    assert.deepEqual(
      sent.map(({ segment: { flags, sequence }, way }) => [flags, sequence, way]),
      [
        [flag.syn, 0x09090900, '10.0.0.21'],
        [flag.rst, 0x09090901, '10.0.0.21'],
      ],
    )
  })

  it('fails when it refuses, and says what to look for when nothing answers', async () => {
    const first = bench()
    const refusal = first.run(direct)
    first.answer(0, refused)
    assert.deepEqual(await refusal, { pass: false, reason: 'connection refused' })
    for (const [target, reason] of [
      [direct, "no answer within 400 ms: is 10.0.0.100 on the server's lo?"],
      [direct6, 'no answer within 400 ms: is 2001:db8::21 there?'],
    ] as const) {
      const { run, timeUp } = bench()
      const outcome = run(target)
      timeUp.abort()
      assert.deepEqual(await outcome, { pass: false, reason })
    }
  })

  it('learns where an IPv6 server is from its own address, once', async () => {
    const { sent, answer, run } = bench()
    const outcome = run(direct6)
    answer(0, refused)
    answer(1, accepted)
    assert.equal((await outcome).pass, true)
    const again = run(direct6)
    answer(3, accepted)
    assert.equal((await again).pass, true)
    assert.deepEqual(
      sent.map(({ segment: { destination }, way }) => `${formatIp(destination.address)} ${way}`),
      ['2001:db8::21 2001:db8::21', ...new Array<string>(4).fill('2001:db8::100 link 7')],
    )
  })

  it('believes only the answer to its own question', async () => {
    const { answer, run, timeUp } = bench()
    const outcome = run(direct)
    answer(0, { ...accepted, acknowledged: 0x09090900 })
    answer(0, { ...accepted, source: endpoint('10.0.0.99:80') })
    answer(0, { ...refused, source: endpoint('10.0.0.100:81') })
    answer(0, { ...accepted, destination: endpoint('10.0.0.11:40009') })
    answer(0, { flags: flag.rst })
    timeUp.abort()
    assert.equal((await outcome).pass, false)
  })

  it('is inconclusive when this machine is at fault', async () => {
    const { run, state } = bench()
    state.failure = 'ENOBUFS'
    assert.deepEqual(await run(direct), { pass: undefined, reason: 'out of socket buffers (ENOBUFS)' })
    const powerless = new ForwardingChecks(() => new Uint8Array(4), undefined)
    const outcome = await powerless.run(tcpCheck(), direct, new AbortController().signal)
    assert.equal(outcome.pass, undefined)
  })

  it('is a check of its own for each way to the server', () => {
    const check = tcpCheck({ through: 'forwarding' })
    const web = endpoint('10.0.0.21:80')
    const subjects = [identify(check, web, direct), identify(check, web, ipip), identify(check, web)].map(
      ({ subject }) => subject,
    )
    assert.deepEqual(subjects, [
      'tcp 10.0.0.100:80 on 10.0.0.21 by direct routing',
      'tcp 10.0.0.100:80 on 10.0.0.21 by ipip',
      'tcp 10.0.0.21:80',
    ])
    assert.equal(identify(tcpCheck(), web, direct).subject, 'tcp 10.0.0.21:80')
  })
})
