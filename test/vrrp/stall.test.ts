/** The rule about late timers against the real event loop, a real socket and a real stall. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Clock, Links, Routing } from '../../src/base/ports.js'
import { vrid } from '../../src/base/units.js'
import type { PairLink } from '../../src/pair/link.js'
import { SystemClock } from '../../src/platform/clock.js'
import { Reactor } from '../../src/platform/reactor.js'
import { encodeAdvertisement } from '../../src/vrrp/packet.js'
import { wrapAdvertisement } from '../../src/vrrp/receive.js'
import { startVrrp, type VrrpRuntime } from '../../src/vrrp/runtime.js'
import { ip, known, ms, prefix, prio } from './support.js'

/** Long beside a busy machine's hiccups: the active-down interval is 3 x 800 ms and 488 ms of skew. */
const interval = ms(800)
/** Past that interval, and by less than the one interval of grace that a late timer gives. */
const stall = 3_200
const longestStall = 3_600
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
const eth0 = { name: 'eth0', index: 2, up: true, mac: new Uint8Array(6), mtu: 1500 }
const links: Links = {
  read: async () => ({
    interfaces: [eth0],
    addresses: [{ interfaceIndex: 2, prefix: prefix('10.0.0.12/24') }],
  }),
  claim: (_index, _prefix, _lease, done) => done(undefined),
  release: (_index, _prefix, done) => done(undefined),
  watch: () => ({ close: () => {} }),
  close: () => {},
}

const nothing = (_: unknown, done: (error: Error | undefined) => void): void => done(undefined)
const routing: Routing = {
  addRoute: (_route, _lease, done) => done(undefined),
  removeRoute: nothing,
  addRule: nothing,
  removeRule: nothing,
  readOwn: async () => ({ routes: [], rules: [] }),
  close: () => {},
}

describe('vrrp/stall', function () {
  this.timeout(30_000)

  let reactor: Reactor
  let socket: Socket
  let sender: Worker
  let runtime: VrrpRuntime

  beforeEach(async () => {
    reactor = Reactor.open()
    socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const advertisement = {
      vrid: known(vrid(51)),
      priority: prio(150),
      interval,
      addresses: [ip('10.0.0.100')],
    }
    const message = wrapAdvertisement(encodeAdvertisement(advertisement), 4)
    const { port } = socket.address() as AddressInfo
    sender = new Worker(new URL('./stalled-sender.js', import.meta.url), { workerData: { port, message } })
  })

  afterEach(async () => {
    await sender.terminate()
    await runtime.stop()
    await new Promise<void>((resolve) => socket.close(() => resolve()))
    reactor.close()
  })

  /** A Backup that hears its peer, then a loop blocked for longer than the active-down interval. */
  const afterStall = async (clock: Clock): Promise<string[]> => {
    const roles: string[] = []
    const heard = { count: 0 }
    const openPairLink = (onMessage: (payload: Uint8Array) => void): PairLink => {
      socket.on('message', (payload) => {
        reactor.nodeInputs++
        heard.count++
        onMessage(payload)
      })
      return {
        send: () => true,
        status: () => ({ reachable: true, lastSeenSeconds: 0, keyMatches: true, discarded: {} }),
        close: () => {},
      }
    }
    const packetSocket = { send: () => {}, close: () => {} }
    const ports = {
      clock,
      links,
      routing,
      log: silent,
      openPairLink,
      openPacket: () => packetSocket,
      openRaw: () => {
        throw new Error('no router is multicast')
      },
    }
    const director = { name: 'lb2', address: ip('10.0.0.12'), addresses: [], priority: prio(100), id: 2 }
    const peer = { name: 'lb1', address: ip('10.0.0.11'), addresses: [], priority: prio(150), id: 1 }
    const router = {
      name: 'front',
      vrid: known(vrid(51)),
      interface: undefined,
      addresses: [prefix('10.0.0.100/24')],
      transport: 'udp',
      version: 3,
      checksum: 'pseudo_header',
      password: undefined,
      advertisementInterval: interval,
      preempt: 'always',
      preemptDelay: ms(0),
      group: undefined,
      lease: ms(3000),
      garp: { count: 1, interval: ms(100), refresh: undefined },
      priority: {},
      track: [],
      routes: [],
      rules: [],
      accept: true,
      virtualMac: false,
    } as const
    runtime = startVrrp(ports, { director, peer, routers: [router] }, (fact) => {
      if (fact.type === 'roleChanged') roles.push(`${fact.from} -> ${fact.to}`)
    })
    const hear = async (more: number): Promise<void> => {
      for (const until = heard.count + more; heard.count < until; ) await once(socket, 'message')
    }
    for (;;) {
      await hear(3)
      // Out of the poll phase, which would go on reading where it was stopped.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const from = performance.now()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall)
      const stood = performance.now() - from
      await hear(5)
      if (stood < longestStall) return roles
    }
  }

  it('a Backup that stood still does not elect itself over datagrams that wait in its socket', async () => {
    assert.deepEqual(await afterStall(new SystemClock(reactor)), ['initialize -> backup'])
  })

  it('and would if it believed its timer: Node runs timers first', async () => {
    const real = new SystemClock(reactor)
    const hasty: Clock = {
      now: () => real.now(),
      wall: () => real.wall(),
      at: (deadline, run) => real.at(deadline, run),
      afterPendingInput: (run) => run(),
    }
    const roles = await afterStall(hasty)
    assert.equal(roles[1], 'backup -> active')
  })
})
