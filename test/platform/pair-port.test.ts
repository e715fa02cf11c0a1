import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Datagram } from '../../src/base/ports.js'
import { openDatagramSocket } from '../../src/platform/datagram-socket.js'
import { openPairPort, type PairPort } from '../../src/platform/pair-port.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair } from './namespace.js'

const script = fileURLToPath(new URL('./pair-port-child.js', import.meta.url))
const loopback = ip('127.0.0.1')
const fatal = (error: Error): never => {
  throw error
}

interface Reader {
  readonly child: ChildProcess
  readonly got: number[][]
}

async function startReader(fd: number | undefined): Promise<Reader> {
  assert.ok(fd !== undefined)
  const child = fork(script, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd] })
  const got: number[][] = []
  await once(child, 'message')
  child.on('message', (message) => got.push(message as number[]))
  return { child, got }
}

async function stop({ child }: Reader): Promise<void> {
  const gone = once(child, 'exit')
  child.disconnect()
  assert.deepEqual(await gone, [0, null])
}

describe('pair port', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let port: PairPort
  beforeEach(() => {
    reactor = Reactor.open()
    port = openPairPort(loopback, 0, true)
  })
  afterEach(() => {
    port.close()
    reactor.close()
  })

  it('hands each datagram to the process that its channel byte names', async () => {
    const [vrrp, sync] = await Promise.all([startReader(port.vrrpFd), startReader(port.syncFd)])
    const answers: Datagram[] = []
    const senders = Array.from({ length: 8 }, () =>
      openDatagramSocket(
        reactor,
        { family: 4, address: loopback },
        { onDatagram: (datagram) => answers.push(datagram), onError: fatal },
      ),
    )
    // Several source ports: spread by hash, some of these would go astray.
    for (const [i, sender] of senders.entries()) {
      sender.send(Uint8Array.of(7, 7, 0, i), loopback, port.port)
      sender.send(Uint8Array.of(7, 7, 1, i), loopback, port.port)
      sender.send(Uint8Array.of(7, 7, 255, i), loopback, port.port)
    }
    for (const short of [[], [7], [0, 0]]) senders[0]?.send(Uint8Array.from(short), loopback, port.port)
    senders[0]?.send(Uint8Array.of(0, 0, 0), loopback, port.port)
    await eventually('all are read', () => vrrp.got.length + sync.got.length === 28)
    await eventually('all are answered', () => answers.length === 28)
    for (const sender of senders) sender.close()
    await Promise.all([stop(vrrp), stop(sync)])
    assert.deepEqual([vrrp.got.length, sync.got.length], [9, 19])
    assert.ok(vrrp.got.every((bytes) => bytes[2] === 0))
    assert.ok(sync.got.every((bytes) => bytes[2] !== 0))
    assert.ok(answers.every(({ sourcePort }) => sourcePort === port.port))
  })

  it('hands everything to the one process there is when nobody mirrors', async () => {
    const lone = openPairPort(loopback, 0, false)
    assert.equal(lone.syncFd, undefined)
    const reader = await startReader(lone.vrrpFd)
    const sender = openDatagramSocket(
      reactor,
      { family: 4, address: loopback },
      { onDatagram: () => {}, onError: fatal },
    )
    for (const channel of [0, 1, 255]) sender.send(Uint8Array.of(7, 7, channel), loopback, lone.port)
    await eventually('all are read', () => reader.got.length === 3)
    sender.close()
    await stop(reader)
    lone.close()
    assert.deepEqual(
      reader.got.map(([, , channel]) => channel),
      [0, 1, 255],
    )
  })

  it('keeps what arrives for a child that died until its successor reads it', async () => {
    const first = await startReader(port.vrrpFd)
    const gone = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await gone
    const sender = openDatagramSocket(
      reactor,
      { family: 4, address: loopback },
      { onDatagram: () => {}, onError: fatal },
    )
    sender.send(Uint8Array.of(7, 7, 0, 42), loopback, port.port)
    const second = await startReader(port.vrrpFd)
    await eventually('the successor reads it', () => second.got.length === 1)
    sender.close()
    await stop(second)
    assert.deepEqual(second.got, [[7, 7, 0, 42]])
  })

  it('refuses a port that somebody has, also another pair', () => {
    assert.throws(() => openPairPort(loopback, port.port, true), /pair port 127.0.0.1 \d+: EADDRINUSE/)
  })

  it('opens before its address is there', async () => {
    const pair = createPair()
    const early = pair.left.enter(() => openPairPort(ip('10.9.0.50'), 8849, true))
    pair.left.ip('addr add 10.9.0.50/24 dev left0')
    const heard: Datagram[] = []
    const reader = openDatagramSocket(
      reactor,
      { family: 4, fd: early.vrrpFd },
      { onDatagram: (datagram) => heard.push(datagram), onError: fatal },
    )
    const sender = pair.right.enter(() =>
      openDatagramSocket(reactor, { family: 4 }, { onDatagram: () => {}, onError: fatal }),
    )
    sender.send(Uint8Array.of(7, 7, 0), ip('10.9.0.50'), 8849)
    await eventually('it is heard', () => heard.length === 1)
    sender.close()
    reader.close()
    pair.close()
  })
})
