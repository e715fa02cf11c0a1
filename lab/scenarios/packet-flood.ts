import assert from 'node:assert/strict'
import type { DirectorStatus } from '../../src/base/status.js'
import { frontAddress } from '../addresses.js'
import { loadedPair, recordWindow } from '../failover.js'
import type { Lab } from '../lab.js'
import { built } from '../paths.js'
import { processTree } from '../process-tree.js'
import type { Scenario } from '../scenario.js'

const pairPort = '8849'
/** Wanted; the guest's one processor, which everything here shares, sends what it can. */
const perSecond = 10_000
const seconds = 5

/** Everything that a director has thrown away, by reason. */
function discards({ peer, advertisements, virtualRouters, sync }: DirectorStatus): Record<string, number> {
  const total: Record<string, number> = {}
  const places = [advertisements, ...virtualRouters.map((router) => router.advertisements), sync, peer]
  for (const counts of places.map((place) => place?.discarded ?? {})) {
    for (const [reason, count] of Object.entries(counts)) total[reason] = (total[reason] ?? 0) + count
  }
  return total
}

/** What lb1 gets; lb2 only hears everything twice. */
const floodedWith = ['truncated', 'magic', 'source', 'replay']

/** Payloads of real datagrams between the directors, as hex. */
async function capturedPayloads(lab: Lab): Promise<string[]> {
  const filter = ['udp', 'dst', 'port', pairPort]
  const text = await lab.topology.run('lb1', ['tcpdump', '-i', 'eth0', '-n', '-x', '-c', '6', ...filter])
  const packets = text.split(/^\S.*$/m).map((dump) => dump.replaceAll(/^\s*0x\w+:|\s/gm, ''))
  // IPv4 header without options, then the UDP header.
  return packets.filter((hex) => hex.length > 56).map((hex) => hex.slice(56))
}

async function run(lab: Lab): Promise<void> {
  const { lb1, lb2, load } = await loadedPair(lab)
  const { topology } = lab
  const samples = await capturedPayloads(lab)
  assert.ok(samples.length > 0, 'nothing captured between the directors')
  const processes = [lb1, lb2].map((director) => processTree(director.process.pid))
  // Everything towards lb2 arrives twice: true replays, from the right address and port.
  await topology.run('switch', [
    'tc',
    'qdisc',
    'replace',
    'dev',
    'to-lb2',
    'root',
    'netem',
    'duplicate',
    '100%',
  ])
  load.mark('flood')
  const flood = (from: 'client' | 'lb2', rate: number): Promise<string> =>
    topology.run(from, [
      process.execPath,
      built('lab/flood'),
      frontAddress('lb1'),
      pairPort,
      String(rate),
      String(seconds),
      ...samples,
    ])
  // Half from a stranger, half from the peer's own address.
  const sent = await Promise.all([flood('client', perSecond / 2), flood('lb2', perSecond / 2)])
  lab.record('sent', sent.map((text) => text.trim()).join(' and '))
  const report = await load.close()
  recordWindow(lab, report)
  await topology.run('switch', ['tc', 'qdisc', 'del', 'dev', 'to-lb2', 'root'])

  const after = [await lb1.untilState('active', 2000), await lb2.untilState('backup', 2000)]
  assert.deepEqual(
    [lb1, lb2].map((director) => processTree(director.process.pid)),
    processes,
    'processes',
  )
  assert.equal(report.sessions.ended, 0, 'sessions ended')
  for (const status of after) lab.record(`${status.director} discarded`, JSON.stringify(discards(status)))
  for (const [index, reasons] of [floodedWith, ['replay']].entries()) {
    const status = after[index]
    assert.ok(status)
    const counted = discards(status)
    for (const reason of reasons) assert.ok(counted[reason], `${status.director} counts nothing as ${reason}`)
  }
}

export const packetFlood: Scenario = {
  name: 'packet-flood',
  summary:
    'malformed, truncated, replayed and foreign packets, as fast as the guest sends them, end no session and are counted',
  forwarding: 'direct',
  run,
}
