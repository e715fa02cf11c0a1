import assert from 'node:assert/strict'
import { type DirectorName, virtualAddress } from './addresses.js'
import { type Director, type Pair, startPair } from './director.js'
import type { Lab } from './lab.js'
import type { Load } from './load/load.js'
import type { WindowReport } from './load/report.js'
import { defaultPriority, failoverBar, type PairOptions } from './pair-config.js'
import { until } from './wait.js'

const sessionCount = 100

export interface LoadedPair extends Pair {
  readonly load: Load
}

/** A pair at work: lb1 Active, the client's load running, every session more than 3 s old. */
export async function loadedPair(lab: Lab, options: PairOptions = {}): Promise<LoadedPair> {
  await lab.servers()
  const pair = await startPair(lab, options)
  const load = lab.load({ sessions: sessionCount })
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

export interface FailoverReport {
  /** Longest hole between answers, ms, from the failure until every session had proved itself. */
  readonly gap: { readonly tcp: number; readonly udp: number }
  readonly lost: { readonly tcp: number; readonly udp: number }
  /** Longest delay of the load's own timer, ms. */
  readonly stall: number
  /** As shown by lines that were sent when the client's packets already went to the new Active. */
  readonly sessions: WindowReport['sessions']
}

/** Does `fail` to lb1 and measures how lb2 takes over. */
export const measureFailover = (
  lab: Lab,
  { lb2, load }: LoadedPair,
  name: string,
  fail: () => Promise<void> | void,
): Promise<FailoverReport> => measureTakeOver(lab, load, lb2, name, fail, 10000)

/**
 * Calls `act` and waits until `to` is Active, the client's packets go there, and every session has shown what
 * became of it: before that, another director's kernel may still be forwarding.
 */
export async function measureTakeOver(
  lab: Lab,
  load: Load,
  to: Director,
  name: string,
  act: () => Promise<void> | void,
  patience: number,
): Promise<FailoverReport> {
  load.mark(name)
  await act()
  await to.untilState('active', patience)
  await untilClientUses(lab, to.name, 5000)
  const during = await load.close()
  load.mark(`${name}-proof`)
  await sessionsSettled(load)
  const proof = await load.close()
  const both = [during, proof]
  const worst = (flow: 'tcp' | 'udp'): number => Math.max(...both.map((window) => window[flow].gap))
  const lost = (flow: 'tcp' | 'udp'): number => both.reduce((sum, window) => sum + window[flow].lost, 0)
  const report: FailoverReport = {
    gap: { tcp: worst('tcp'), udp: worst('udp') },
    lost: { tcp: lost('tcp'), udp: lost('udp') },
    stall: Math.max(during.stall, proof.stall),
    sessions: proof.sessions,
  }
  const { gap, stall, sessions } = report
  lab.record('longest gap', `tcp ${gap.tcp} ms, udp ${gap.udp} ms (the load's own stall ${stall} ms)`)
  lab.record('requests lost', `tcp ${report.lost.tcp}, udp ${report.lost.udp}`)
  lab.record('sessions alive', sessionsLine(sessions))
  return report
}

/** The client's packets for the virtual address go to this director's interface. */
export async function untilClientUses(lab: Lab, name: DirectorName, patience: number): Promise<void> {
  const link = await lab.topology.run(name, ['cat', '/sys/class/net/eth0/address'])
  let seen = ''
  await until(
    `the client sends to ${name}`,
    patience,
    async () => {
      seen = await lab.topology.run('client', ['ip', 'neighbour', 'show', virtualAddress])
      return seen.includes(link.trim()) ? true : undefined
    },
    () => seen,
  )
}

const sessionsLine = ({ alive, total, reasons }: WindowReport['sessions']): string =>
  `${alive} of ${total} ${JSON.stringify(reasons)}`

export function recordWindow(lab: Lab, window: WindowReport): void {
  const { tcp, udp, stall } = window
  lab.record('longest gap', `tcp ${tcp.gap} ms, udp ${udp.gap} ms (the load's own stall ${stall} ms)`)
  lab.record('requests lost', `tcp ${tcp.lost} of ${tcp.sent}, udp ${udp.lost} of ${udp.sent}`)
  lab.record('sessions alive', sessionsLine(window.sessions))
}

/**
 * The peer answered within the bar, and every session lives; `loadedPair` made all of them older than 3 s. What
 * the load itself stood still for is the machine's doing: everything in the guest shares one processor with it.
 */
export function assertFailover({ gap, sessions, stall }: FailoverReport): void {
  const bar = failoverBar(defaultPriority.lb2) + stall
  assert.ok(gap.tcp <= bar, `TCP gap ${gap.tcp} ms, at most ${Math.round(bar)} ms`)
  assert.ok(gap.udp <= bar, `UDP gap ${gap.udp} ms, at most ${Math.round(bar)} ms`)
  assert.equal(sessions.total, sessionCount)
  assert.equal(sessions.alive, sessions.total, `sessions lost: ${JSON.stringify(sessions.reasons)}`)
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
