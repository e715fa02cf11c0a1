import assert from 'node:assert/strict'
import { formatIp, type IpAddress } from '../../src/base/ip.js'
import type { IcmpSocket } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { openIcmpSocket } from '../../src/platform/icmp-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair } from './namespace.js'

/** An echo request of one identifier; the checksum of version 4 is that of these very bytes. */
const request4 = Uint8Array.from([8, 0, 0xe5, 0xca, 0x12, 0x34, 0, 1])
const request6 = Uint8Array.from([128, 0, 0, 0, 0x12, 0x34, 0, 1])

describe('ICMP sockets, over a cable', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let toClose: IcmpSocket[]
  before(() => {
    pair = createPair()
    pair.left.ip('addr add 10.9.0.3/24 dev left0')
    for (const [side, addresses] of [
      ['left', ['fd00:9::1', 'fd00:9::3']],
      ['right', ['fd00:9::2']],
    ] as const) {
      for (const address of addresses) pair[side].ip(`addr add ${address}/64 dev ${side}0 nodad`)
    }
    pair.right.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    pair.right.ip('route add unreachable 10.10.0.0/24')
    pair.right.ip('route add prohibit fd00:10::/64')
    pair.left.ip('route add 10.10.0.0/24 via 10.9.0.2')
    pair.left.ip('route add fd00:10::/64 via fd00:9::2')
  })
  after(() => pair.close())
  beforeEach(() => {
    reactor = Reactor.open()
    toClose = []
  })
  afterEach(() => {
    for (const socket of toClose) socket.close()
    reactor.close()
  })

  function open(family: 4 | 6, identifier: number) {
    const heard: { message: Uint8Array; source: string }[] = []
    const onMessage = (message: Uint8Array, source: IpAddress) => {
      heard.push({ message, source: formatIp(source) })
    }
    const socket = pair.left.enter(() => openIcmpSocket(reactor, { family, identifier, onMessage }))
    toClose.push(socket)
    return { socket, heard }
  }

  for (const [family, request, target, source, reply] of [
    [4, request4, '10.9.0.2', '10.9.0.3', 0],
    [6, request6, 'fd00:9::2', 'fd00:9::3', 129],
  ] as const) {
    it(`of version ${family} hear the echo, by default and from an address of their own`, async () => {
      const mine = open(family, 0x1234)
      const other = open(family, 0x1235)
      for (const from of [undefined, ip(source)]) {
        mine.socket.send(request, ip(target), from)
        await eventually('the echo is there', () => mine.heard.length > 0)
        const [echo] = mine.heard.splice(0)
        assert.equal(echo?.source, target)
        assert.deepEqual(echo?.message.subarray(4), request.subarray(4))
        assert.equal(echo?.message[0], reply)
      }
      assert.deepEqual(other.heard, [])
    })

    it(`of version ${family} refuse a source that is not on this machine`, () => {
      const { socket } = open(family, 0x1234)
      assert.throws(
        () => socket.send(request, ip(target), ip(family === 4 ? '10.9.0.77' : 'fd00:9::77')),
        (error) => error instanceof OpError && error.code === 'EADDRNOTAVAIL',
      )
    })
  }

  for (const [family, request, target, router, type, code] of [
    [4, request4, '10.10.0.7', '10.9.0.2', 3, 1],
    [6, request6, 'fd00:10::7', 'fd00:9::2', 1, 1],
  ] as const) {
    it(`of version ${family} hear that a host cannot be reached`, async () => {
      const { socket, heard } = open(family, 0x1234)
      socket.send(request, ip(target), undefined)
      await eventually('the error is there', () => heard.length > 0)
      assert.equal(heard[0]?.source, router)
      assert.deepEqual([heard[0]?.message[0], heard[0]?.message[1]], [type, code])
      // But for the checksum, which the kernel makes in version 6.
      assert.deepEqual(heard[0]?.message.subarray(-4), request.subarray(-4))
    })
  }

  it('send no more once they are closed', () => {
    const { socket, heard } = open(4, 0x1234)
    socket.close()
    socket.send(request4, ip('10.9.0.2'), undefined)
    assert.deepEqual(heard, [])
  })
})
