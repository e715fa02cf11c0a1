import { strict as assert } from 'node:assert'
import { createSecretKey } from 'node:crypto'
import { type IpAddress, parseIp } from '../../src/base/ip.js'
import type { Clock, DatagramHandlers, Log, Timer } from '../../src/base/ports.js'
import { after, type Millis, millis, port } from '../../src/base/units.js'
import { openPairLink, type PairLinkParams } from '../../src/pair/link.js'
import { Seeded } from './seeded.js'

const address = (text: string): IpAddress => {
  const ip = parseIp(text)
  assert.ok(ip)
  return ip
}

/** A clock that stands until it is moved, with the timers of everybody who asked it. */
class ManualClock implements Clock {
  private moment = millis(0)
  private timers: { deadline: Millis; run: () => void }[] = []

  now = (): Millis => this.moment
  wall = (): number => 0
  afterPendingInput = (run: () => void): void => run()

  at(deadline: Millis, run: () => void): Timer {
    const timer = { deadline, run }
    this.timers.push(timer)
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer)
      },
    }
  }

  advance(span: number): void {
    for (const end = after(this.moment, millis(span)); this.moment < end; ) {
      this.moment = after(this.moment, millis(1))
      for (const due of this.timers.filter((timer) => timer.deadline <= this.moment)) {
        this.timers = this.timers.filter((timer) => timer !== due)
        due.run()
      }
    }
  }
}

interface Host {
  readonly address: IpAddress
  handlers?: DatagramHandlers
}

/** Two addresses on one wire that delivers at once; it can be cut, and a stranger can be plugged in. */
class Wire {
  readonly clock = new ManualClock()
  readonly hosts: Host[] = []
  readonly warnings: string[] = []
  readonly infos: string[] = []
  cut = false
  carried = 0

  private readonly log: Log = {
    error: (message) => this.warnings.push(message),
    warn: (message) => this.warnings.push(message),
    info: (message) => this.infos.push(message),
    debug: () => {},
  }

  open(name: string, from: string, to: string, received: string[], change: Partial<PairLinkParams> = {}) {
    const host: Host = { address: address(from) }
    this.hosts.push(host)
    const random = new Seeded(this.hosts.length)
    const udpPort = port(8849)
    assert.ok(udpPort !== undefined)
    const params: PairLinkParams = {
      channel: 'vrrp',
      key: createSecretKey(Buffer.alloc(32, 3)),
      pairName: 'front',
      localName: name,
      peerName: name === 'lb1' ? 'lb2' : 'lb1',
      peerAddress: address(to),
      port: udpPort,
      ...change,
    }
    const ports = {
      clock: this.clock,
      log: this.log,
      random: (length: number) => random.bytes(length),
      openSocket: (handlers: DatagramHandlers) => {
        host.handlers = handlers
        return {
          send: (payload: Uint8Array, destination: IpAddress) => this.carry(host, payload, destination),
          close: () => this.hosts.splice(this.hosts.indexOf(host), 1),
        }
      },
    }
    return openPairLink(ports, params, (payload) => received.push(Buffer.from(payload).toString()))
  }

  carry(from: Host, payload: Uint8Array, destination: IpAddress): void {
    if (this.cut) return
    this.carried++
    const to = this.hosts.find((host) => host.address.bytes.join() === destination.bytes.join())
    to?.handlers?.onDatagram({ payload: Buffer.from(payload), source: from.address, sourcePort: 8849 })
  }
}

const hello = Buffer.from('hello')

describe('pair link', () => {
  it('carries messages both ways and says whom it sees', () => {
    const wire = new Wire()
    const [got1, got2]: [string[], string[]] = [[], []]
    const lb1 = wire.open('lb1', '10.0.0.11', '10.0.0.12', got1)
    assert.equal(lb1.send(hello), false)
    assert.deepEqual(lb1.status(), {
      reachable: false,
      lastSeenSeconds: undefined,
      keyMatches: undefined,
      discarded: {},
      peerConfigHash: undefined,
    })
    const lb2 = wire.open('lb2', '10.0.0.12', '10.0.0.11', got2, { configHash: '00112233445566ff' })
    wire.clock.advance(1500)
    assert.ok(lb1.send(hello) && lb2.send(Buffer.from('and back')))
    assert.deepEqual([got1, got2], [['and back'], ['hello']])
    const status = lb1.status()
    assert.ok(status.reachable && status.keyMatches)
    assert.equal(status.lastSeenSeconds, 0)
    assert.equal(status.peerConfigHash, '00112233445566ff')
    assert.equal(lb2.status().peerConfigHash, undefined)
    wire.cut = true
    wire.clock.advance(4000)
    assert.equal(lb1.status().reachable, false)
    assert.ok((lb1.status().lastSeenSeconds ?? 0) >= 4)
    wire.cut = false
    wire.clock.advance(1100)
    assert.equal(lb1.status().reachable, true)
    assert.deepEqual(wire.warnings, [])
    assert.deepEqual(
      wire.infos.filter((line) => line.includes('lb2')),
      [
        'pair vrrp: lb2 at 10.0.0.12 is reachable',
        'pair vrrp: lb2 at 10.0.0.12 has gone silent',
        'pair vrrp: lb2 at 10.0.0.12 is reachable',
      ],
    )
  })

  it('exchanges nothing with a peer that has another key, and both say so, once a minute', () => {
    const wire = new Wire()
    const lb1 = wire.open('lb1', '10.0.0.11', '10.0.0.12', [])
    const lb2 = wire.open('lb2', '10.0.0.12', '10.0.0.11', [], { key: createSecretKey(Buffer.alloc(32, 4)) })
    wire.clock.advance(30_000)
    assert.deepEqual(wire.warnings.sort(), [
      'pair vrrp: 10.0.0.11 uses a different pair key or pair name: give both the same key_file',
      'pair vrrp: 10.0.0.12 uses a different pair key or pair name: give both the same key_file',
    ])
    for (const link of [lb1, lb2]) {
      assert.ok(!link.send(hello) && !link.status().reachable && link.status().keyMatches === false)
      assert.ok((link.status().discarded.key ?? 0) > 20)
    }
    wire.clock.advance(31_000)
    assert.equal(wire.warnings.length, 4)
    assert.match(wire.warnings[3] ?? '', /\(\d+ more since the last report\)$/)
    lb2.close()
    wire.clock.advance(6_000)
    assert.equal(lb1.status().keyMatches, undefined, 'not for ever: nobody speaks any more')
  })

  it('answers nothing to strangers and garbage, counts them by reason and warns once of each', () => {
    const wire = new Wire()
    const lb1 = wire.open('lb1', '10.0.0.11', '10.0.0.12', [])
    const stranger: Host = { address: address('10.0.0.66') }
    const carried = wire.carried
    for (let i = 0; i < 1000; i++) {
      wire.carry(stranger, Buffer.from('GET / HTTP/1.1\r\n\r\n'), address('10.0.0.11'))
      wire.carry(
        stranger,
        Buffer.concat([Buffer.from([0x56, 1, 0, 1]), Buffer.alloc(80)]),
        address('10.0.0.11'),
      )
    }
    assert.equal(wire.carried - carried, 2000)
    assert.deepEqual(lb1.status().discarded, { magic: 1000, source: 1000 })
    assert.equal(lb1.status().keyMatches, undefined)
    assert.deepEqual(
      lb1.status().warnings,
      wire.warnings.map((line) => line.replace('pair vrrp: ', '')),
    )
    wire.clock.advance(5_000)
    assert.equal(lb1.status().warnings, undefined)
    assert.deepEqual(wire.warnings, [
      'pair vrrp: 10.0.0.66 sends something else than the pair protocol',
      'pair vrrp: 10.0.0.66 is not the peer, and its datagrams are dropped',
    ])
  })

  it('recognises a restarted peer at once, and is silent after close', () => {
    const wire = new Wire()
    const got: string[] = []
    const lb1 = wire.open('lb1', '10.0.0.11', '10.0.0.12', got)
    const first = wire.open('lb2', '10.0.0.12', '10.0.0.11', [])
    wire.clock.advance(1500)
    first.close()
    const second = wire.open('lb2', '10.0.0.12', '10.0.0.11', [])
    assert.ok(second.send(hello))
    assert.deepEqual(got, ['hello'])
    lb1.close()
    second.close()
    const { carried } = wire
    wire.clock.advance(10_000)
    assert.equal(wire.carried, carried)
    assert.equal(lb1.send(hello), false)
  })

  it('refuses messages that no frame can carry', () => {
    const wire = new Wire()
    const lb1 = wire.open('lb1', '10.0.0.11', '10.0.0.12', [])
    assert.throws(() => lb1.send(new Uint8Array(0)), RangeError)
    assert.throws(() => lb1.send(new Uint8Array(1401)), RangeError)
    assert.throws(() => wire.open('lb1', '10.0.0.11', '10.0.0.12', [], { configHash: 'abcd' }), RangeError)
  })
})
