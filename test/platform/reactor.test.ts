import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { int32, libc, openSocket, socketAddress } from '../../src/platform/libc.js'
import { AF, EPOLLIN, EPOLLOUT, MSG, SOCK } from '../../src/platform/linux.js'
import { Reactor, readsPerWakeUp } from '../../src/platform/reactor.js'
import { eventually } from './eventually.js'

interface Udp {
  readonly fd: number
  readonly name: Uint8Array
}

function udp(): Udp {
  const address = socketAddress(Uint8Array.of(127, 0, 0, 1), 0)
  const fd = openSocket('test', [AF.INET, SOCK.DGRAM, 0], (opened) => {
    assert.equal(libc.bind(opened, address, address.length), 0)
  })
  const name = new Uint8Array(16)
  assert.equal(libc.getsockname(fd, name, int32(16)), 0)
  return { fd, name }
}

function send(from: Udp, to: Udp): void {
  assert.equal(libc.sendto(from.fd, Uint8Array.of(1), 1, 0, to.name, 16), 1)
}

const buffer = new Uint8Array(64)
const readOne = (socket: Udp): boolean => libc.recv(socket.fd, buffer, buffer.length, MSG.DONTWAIT) >= 0

describe('reactor', function () {
  this.timeout(20_000)
  let reactor: Reactor
  let sockets: Udp[]
  const open = (): Udp => {
    const socket = udp()
    sockets.push(socket)
    return socket
  }

  beforeEach(() => {
    reactor = Reactor.open()
    sockets = []
  })
  afterEach(() => {
    reactor.close()
    for (const { fd } of sockets) libc.close(fd)
  })

  it('hands over what arrives, for as long as it is watched', async () => {
    const [a, b] = [open(), open()]
    let received = 0
    const watch = reactor.watch(a.fd, EPOLLIN, () => {
      while (readOne(a)) received++
    })
    send(b, a)
    await eventually('the first datagram is handed over', () => received === 1)
    watch.close()
    send(b, a)
    reactor.drain()
    assert.equal(received, 1)
  })

  it('drains at once, without a turn of the loop', () => {
    const [a, b] = [open(), open()]
    let received = 0
    reactor.watch(a.fd, EPOLLIN, () => {
      for (let i = 0; i < readsPerWakeUp && readOne(a); i++) received++
    })
    for (let i = 0; i < 200; i++) send(b, a)
    reactor.drain()
    assert.equal(received, 200)
  })

  it('gives every descriptor its turn while one is flooded', async () => {
    const [flooded, quiet, sender] = [open(), open(), open()]
    let floods = 0
    let floodsBeforeQuiet = -1
    reactor.watch(flooded.fd, EPOLLIN, () => {
      for (let i = 0; i < readsPerWakeUp && readOne(flooded); i++) {
        floods++
        // As fast as it is read, so it never runs dry.
        send(sender, flooded)
      }
    })
    reactor.watch(quiet.fd, EPOLLIN, () => {
      while (readOne(quiet)) floodsBeforeQuiet = floods
    })
    for (let i = 0; i < 150; i++) send(sender, flooded)
    await eventually('the flood runs', () => floods > 1000)
    const before = floods
    send(sender, quiet)
    await eventually('the quiet one is read', () => floodsBeforeQuiet >= 0)
    assert.ok(floodsBeforeQuiet - before <= 2 * readsPerWakeUp, `${floodsBeforeQuiet - before} reads between`)
  })

  it('drops what is ready for a descriptor that an earlier handler closed', () => {
    const [a, b, sender] = [open(), open(), open()]
    const calls: string[] = []
    const watches = new Map(
      [a, b].map((socket, i) => [
        i,
        reactor.watch(socket.fd, EPOLLIN, () => {
          calls.push(i === 0 ? 'a' : 'b')
          watches.get(1 - i)?.close()
          readOne(socket)
        }),
      ]),
    )
    send(sender, a)
    send(sender, b)
    reactor.drain()
    assert.equal(calls.length, 1)
  })

  it('does not give an event of a closed descriptor to the next one of that number', () => {
    const [a, b, sender] = [open(), open(), open()]
    const calls: string[] = []
    let reused = false
    const replace = (ready: Udp, other: Udp, otherWatch: () => { close(): void } | undefined): void => {
      calls.push('old')
      readOne(ready)
      if (calls.length > 1) return
      otherWatch()?.close()
      libc.close(other.fd)
      const fresh = udp()
      reused = fresh.fd === other.fd
      reactor.watch(fresh.fd, EPOLLIN, () => calls.push('new'))
    }
    const watchA = reactor.watch(a.fd, EPOLLIN, () => replace(a, b, () => watchB))
    const watchB = reactor.watch(b.fd, EPOLLIN, () => replace(b, a, () => watchA))
    send(sender, a)
    send(sender, b)
    reactor.drain()
    assert.ok(reused, 'the number was used again')
    assert.deepEqual(calls, ['old'])
  })

  it('changes what it waits for', () => {
    const a = open()
    const seen: number[] = []
    const watch = reactor.watch(a.fd, EPOLLIN, (events) => {
      seen.push(events)
      watch.update(EPOLLIN)
    })
    reactor.drain()
    assert.deepEqual(seen, [])
    watch.update(EPOLLIN | EPOLLOUT)
    reactor.drain()
    assert.deepEqual(seen, [EPOLLOUT])
  })

  it('continues promises that a handler resolved', async () => {
    const [a, b] = [open(), open()]
    const arrived = new Promise<string>((resolve) => {
      reactor.watch(a.fd, EPOLLIN, () => {
        if (readOne(a)) resolve('arrived')
      })
    })
    send(b, a)
    assert.equal(await arrived, 'arrived')
  })

  it('refuses to be drained from within a handler', () => {
    const [a, b] = [open(), open()]
    reactor.watch(a.fd, EPOLLIN, () => {
      readOne(a)
      reactor.drain()
    })
    send(b, a)
    assert.throws(() => reactor.drain(), /drained from within a handler/)
  })

  it('names the errno of what cannot be watched', () => {
    assert.throws(() => reactor.watch(9999, EPOLLIN, () => {}), /epoll_ctl fd 9999: EBADF/)
  })

  const child = fileURLToPath(new URL('./reactor-child.js', import.meta.url))
  for (const { way, status, stderr } of [
    { way: 'exit', status: 7, stderr: /^$/ },
    { way: 'throw', status: 1, stderr: /thrown by a timer/ },
    { way: 'throw-in-handler', status: 1, stderr: /thrown by a handler/ },
    { way: 'empty', status: 0, stderr: /^$/ },
  ]) {
    it(`lets the process end by itself: ${way}`, () => {
      const ended = spawnSync(process.execPath, [child, way], { timeout: 10_000, encoding: 'utf8' })
      assert.equal(ended.signal, null)
      assert.equal(ended.status, status)
      assert.match(ended.stderr, stderr)
    })
  }
})
