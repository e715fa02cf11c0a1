/** One session over several ways: a copy on each, one message delivered, and which ways work is known. */
import { strict as assert } from 'node:assert'
import { createSecretKey } from 'node:crypto'
import { type IpAddress, parseIp } from '../../src/base/ip.js'
import type { DatagramHandlers } from '../../src/base/ports.js'
import { millis, port } from '../../src/base/units.js'
import { openPairLink, type PairChannel, type PairLink } from '../../src/pair/link.js'
import { Paths } from '../../src/pair/paths.js'
import { VirtualClock } from '../sim/virtual-clock.js'
import { Seeded } from './seeded.js'

const address = (text: string): IpAddress => {
  const ip = parseIp(text)
  assert.ok(ip)
  return ip
}
const own = { lb1: ['10.0.0.11', '10.1.0.11'], lb2: ['10.0.0.12', '10.1.0.12'] } as const

/** Two cables between two directors, each of which can be cut in either direction. */
class Cables {
  readonly clock = new VirtualClock()
  readonly lines: string[] = []
  readonly carried = [0, 0]
  /** `lb1 0`: what lb1 sends on path 0 is lost. */
  readonly cut = new Set<string>()
  private readonly handlers = new Map<string, DatagramHandlers>()

  open(name: 'lb1' | 'lb2', got: string[], channel: PairChannel = 'vrrp'): PairLink {
    const peerName = name === 'lb1' ? 'lb2' : 'lb1'
    const random = new Seeded(name === 'lb1' ? 1 : 2)
    const log = (line: string) => this.lines.push(`${name}: ${line}`)
    const udpPort = port(8849)
    assert.ok(udpPort !== undefined)
    return openPairLink(
      {
        clock: this.clock,
        log: { error: log, warn: log, info: log, debug: () => {} },
        random: (length) => random.bytes(length),
        openSocket: (handlers, path) => {
          this.handlers.set(`${name} ${path}`, handlers)
          return {
            send: (payload, destination) => {
              assert.equal(destination.bytes.join('.'), own[peerName][path])
              if (this.cut.has(`${name} ${path}`)) return
              this.carried[path] = (this.carried[path] ?? 0) + 1
              this.clock.at(millis(this.clock.now() + 1 + path), () => this.arrive(peerName, path, payload))
            },
            close: () => this.handlers.delete(`${name} ${path}`),
          }
        },
      },
      {
        channel,
        key: createSecretKey(Buffer.alloc(32, 3)),
        pairName: 'front',
        localName: name,
        peerName,
        peerAddress: address(own[peerName][0]),
        morePeerAddresses: [address(own[peerName][1])],
        port: udpPort,
      },
      (payload) => got.push(Buffer.from(payload).toString()),
    )
  }

  arrive(to: 'lb1' | 'lb2', path: number, payload: Uint8Array): void {
    const source = address(own[to === 'lb1' ? 'lb2' : 'lb1'][path === 0 ? 0 : 1])
    this.handlers
      .get(`${to} ${path}`)
      ?.onDatagram({ payload: Buffer.from(payload), source, sourcePort: 8849 })
  }

  /** Time passes in which both say something each 100 ms. */
  run(span: number, links: readonly PairLink[]): void {
    for (const end = this.clock.now() + span; this.clock.now() < end; ) {
      for (const link of links) link.send(Buffer.from('tick'))
      this.clock.runUntil(this.clock.now() + 100)
    }
  }
}

const reachable = (link: PairLink): string =>
  (link.status().paths ?? []).map((path) => path.reachable).join(' ')

describe('pair/paths', () => {
  it('every message arrives once, copies are no discards, and both paths work', () => {
    const cables = new Cables()
    const got: string[] = []
    const [lb1, lb2] = [cables.open('lb1', []), cables.open('lb2', got)]
    cables.clock.runUntil(2_000)
    for (let i = 0; i < 20; i++) lb1.send(Buffer.from(`message ${i}`))
    cables.clock.runUntil(3_000)
    assert.deepEqual(
      got,
      Array.from({ length: 20 }, (_, i) => `message ${i}`),
    )
    assert.deepEqual(lb2.status().discarded, {})
    assert.deepEqual([reachable(lb1), reachable(lb2)], ['true true', 'true true'])
    assert.deepEqual(
      lb1.status().paths?.map((path) => path.address),
      ['10.0.0.12', '10.1.0.12'],
    )
  })

  it('one session lives on over the other path when one is cut, without a message lost', () => {
    const cables = new Cables()
    const got: string[] = []
    const [lb1, lb2] = [cables.open('lb1', []), cables.open('lb2', got)]
    cables.run(2_000, [lb1, lb2])
    cables.cut.add('lb1 0').add('lb2 0')
    const before = got.length
    cables.run(4_000, [lb1, lb2])
    assert.equal(got.length - before, 40)
    assert.deepEqual([reachable(lb1), reachable(lb2)], ['false true', 'false true'])
    assert.ok(lb1.status().reachable && lb2.status().reachable)
    assert.ok(cables.lines.includes('lb1: pair vrrp: path to lb2 at 10.0.0.12 has gone silent'))
    cables.cut.clear()
    cables.run(1_000, [lb1, lb2])
    assert.deepEqual([reachable(lb1), reachable(lb2)], ['true true', 'true true'])
    const established = cables.lines.filter((line) => line.endsWith('is reachable'))
    assert.equal(established.length, 2, 'no new session was needed')
  })

  it('a session begins over the second path alone', () => {
    const cables = new Cables()
    cables.cut.add('lb1 0').add('lb2 0')
    const [lb1, lb2] = [cables.open('lb1', []), cables.open('lb2', [])]
    cables.clock.runUntil(3_000)
    assert.ok(lb1.status().reachable && lb2.status().reachable)
  })

  it('a path that works in one direction is dead for the one that hears nothing', () => {
    const cables = new Cables()
    const [lb1, lb2] = [cables.open('lb1', []), cables.open('lb2', [])]
    cables.run(2_000, [lb1, lb2])
    cables.cut.add('lb1 1')
    cables.run(4_000, [lb1, lb2])
    assert.deepEqual([reachable(lb1), reachable(lb2)], ['true true', 'true false'])
  })

  it('sessions in bulk go over one path, the other carries only what keeps it known', () => {
    const cables = new Cables()
    const got: string[] = []
    const [lb1, lb2] = [cables.open('lb1', [], 'sync'), cables.open('lb2', got, 'sync')]
    cables.clock.runUntil(2_000)
    const before = [...cables.carried]
    for (let i = 0; i < 1_000; i++) lb1.send(Buffer.from(`record ${i}`))
    cables.clock.runUntil(2_500)
    assert.equal(got.length, 1_000)
    assert.ok((cables.carried[0] ?? 0) - (before[0] ?? 0) >= 1_000)
    assert.ok((cables.carried[1] ?? 0) - (before[1] ?? 0) <= 10)
    assert.ok(lb1.status().reachable && lb2.status().reachable)
  })

  it('what was recorded long ago makes no path look alive, and memory is bounded', () => {
    const paths = new Paths(2)
    const datagram = (n: number): Uint8Array => Buffer.from(`${n}`.padStart(40, '0'))
    paths.accepted(0, datagram(1), millis(0))
    assert.equal(paths.isCopy(0, datagram(1), millis(1)), false, 'on the same path it is a replay')
    assert.equal(paths.isCopy(1, datagram(1), millis(1_500)), false)
    assert.equal(paths.isReachable(1, millis(1_500)), false)
    for (let n = 2; n < 2_000; n++) paths.accepted(0, datagram(n), millis(10))
    assert.equal(paths.isCopy(1, datagram(1), millis(11)), false)
    assert.equal(paths.isCopy(1, datagram(1_999), millis(11)), true)
    assert.equal(paths.isReachable(1, millis(11)), true)
  })
})
