import { strict as assert } from 'node:assert'
import { fromHex } from '../../src/base/bytes.js'
import { formatIp, parseIp } from '../../src/base/ip.js'
import type { Clock, DatagramHandlers, Timer } from '../../src/base/ports.js'
import { type Millis, millis } from '../../src/base/units.js'
import type { PairLinkStatus } from '../../src/pair/link.js'
import { type SyncEvent, type SyncPorts, startSync } from '../../src/sync/runtime.js'
import { connectionTable, kernelMessages } from '../vectors/kernel-sync.js'

/** One director's surroundings: its kernel as two arrays, its link as a function. */
class Surroundings {
  now = 0
  timers: { deadline: Millis; run: () => void }[] = []
  readonly warnings: string[] = []
  readonly events: SyncEvent[] = []
  readonly injected: string[] = []
  closed = 0
  established = true
  sendToPeer: (payload: Uint8Array) => void = () => {}
  kernelSays: (payload: Uint8Array) => void = () => {}
  peerSays: (payload: Uint8Array) => void = () => {}
  sessionBegins: () => void = () => {}

  private readonly clock: Clock = {
    now: () => millis(this.now),
    wall: () => 0,
    afterPendingInput: (run) => run(),
    at: (deadline, run): Timer => {
      const timer = { deadline, run }
      this.timers.push(timer)
      return {
        cancel: () => {
          this.timers = this.timers.filter((other) => other !== timer)
        },
      }
    },
  }

  readonly ports: SyncPorts = {
    clock: this.clock,
    random: (length) => new Uint8Array(length).fill(7),
    log: { error: () => {}, warn: (text) => this.warnings.push(text), info: () => {}, debug: () => {} },
    openMarkers: () => ({ open: () => {}, close: () => {} }),
    openKernelReceiver: (handlers) => this.socket(handlers),
    openKernelInjector: () => this.socket(undefined),
    openLink: (onMessage, onEstablished) => {
      this.peerSays = onMessage
      this.sessionBegins = onEstablished
      return {
        send: (payload) => {
          if (this.established) this.sendToPeer(payload)
          return this.established
        },
        status: (): PairLinkStatus => ({
          reachable: this.established,
          lastSeenSeconds: 0,
          keyMatches: true,
          discarded: {},
        }),
        close: () => {
          this.closed++
        },
      }
    },
    readConnectionTable: () => this.chunks(),
  }

  /** In pieces that end in the middle of lines. */
  private async *chunks(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(this.table)
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
  }

  table = connectionTable

  private socket(handlers: DatagramHandlers | undefined) {
    const source = parseIp('127.0.0.1')
    assert.ok(source)
    if (handlers) this.kernelSays = (payload) => handlers.onDatagram({ payload, source, sourcePort: 5000 })
    return {
      send: (payload: Uint8Array, destination: Parameters<typeof formatIp>[0], port: number) => {
        this.injected.push(`${formatIp(destination)}:${port} ${payload.length}`)
      },
      close: () => {
        this.closed++
      },
    }
  }

  advance(span: number): void {
    this.now += span
    for (const timer of this.timers.splice(0)) {
      if (timer.deadline <= this.now) timer.run()
      else this.timers.push(timer)
    }
  }
}

const [message = new Uint8Array(0)] = kernelMessages.map((hex) => fromHex(hex))

describe('sync runtime', () => {
  it('carries records from kernel to kernel, and counts them', () => {
    const [here, there] = [new Surroundings(), new Surroundings()]
    const one = startSync(here.ports, { syncid: 1, peerSyncid: 2 }, (event) => here.events.push(event))
    const two = startSync(there.ports, { syncid: 2, peerSyncid: 1 }, (event) => there.events.push(event))
    here.sendToPeer = (payload) => there.peerSays(payload)
    assert.equal(two.status().role, 'starting')
    one.kernelDaemonsStarted()
    two.kernelDaemonsStarted()
    here.kernelSays(message)
    here.advance(20)
    assert.deepEqual(there.injected, ['224.0.0.81:8848 296'])
    const [from, to] = [one.status(), two.status()]
    assert.deepEqual(
      [from.role, from.messagesSent, from.recordsSent, from.recordsUnsent],
      ['relaying', 1, 7, 0],
    )
    assert.deepEqual([to.messagesReceived, to.recordsReceived, to.injected, to.lost], [1, 7, 7, 0])
    assert.deepEqual([from.rejected, to.rejected], [{}, {}])
  })

  it('says that it holds nothing yet', () => {
    const here = new Surroundings()
    startSync(here.ports, { syncid: 1, peerSyncid: 2 }, (event) => here.events.push(event))
    const readiness = { ready: false, reason: 'no snapshot from the peer yet' }
    assert.deepEqual(here.events, [{ type: 'syncReadiness', readiness }])
  })

  it('counts what it cannot send without a session', () => {
    const here = new Surroundings()
    const one = startSync(here.ports, { syncid: 1, peerSyncid: 2 }, () => {})
    one.kernelDaemonsStarted()
    here.established = false
    here.kernelSays(message)
    here.advance(20)
    const { role, recordsUnsent, recordsSent } = one.status()
    assert.deepEqual([role, recordsUnsent, recordsSent], ['alone', 7, 0])
  })

  it('counts each rejection and speaks of each reason once', () => {
    const here = new Surroundings()
    const one = startSync(here.ports, { syncid: 1, peerSyncid: 2 }, () => {})
    for (let i = 0; i < 1000; i++) {
      here.kernelSays(Buffer.from('noise'))
      here.peerSays(Buffer.from('noise that is longer'))
    }
    assert.deepEqual(one.status().rejected, { kernel_truncated: 1000, peer_kind: 1000 })
    assert.equal(here.warnings.length, 2)
  })

  it('closes everything, and does nothing afterwards', () => {
    const here = new Surroundings()
    const one = startSync(here.ports, { syncid: 1, peerSyncid: 2 }, () => {})
    here.kernelSays(message)
    one.stop()
    assert.equal(here.closed, 3)
    here.kernelSays(message)
    here.advance(100)
    assert.equal(one.status().messagesSent, 0)
  })

  it('refuses one id for both', () => {
    const { ports } = new Surroundings()
    assert.throws(() => startSync(ports, { syncid: 1, peerSyncid: 1 }, () => {}), RangeError)
  })
})

describe('sync runtime, snapshot', () => {
  /** Two directors whose links are wired together, and a turn of the loop for each table that is read. */
  function joined() {
    const [here, there] = [new Surroundings(), new Surroundings()]
    const one = startSync(here.ports, { syncid: 1, peerSyncid: 2 }, (event) => here.events.push(event))
    const two = startSync(there.ports, { syncid: 2, peerSyncid: 1 }, (event) => there.events.push(event))
    here.sendToPeer = (payload) => there.peerSays(payload)
    there.sendToPeer = (payload) => here.peerSays(payload)
    const readiness = (side: Surroundings) =>
      side.events.flatMap((event) => (event.type === 'syncReadiness' ? [event.readiness] : [])).at(-1)
    const settle = async (until: () => boolean) => {
      for (let turn = 0; turn < 2000 && !until(); turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        if (turn % 20 === 0) for (const side of [here, there]) side.advance(10)
      }
      assert.ok(until(), JSON.stringify([readiness(here), readiness(there)]))
    }
    return { here, there, one, two, readiness, settle }
  }
  const heading = `${connectionTable.split('\n')[0]}\n`

  it('fills an empty kernel from the peer’s table, and says so', async () => {
    const { here, there, one, two, readiness, settle } = joined()
    there.table = heading
    one.kernelDaemonsStarted()
    two.kernelDaemonsStarted()
    here.sessionBegins()
    there.sessionBegins()
    await settle(() => there.injected.length > 0)
    // Now the kernel has what it was given.
    there.table = connectionTable
    await settle(() => readiness(there)?.ready === true && readiness(here)?.ready === true)
    assert.match(readiness(there)?.reason ?? '', /^holds the peer's 10 sessions as of 1970-/)
    assert.equal(two.status().injected, 10)
    assert.deepEqual(here.injected, [])
    assert.equal(one.status().snapshot.rowsSent, 10)
  })

  it('waits for its kernel before it asks, and asks again with each session', async () => {
    const { here, there, one, two, readiness, settle } = joined()
    two.kernelDaemonsStarted()
    here.sessionBegins()
    there.sessionBegins()
    await settle(() => readiness(there)?.ready === true)
    assert.equal(readiness(here)?.ready, false)
    one.kernelDaemonsStarted()
    await settle(() => readiness(here)?.ready === true)
    here.sessionBegins()
    assert.equal(readiness(here)?.ready, false)
    await settle(() => readiness(here)?.ready === true)
  })

  it('is not ready while its table cannot be read', async () => {
    const { here, one, readiness, settle } = joined()
    here.table = ''
    Object.assign(here.ports, { readConnectionTable: () => failing() })
    one.kernelDaemonsStarted()
    here.sessionBegins()
    await settle(() => readiness(here)?.reason === 'the connection table cannot be read')
    assert.match(here.warnings.at(-1) ?? '', /cannot read the connection table: .*ENOENT/)
    one.stop()
  })
})

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Pro FromIP')
  throw new Error('open /proc/net/ip_vs_conn: ENOENT')
}
