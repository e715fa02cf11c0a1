import assert from 'node:assert/strict'
import { virtualAddress } from './addresses.js'
import { type Pair, startPair } from './director.js'
import type { Lab } from './lab.js'
import type { Load } from './load/load.js'
import type { WindowReport } from './load/report.js'
import { defaultPriority, failoverBar, type PairOptions } from './pair-config.js'
import { until } from './wait.js'

export interface LoadedPair extends Pair {
  readonly load: Load
}

/** A pair at work: lb1 Active, the client's load running, every session more than 3 s old. */
export async function loadedPair(lab: Lab, options: PairOptions = {}): Promise<LoadedPair> {
  await lab.servers()
  const pair = await startPair(lab, options)
  const load = lab.load()
  await load.ready()
  load.mark('settle')
  await load.until('the sessions are 3 s old', 10000, ({ elapsed }) => elapsed > 3500)
  return { ...pair, load }
}

/** Every session has either echoed something new since the window began, or is gone. */
export function sessionsSettled(load: Load, patience = 30000): Promise<WindowReport> {
  return load.until('each session lives or is gone', patience, ({ sessions }) => {
    return sessions.total > 0 && sessions.alive + sessions.ended === sessions.total
  })
}

/** Does `fail` to lb1, waits until lb2 is Active and the sessions have shown what became of them. */
export async function measureFailover(
  lab: Lab,
  { lb2, load }: LoadedPair,
  name: string,
  fail: () => Promise<void> | void,
): Promise<WindowReport> {
  load.mark(name)
  await fail()
  await lb2.untilState('active', 10000)
  await sessionsSettled(load)
  const report = await load.close()
  recordWindow(lab, report)
  return report
}

export function recordWindow(lab: Lab, { tcp, udp, sessions, stall }: WindowReport): void {
  lab.record('longest gap', `tcp ${tcp.gap} ms, udp ${udp.gap} ms (the load's own stall ${stall} ms)`)
  lab.record('requests lost', `tcp ${tcp.lost} of ${tcp.sent}, udp ${udp.lost} of ${udp.sent}`)
  lab.record('sessions alive', `${sessions.alive} of ${sessions.total} ${JSON.stringify(sessions.reasons)}`)
}

/**
 * The peer answered within the bar, and every session that was older than 3 s lives. What the load itself
 * stood still for is the machine's doing: everything in the guest shares one processor with it.
 */
export function assertFailover({ tcp, udp, sessions, stall }: WindowReport): void {
  const bar = failoverBar(defaultPriority.lb2) + stall
  assert.ok(tcp.gap <= bar, `TCP gap ${tcp.gap} ms, at most ${Math.round(bar)} ms`)
  assert.ok(udp.gap <= bar, `UDP gap ${udp.gap} ms, at most ${Math.round(bar)} ms`)
  assert.ok(sessions.older.total > 0, 'no session was 3 s old')
  assert.equal(
    sessions.older.alive,
    sessions.older.total,
    `sessions lost: ${JSON.stringify(sessions.reasons)}`,
  )
}

/** Directors that hold the virtual address now. */
export async function holders(lab: Lab): Promise<string[]> {
  const names = ['lb1', 'lb2'] as const
  const held = await Promise.all(names.map((name) => lab.topology.holds(name, virtualAddress)))
  return names.filter((_, index) => held[index])
}

/** Waits until `name` alone holds the address; answers after how many milliseconds. */
export async function untilSoleHolder(lab: Lab, name: 'lb1' | 'lb2', patience: number): Promise<number> {
  const begun = performance.now()
  let seen: string[] = []
  await until(
    `${name} alone holds the address`,
    patience,
    async () => {
      seen = await holders(lab)
      return seen.length === 1 && seen[0] === name ? true : undefined
    },
    () => seen,
  )
  return Math.round(performance.now() - begun)
}
