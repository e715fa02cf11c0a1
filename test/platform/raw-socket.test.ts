import assert from 'node:assert/strict'
import { toHex } from '../../src/base/bytes.js'
import { formatIp } from '../../src/base/ip.js'
import type { RawPacket } from '../../src/base/ports.js'
import { libc, openSocket, socketAddress } from '../../src/platform/libc.js'
import { AF, EPOLLIN, MSG, SOCK } from '../../src/platform/linux.js'
import { openPacketSocket } from '../../src/platform/packet-socket.js'
import { openRawSocket } from '../../src/platform/raw-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair } from './namespace.js'

const vrrp = 112
const group = ip('224.0.0.18')
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
  beforeEach(() => {
    reactor = Reactor.open()
    toClose = []
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
