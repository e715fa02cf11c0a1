import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { built } from '../../lab/paths.js'
import { until } from '../../lab/wait.js'
import { equalIp } from '../../src/base/ip.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ProcSysctl } from '../../src/platform/sysctl.js'
import { openTap, type Tap } from './cable-tap.js'
import { type CabledDirector, startDirectors, type Transport } from './cabled-directors.js'
import { type HostilePacket, hostileAdvertisements, hostileDatagrams } from './flood-packets.js'
import type { FloodOrder, FloodReport } from './flood-sender.js'
import { type Observation, observe, routerOf, sum } from './observation.js'

/** Wanted at each director, and at both together the least that proves anything. */
const perSecond = 12_000
const leastPerSecond = 10_000
const seconds = 4
const floods = 2
/** An advertisement each 100 ms; a busy machine may delay some. */
const leastReceived = (floods * seconds * 10) / 2
/** Each kind of discard may say so every 10 s. */
const mostLogLines = 80
/** MB. V8 lets what is young fill three spaces of 16 MB under load before it looks what of it is needed; the flood itself is 8 s of 20 MB each. */
const mostMemoryGrowth = 64

const isUdp = { protocol: 17, headerLength: 8, hostile: hostileDatagrams }
const isVrrp = { protocol: 112, headerLength: 0, hostile: hostileAdvertisements }

interface Target {
  readonly director: CabledDirector
  /** Where the flood comes from: the other end of the cable. */
  readonly peer: CabledDirector
  readonly packets: readonly HostilePacket[]
}

function aim(transport: Transport, tap: Tap, director: CabledDirector, peer: CabledDirector): Target {
  const { protocol, headerLength, hostile } = transport === 'udp' ? isUdp : isVrrp
  const saidBy = ({ address }: CabledDirector): Uint8Array[] =>
    tap.heard
      .filter((packet) => packet.protocol === protocol && equalIp(packet.source, address))
      .map(({ payload }) => payload.subarray(headerLength))
  const { address } = director
  const victim = { address, peer: peer.address, received: saidBy(peer), sent: saidBy(director) }
  return { director, peer, packets: hostile(victim) }
}

async function flood({ peer, packets }: Target): Promise<FloodReport> {
  const program = built('test/daemon/flood-sender')
  const sender = peer.namespace.enter(() => fork(program, [], { serialization: 'advanced' }))
  const { interfaceName } = peer
  const order: FloodOrder = { interfaceName, packets: packets.map(({ bytes }) => bytes), perSecond, seconds }
  sender.send(order)
  const [report] = await once(sender, 'message')
  return report
}

/** Nothing that somebody would notice is different, and the log did not become the damage. */
function assertUnmoved(name: string, before: Observation, after: Observation): void {
  assert.equal(after.router.state, before.router.state, `${name}: state`)
  const elapsed = (after.at - before.at) / 1000
  const { sinceSeconds } = after.router
  assert.ok(sinceSeconds > elapsed, `${name}: ${after.router.state} for ${sinceSeconds} s of ${elapsed} s`)
  assert.equal(after.roleChanges, before.roleChanges, `${name}: role changes`)
  assert.deepEqual(after.pids, before.pids, `${name}: processes`)
  const lines = after.logLines - before.logLines
  assert.ok(lines <= mostLogLines, `${name}: ${lines} log lines`)
  const growth = after.memory - before.memory
  assert.ok(growth <= mostMemoryGrowth, `${name}: the vrrp process grew by ${growth} MB`)
}

/** Each kind under its own reason, and nearly all of it: the kernel may drop what it cannot queue, and says so. */
function assertCounted(name: string, { packets }: Target, sent: number, counts: Counts): void {
  for (const reason of new Set(packets.map((packet) => packet.reason)))
    if (reason !== undefined) assert.ok(counts.by(reason) > 0, `${name}: nothing counted as ${reason}`)
  const surely = packets.filter(({ reason }) => reason !== undefined && reason !== 'rate').length
  const expected = (sent * surely) / packets.length - counts.dropped
  assert.ok(counts.total >= 0.9 * expected, `${name}: ${counts.total} counted of ${Math.round(expected)}`)
}

interface Counts {
  readonly total: number
  readonly dropped: number
  readonly reasons: Readonly<Record<string, number>>
  by(reason: string): number
}

function countsBetween(before: Observation, after: Observation): Counts {
  const by = (reason: string): number =>
    (after.discarded.get(reason) ?? 0) - (before.discarded.get(reason) ?? 0)
  const reasons = Object.fromEntries([...after.discarded.keys()].map((reason) => [reason, by(reason)]))
  return { total: sum(Object.values(reasons)), dropped: after.dropped - before.dropped, reasons, by }
}

for (const transport of ['udp', 'multicast'] as const) {
  describe(`10,000 hostile packets a second, transport ${transport}`, function () {
    this.timeout(60_000)
    let reactor: Reactor
    let tap: Tap | undefined
    let pair: ReturnType<typeof startDirectors>

    before(() => {
      reactor = Reactor.open()
      pair = startDirectors(transport, (end) => {
        // Else the kernel itself would drop what claims to come from the director's own address.
        end.enter(() => new ProcSysctl().write('net.ipv4.conf.all.accept_local', '1'))
        // From the first word, for a recorded handshake is the best thing to play back.
        tap ??= openTap(reactor, end)
      })
    })
    afterEach(function () {
      if (this.currentTest?.state !== 'failed') return
      for (const director of pair.directors) console.log([director.name, ...director.log()].join('\n'))
    })
    after(async () => {
      tap?.close()
      await pair.close()
      reactor.close()
    })

    async function elected(): Promise<true | undefined> {
      const all = await Promise.all(pair.directors.map((director) => director.status()))
      const routers = all.flatMap((status) => (status ? [routerOf(status)] : []))
      const states = routers.map(({ state }) => state).sort()
      const heard = routers.some(({ advertisements }) => advertisements.received > 10)
      return (states.join() === 'active,backup' && heard) || undefined
    }

    it('change nothing and are counted by reason', async () => {
      await until('one is Active and the other hears it', 20_000, elected)
      assert.ok(tap)
      const [one, two] = pair.directors
      const targets = [aim(transport, tap, one, two), aim(transport, tap, two, one)] as const
      tap.close()

      const before = await Promise.all([observe(one), observe(two)])
      const reports: FloodReport[][] = []
      for (let round = 0; round < floods; round++) reports.push(await Promise.all(targets.map(flood)))
      const after = await Promise.all([observe(one), observe(two)])

      const took = sum(reports.map((round) => Math.max(...round.map((report) => report.seconds))))
      const sentTo = (index: 0 | 1): number => sum(reports.map((round) => round[index]?.sent ?? 0))
      const rate = Math.round((sentTo(0) + sentTo(1)) / took)
      console.log(`${transport}: ${rate} packets a second for ${took.toFixed(1)} s`)
      for (const index of [0, 1] as const) {
        const { name } = pair.directors[index]
        const counts = countsBetween(before[index], after[index])
        console.log(summary(name, before[index], after[index], sentTo(index), took, counts))
        assertUnmoved(name, before[index], after[index])
        assertCounted(name, targets[index], sentTo(index), counts)
      }
      const received = after.map(({ router }, index) => {
        return router.advertisements.received - (before[index]?.router.advertisements.received ?? 0)
      })
      assert.ok(Math.max(...received) >= leastReceived, `advertisements received: ${received}`)
      assert.ok(rate >= leastPerSecond, `only ${rate} packets a second were sent`)
    })
  })
}

function summary(
  name: string,
  before: Observation,
  after: Observation,
  sent: number,
  took: number,
  { total, dropped, reasons }: Counts,
): string {
  const load = Math.round(((after.processorTime - before.processorTime) / took) * 100)
  const memory = `${before.memory.toFixed(0)} to ${after.memory.toFixed(0)} MB`
  const counted = `${sent} sent, ${total} counted, ${dropped} dropped by the kernel`
  return `${name} ${after.router.state}: ${counted}; vrrp process ${load} % of a core, ${memory}; ${JSON.stringify(reasons)}`
}
