import assert from 'node:assert/strict'
import { formatIp } from '../../src/base/ip.js'
import type { Datagram } from '../../src/base/ports.js'
import { OpError } from '../../src/base/result.js'
import { type DatagramOptions, openDatagramSocket } from '../../src/platform/datagram-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip } from './addresses.js'
import { eventually } from './eventually.js'
import { createNamespace, createPair, type Namespace } from './namespace.js'

const loopback = ip('127.0.0.1')

describe('datagram socket', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let toClose: (() => void)[]
  beforeEach(() => {
    reactor = Reactor.open()
    toClose = []
  })
  afterEach(() => {
    for (const close of toClose) close()
    reactor.close()
  })

  function open(options: DatagramOptions, namespace?: Namespace) {
    const heard: Datagram[] = []
    const errors: Error[] = []
    const handlers = {
      onDatagram: (datagram: Datagram) => heard.push(datagram),
      onError: (error: Error) => errors.push(error),
    }
    const opened = (): ReturnType<typeof openDatagramSocket> => openDatagramSocket(reactor, options, handlers)
    const socket = namespace ? namespace.enter(opened) : opened()
    toClose.push(() => socket.close())
    return { socket, heard, errors }
  }

  it('hands over what arrives, with its source', async () => {
    const a = open({ family: 4, address: loopback })
    const b = open({ family: 4, address: loopback })
    a.socket.send(Uint8Array.of(1, 2, 3), loopback, b.socket.port)
    await eventually('the datagram arrives', () => b.heard.length === 1)
    assert.deepEqual([...(b.heard[0]?.payload ?? [])], [1, 2, 3])
    assert.equal(b.heard[0]?.sourcePort, a.socket.port)
    assert.equal(formatIp(b.heard[0]?.source ?? ip('0.0.0.0')), '127.0.0.1')
  })

  it('works over IPv6', async () => {
    const a = open({ family: 6, address: ip('::1') })
    const b = open({ family: 6, address: ip('::1') })
    a.socket.send(Uint8Array.of(1), ip('::1'), b.socket.port)
    await eventually('the datagram arrives', () => b.heard.length === 1)
    assert.equal(formatIp(b.heard[0]?.source ?? loopback), '::1')
  })

  it('throws at once when the port is taken or the address is not here', () => {
    const { socket } = open({ family: 4, address: loopback })
    assert.throws(
      () => open({ family: 4, address: loopback, port: socket.port }),
      /^OpError: bind udp .*EADDRINUSE$/,
    )
    assert.throws(() => open({ family: 4, address: ip('192.0.2.1') }), /EADDRNOTAVAIL/)
  })

  it('throws at once for a descriptor that is no bound UDP socket', () => {
    assert.throws(() => open({ family: 4, fd: 9999 }), OpError)
  })

  it('reports what cannot be sent, by errno, and does not throw', async () => {
    const namespace = createNamespace()
    const { socket, errors } = open({ family: 4 }, namespace)
    socket.send(Uint8Array.of(1), ip('192.0.2.1'), 9)
    socket.send(new Uint8Array(70_000), loopback, 9)
    await eventually('both failures are reported', () => errors.length === 2)
    namespace.close()
    assert.deepEqual(
      errors.map((error) => (error as OpError).code),
      ['ENETUNREACH', 'EMSGSIZE'],
    )
  })

  it('says nothing once closed', async () => {
    const a = open({ family: 4, address: loopback })
    const b = open({ family: 4, address: loopback })
    const c = open({ family: 4, address: loopback })
    a.socket.send(Uint8Array.of(1), loopback, b.socket.port)
    b.socket.close()
    b.socket.send(Uint8Array.of(1), loopback, c.socket.port)
    a.socket.send(Uint8Array.of(1), loopback, c.socket.port)
    await eventually('the third hears the first', () => c.heard.length === 1)
    assert.deepEqual([b.heard.length, b.errors.length], [0, 0])
  })

  it('joins a group on one interface', async () => {
    const pair = createPair()
    const group = ip('224.0.0.81')
    const left = open(
      { family: 4, multicast: { interfaceAddress: ip('10.9.0.1'), ttl: 1, loopback: false } },
      pair.left,
    )
    const right = open(
      { family: 4, port: 8848, multicast: { group, interfaceAddress: ip('10.9.0.2') } },
      pair.right,
    )
    // Again and again, for the first may leave before both ends of the new cable are up.
    await eventually('the group hears it', () => {
      left.socket.send(Uint8Array.of(9), group, 8848)
      return right.heard.length > 0
    })
    pair.close()
    assert.equal(formatIp(right.heard[0]?.source ?? loopback), '10.9.0.1')
  })
})
