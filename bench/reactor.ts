/**
 * What one datagram costs on its way into the process, by four ways: Node's dgram; the reactor; a raw
 * socket of protocol 112 on the reactor; and the way not taken, an epoll_wait on the thread pool.
 * `node build/bench/reactor.js [SAMPLES]`, as root.
 */
import koffi from 'koffi'
import { type IpAddress, parseIp } from '../src/base/ip.js'
import { SystemClock } from '../src/platform/clock.js'
import { openDatagramSocket } from '../src/platform/datagram-socket.js'
import { check, int32, libc, openSocket, socketAddress } from '../src/platform/libc.js'
import { AF, EPOLL, EPOLLIN, MSG, SOCK } from '../src/platform/linux.js'
import { openRawSocket } from '../src/platform/raw-socket.js'
import { Reactor, readsPerWakeUp } from '../src/platform/reactor.js'

interface Way {
  readonly name: string
  /** Sends one datagram that comes back to this process. */
  send(): void
  close(): void
}

const samples = Number(process.argv[2] ?? 2000)
const loopback: IpAddress = parseIp('127.0.0.1') ?? { family: 4, bytes: Uint8Array.of(127, 0, 0, 1) }
const reactor = Reactor.open()
const clock = new SystemClock(reactor)
const payload = new Uint8Array(46)
let onArrival = (): void => {}

const fatal = (error: Error): never => {
  throw error
}

function nodeDgram(): Way {
  const handlers = { onDatagram: () => onArrival(), onError: fatal }
  const socket = openDatagramSocket(reactor, { family: 4, address: loopback }, handlers)
  const send = (): void => socket.send(payload, loopback, socket.port)
  return { name: 'dgram', send, close: () => socket.close() }
}

function udpToSelf(): { fd: number; send: () => void; read: () => boolean } {
  const any = socketAddress(loopback.bytes, 0)
  const fd = openSocket('bench', [AF.INET, SOCK.DGRAM, 0], (opened) => {
    check(libc.bind(opened, any, any.length), 'bind', 'bench')
  })
  const name = new Uint8Array(16)
  check(libc.getsockname(fd, name, int32(16)), 'getsockname', 'bench')
  const buffer = new Uint8Array(2048)
  return {
    fd,
    send: () => void check(libc.sendto(fd, payload, payload.length, 0, name, 16), 'send', 'bench'),
    read: () => libc.recv(fd, buffer, buffer.length, MSG.DONTWAIT) >= 0,
  }
}

function onReactor(): Way {
  const { fd, send, read } = udpToSelf()
  const watch = reactor.watch(fd, EPOLLIN, () => {
    for (let i = 0; i < readsPerWakeUp && read(); i++) onArrival()
  })
  const close = (): void => {
    watch.close()
    libc.close(fd)
  }
  return { name: 'reactor', send, close }
}

function rawOnReactor(): Way {
  const options = { interfaceName: 'lo', source: loopback, protocol: 112 }
  const onPacket = (): void => onArrival()
  const socket = openRawSocket(reactor, { ...options, onPacket, onMalformed: () => {}, onError: fatal })
  const send = (): void => socket.send(payload, loopback)
  return { name: 'raw socket on the reactor', send, close: () => socket.close() }
}

function onThreadPool(): Way {
  const { fd, send, read } = udpToSelf()
  const wait = koffi.load('libc.so.6').func('int epoll_wait(int, void *, int, int)')
  const epoll = libc.epollCreate(EPOLL.CLOEXEC)
  const event = Buffer.alloc(16)
  event.writeUInt32LE(EPOLLIN)
  check(libc.epollControl(epoll, EPOLL.CTL_ADD, fd, event), 'epoll_ctl', 'bench')
  const events = Buffer.alloc(16 * 64)
  let open = true
  const arm = (): void => {
    // With a limit, or the process could never end.
    wait.async(epoll, events, 64, 100, () => {
      while (open && read()) onArrival()
      if (open) arm()
      else libc.close(epoll)
    })
  }
  arm()
  const close = (): void => {
    open = false
    libc.close(fd)
  }
  return { name: 'epoll_wait on the thread pool', send, close }
}

const percentile = (sorted: readonly number[], p: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0).toFixed(3)

/** One at a time, each 2 ms. */
async function latency(way: Way): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < samples; i++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    times.push(
      await new Promise<number>((resolve) => {
        const start = clock.now()
        onArrival = () => resolve(clock.now() - start)
        way.send()
      }),
    )
  }
  times.sort((a, b) => a - b)
  return `median ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms`
}

/** Bursts of 50, sending included. */
async function cost(way: Way): Promise<string> {
  const before = process.cpuUsage()
  const bursts = Math.ceil(samples / 10)
  for (let burst = 0; burst < bursts; burst++) {
    await new Promise<void>((resolve) => {
      let left = 50
      onArrival = () => --left === 0 && resolve()
      for (let i = 0; i < 50; i++) way.send()
    })
  }
  const { user, system } = process.cpuUsage(before)
  return `${((user + system) / (bursts * 50)).toFixed(1)} us of CPU`
}

for (const make of [nodeDgram, onReactor, rawOnReactor, onThreadPool]) {
  const way = make()
  await latency(way).then(async (times) => {
    console.log(`${way.name}: ${times}; ${await cost(way)} a datagram`)
  })
  way.close()
}
console.log(`RSS ${Math.round(process.memoryUsage.rss() / 1e6)} MB`)
