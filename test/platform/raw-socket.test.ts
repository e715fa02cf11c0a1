import assert from 'node:assert/strict'
import { toHex } from '../../src/base/bytes.js'
import { formatIp } from '../../src/base/ip.js'
import type { RawPacket } from '../../src/base/ports.js'
import { encodeIpv6 } from '../../src/platform/ipv6-header.js'
import { libc, openSocket, socketAddress } from '../../src/platform/libc.js'
import { AF, EPOLLIN, MSG, SOCK } from '../../src/platform/linux.js'
import { openPacketSocket } from '../../src/platform/packet-socket.js'
import { openRawSocket } from '../../src/platform/raw-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { encodeNeighbourAdvertisement } from '../../src/vrrp/neighbour-advertisement.js'
import { ip } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair } from './namespace.js'

const vrrp = 112
const group = ip('224.0.0.18')
const linkLocal = { left: 'fe80::a', right: 'fe80::b' } as const
const fatal = (error: Error): never => {
  throw error
}

describe('sockets below UDP, over a cable', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let toClose: (() => void)[]
  before(() => {
    pair = createPair()
  })
  after(() => pair.close())
  beforeEach(async () => {
    reactor = Reactor.open()
    toClose = []
    // Link-local addresses that wait for no duplicate detection; a link that was down has lost them.
    for (const side of ['left', 'right'] as const) {
      pair[side].ip(`addr replace ${linkLocal[side]}/64 dev ${side}0 nodad`)
      await eventually('the kernel has noticed the cable', () =>
        pair[side].ip('-6 route show table local').includes(`ff00::/8 dev ${side}0`),
      )
    }
  })
  afterEach(() => {
    for (const close of toClose) close()
    reactor.close()
  })

  function open(side: 'left' | 'right', packets: RawPacket[], source?: string, onMalformed = () => {}) {
    const socket = pair[side].enter(() =>
      openRawSocket(reactor, {
        interfaceName: `${side}0`,
        group,
        source: ip(source ?? (side === 'left' ? '10.9.0.1' : '10.9.0.2')),
        protocol: vrrp,
        onPacket: (packet) => packets.push(packet),
        onMalformed,
        onError: fatal,
      }),
    )
    toClose.push(() => socket.close())
    return socket
  }

  const payload = Uint8Array.of(0x31, 51, 100, 1, 0, 10, 0, 0)

  it('hear a multicast advertisement with its source and TTL, and not their own', async () => {
    const [heardLeft, heardRight]: [RawPacket[], RawPacket[]] = [[], []]
    const left = open('left', heardLeft)
    const right = open('right', heardRight)
    left.send(payload, group)
    await eventually('the right side hears the left', () => heardRight.length === 1)
    right.send(payload, group)
    await eventually('the left side hears the right', () => heardLeft.length === 1)
    assert.deepEqual(heardRight, [{ payload, source: ip('10.9.0.1'), destination: group, ttl: 255 }])
    assert.deepEqual(heardLeft, [{ payload, source: ip('10.9.0.2'), destination: group, ttl: 255 }])
  })

  it('hear unicast', async () => {
    const heard: RawPacket[] = []
    const left = open('left', [])
    open('right', heard)
    left.send(payload, ip('10.9.0.2'))
    await eventually('the right side hears it', () => heard.length === 1)
    assert.equal(formatIp(heard[0]?.destination ?? ip('0.0.0.0')), '10.9.0.2')
  })

  it('send from the source they were given, whichever address is the primary one', async () => {
    pair.left.ip('addr add 10.9.0.77/24 dev left0')
    const heard: RawPacket[] = []
    const left = open('left', [], '10.9.0.77')
    open('right', heard)
    left.send(payload, group)
    left.send(payload, ip('10.9.0.2'))
    await eventually('both are heard', () => heard.length === 2)
    assert.deepEqual(
      heard.map(({ source }) => formatIp(source)),
      ['10.9.0.77', '10.9.0.77'],
    )
  })

  it('mark what they send as network control', async () => {
    const fd = pair.right.enter(() => openSocket('test', [AF.INET, SOCK.RAW, vrrp], () => {}))
    const bytes = new Uint8Array(100)
    let length = -1
    const watch = reactor.watch(fd, EPOLLIN, () => {
      length = libc.recv(fd, bytes, bytes.length, MSG.DONTWAIT)
    })
    toClose.push(() => {
      watch.close()
      libc.close(fd)
    })
    open('left', []).send(payload, ip('10.9.0.2'))
    await eventually('the packet arrives', () => length > 0)
    assert.equal(bytes[1], 0xc0)
    assert.equal(toHex(bytes.slice(20, length)), toHex(payload))
  })

  it('are not heard by a group they did not join', async () => {
    const heard: RawPacket[] = []
    open('right', heard)
    const left = open('left', [])
    // Somebody else on that machine did join, so the packet passes the interface.
    const other = pair.right.enter(() =>
      openRawSocket(reactor, {
        interfaceName: 'right0',
        group: ip('224.0.0.19'),
        source: ip('10.9.0.2'),
        protocol: vrrp,
        onPacket: () => {},
        onMalformed: () => {},
        onError: fatal,
      }),
    )
    toClose.push(() => other.close())
    left.send(payload, ip('224.0.0.19'))
    left.send(payload, ip('10.9.0.2'))
    await eventually('the later one is heard', () => heard.length > 0)
    assert.equal(heard.length, 1)
  })

  it('tell of a packet that is longer than any advertisement', async () => {
    const heard: RawPacket[] = []
    let malformed = 0
    open('right', heard, undefined, () => malformed++)
    const fd = pair.left.enter(() => openSocket('test', [AF.INET, SOCK.RAW, vrrp], () => {}))
    toClose.push(() => libc.close(fd))
    const address = socketAddress(ip('10.9.0.2').bytes, 0)
    assert.equal(libc.sendto(fd, new Uint8Array(3000), 3000, 0, address, address.length), 3000)
    await eventually('it is told', () => malformed === 1)
    assert.deepEqual(heard, [])
  })

  it('say which interface does not exist', () => {
    assert.throws(
      () =>
        openRawSocket(reactor, {
          interfaceName: 'absent0',
          source: ip('10.9.0.1'),
          protocol: vrrp,
          onPacket: () => {},
          onMalformed: () => {},
          onError: fatal,
        }),
      /raw 112 on absent0: ENODEV/,
    )
    assert.throws(() => openPacketSocket('absent0'), /interface absent0: ENODEV/)
  })

  it('throw when a packet cannot leave', () => {
    const left = open('left', [])
    pair.left.ip('link set left0 down')
    try {
      assert.throws(
        () => left.send(payload, group),
        /send raw 112 on left0 to 224.0.0.18: ENET(DOWN|UNREACH)/,
      )
    } finally {
      pair.left.ip('link set left0 up')
    }
  })

  it('announce an address by ARP', async () => {
    pair.right.ip('neigh replace 10.9.0.100 lladdr 02:00:00:00:00:99 dev right0 nud stale')
    const socket = pair.left.enter(() => openPacketSocket('left0'))
    toClose.push(() => socket.close())
    const mac = [0x02, 0, 0, 0, 0, 0x01]
    const vip = [10, 9, 0, 100]
    const everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    const arp = [
      ...everyone,
      ...mac,
      0x08,
      0x06,
      0,
      1,
      0x08,
      0,
      6,
      4,
      0,
      1,
      ...mac,
      ...vip,
      ...everyone,
      ...vip,
    ]
    socket.send(Uint8Array.from(arp))
    await eventually('the neighbour learns the new address', () =>
      pair.right.ip('neigh show 10.9.0.100').includes('02:00:00:00:00:01'),
    )
  })

  const group6 = ip('ff02::12')
  function open6(side: 'left' | 'right', packets: RawPacket[], joins = true) {
    const source = ip(linkLocal[side])
    const socket = pair[side].enter(() =>
      openRawSocket(reactor, {
        interfaceName: `${side}0`,
        ...(joins ? { group: group6 } : {}),
        source,
        protocol: vrrp,
        onPacket: (packet) => packets.push(packet),
        onMalformed: () => {},
        onError: fatal,
      }),
    )
    toClose.push(() => socket.close())
    return socket
  }

  it('hear an IPv6 advertisement with its source, group and hop limit, and not their own', async () => {
    const [heardLeft, heardRight]: [RawPacket[], RawPacket[]] = [[], []]
    const left = open6('left', heardLeft)
    const right = open6('right', heardRight)
    left.send(payload, group6)
    await eventually('the right side hears the left', () => heardRight.length === 1)
    right.send(payload, group6)
    await eventually('the left side hears the right', () => heardLeft.length === 1)
    assert.deepEqual(heardRight, [{ payload, source: ip(linkLocal.left), destination: group6, ttl: 255 }])
    assert.deepEqual(heardLeft, [{ payload, source: ip(linkLocal.right), destination: group6, ttl: 255 }])
  })

  it('hear IPv6 unicast, from the source that a send names, and no group that they did not join', async () => {
    pair.left.ip('addr add 2001:db8::1/64 dev left0 nodad')
    pair.right.ip('addr add 2001:db8::2/64 dev right0 nodad')
    const heard: RawPacket[] = []
    open6('right', [])
    open6('right', heard, false)
    const left = open6('left', [])
    left.send(payload, group6)
    left.send(payload, ip('2001:db8::2'), ip('2001:db8::1'))
    await eventually('the later one is heard', () => heard.length > 0)
    assert.deepEqual(heard, [
      { payload, source: ip('2001:db8::1'), destination: ip('2001:db8::2'), ttl: 255 },
    ])
  })

  it('report the hop limit that a packet arrived with', async () => {
    const heard: RawPacket[] = []
    open6('right', heard)
    const left = pair.left.enter(() => openPacketSocket('left0'))
    toClose.push(() => left.close())
    const packet = encodeIpv6(ip(linkLocal.left), group6, vrrp, payload)
    packet[7] = 64
    left.send(Uint8Array.from([0x33, 0x33, 0, 0, 0, 0x12, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, ...packet]))
    await eventually('it is heard', () => heard.length === 1)
    assert.equal(heard[0]?.ttl, 64)
  })

  it('announce an IPv6 address to its neighbours', async () => {
    pair.right.ip('neigh replace fe80::100 lladdr 02:00:00:00:00:99 dev right0 nud stale')
    const socket = pair.left.enter(() => openPacketSocket('left0'))
    toClose.push(() => socket.close())
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1)
    socket.send(encodeNeighbourAdvertisement(mac, ip('fe80::100')))
    await eventually('the neighbour learns the new address, and that it is a router', () =>
      /02:00:00:00:00:01 (?=.*router)/.test(pair.right.ip('neigh show fe80::100')),
    )
  })

  it('take nothing from a foreign sender that is not addressed to them', () => {
    // A datagram of another protocol on the same cable leaves the raw socket untouched.
    const heard: RawPacket[] = []
    open('right', heard)
    const fd = pair.left.enter(() => openSocket('test', [AF.INET, SOCK.RAW, 253], () => {}))
    toClose.push(() => libc.close(fd))
    const address = socketAddress(ip('10.9.0.2').bytes, 0)
    assert.equal(libc.sendto(fd, payload, payload.length, 0, address, address.length), payload.length)
    reactor.drain()
    assert.deepEqual(heard, [])
  })
})
