/** What is done to a settled pair, and what is measured of it. Each leaves the pair settled again. */
import { directorNames } from '../../lab/addresses.js'
import { until } from '../../lab/wait.js'
import { answeredBy, cutInTwo, heldBy, longestGap, lost, type Span, steadySince } from './analysis.js'
import { Arena, type Cut } from './arena.js'
import { monotonic } from './monotonic.js'
import type { Pairing } from './pairing.js'
import type { CaseName } from './plan.js'
import { leaseFor } from './programs.js'

/** Times in ms. */
export type Figures = Readonly<Record<string, number>>

/** Beyond the lease. */
const watchBeyond = 3_000
/** The successor of a killed process, and whoever took over meanwhile, are done by then. */
const watchSuccessor = 3_000
const watchWoken = 4_000
const splitFor = 5_000
/** After a heal; then it counts as dark. */
const darkAfter = 10_000

/** Both programs are hit at the same moments between two advertisements. */
export function measure(
  name: CaseName,
  pairing: Pairing,
  { index, repeats }: { readonly index: number; readonly repeats: number },
): Promise<Figures> {
  const phase = (index + 0.5) / repeats
  switch (name) {
    case 'cut':
      return cutOff(pairing, phase)
    case 'stop':
      return orderlyStop(pairing, phase)
    case 'kill':
      return killed(pairing, phase)
    case 'freeze':
      return frozen(pairing, phase)
    case 'vrrp':
      return electionKilled(pairing, phase)
    case 'split':
      return splitAndHeal(pairing, index)
  }
}

async function window(pairing: Pairing, from: number): Promise<{ span: Span; figures: Figures }> {
  const { arena } = pairing
  const span = { from, to: monotonic() }
  await arena.told(span.to)
  const { requests } = arena
  const figures = {
    gapUdp: longestGap(requests, 'udp', span),
    gapTcp: longestGap(requests, 'tcp', span),
    lostUdp: lost(requests, 'udp', span),
    lostTcp: lost(requests, 'tcp', span),
    cutInTwo: cutInTwo(requests, span),
    clientStall: arena.stallIn(span),
  }
  return { span, figures }
}

/** And who held the address while it lasted. */
async function ownersWindow(pairing: Pairing, from: number): Promise<{ span: Span; figures: Figures }> {
  const { span, figures } = await window(pairing, from)
  const holds = directorNames.map((name) => pairing.arena.holds[name])
  const both = heldBy(2, holds, span)
  const bothAtEnd = heldBy(2, holds, { from: span.to - 1, to: span.to }) > 0 ? 1 : 0
  return { span, figures: { ...figures, both, bothAtEnd, nobody: heldBy(0, holds, span) } }
}

const takenOver = (pairing: Pairing): Promise<true> =>
  until('lb2 holds the address', 5_000 + 6 * pairing.interval, () =>
    pairing.arena.holds.lb2.at(-1)?.holds ? true : undefined,
  )

const rest = ({ interval }: Pairing): Promise<void> => Arena.pause(Math.max(500, 2 * interval))

async function cutOff(pairing: Pairing, phase: number): Promise<Figures> {
  await pairing.atPhase(phase)
  const from = monotonic()
  pairing.arena.cut('cable')
  await takenOver(pairing)
  await rest(pairing)
  const { figures } = await window(pairing, from)
  pairing.arena.heal('cable')
  await pairing.settle()
  return figures
}

async function orderlyStop(pairing: Pairing, phase: number): Promise<Figures> {
  await pairing.atPhase(phase)
  const from = monotonic()
  const leaving = pairing.process('lb1')
  leaving.signal('SIGTERM')
  await Promise.all([leaving.ended, takenOver(pairing)])
  const took = monotonic() - from
  await rest(pairing)
  const { figures } = await window(pairing, from)
  pairing.startOne('lb1')
  await pairing.settle()
  return { ...figures, took }
}

async function killed(pairing: Pairing, phase: number): Promise<Figures> {
  await pairing.atPhase(phase)
  const from = monotonic()
  await pairing.process('lb1').kill()
  await Arena.pause(leaseFor(pairing.interval) + watchBeyond)
  const { figures } = await ownersWindow(pairing, from)
  await pairing.arena.removeAddress('lb1')
  pairing.startOne('lb1')
  await pairing.settle()
  return figures
}

/** Only the process that elects; whoever supervises it goes on. */
async function electionKilled(pairing: Pairing, phase: number): Promise<Figures> {
  const pid = await pairing.electing('lb1')
  await pairing.atPhase(phase)
  const from = monotonic()
  process.kill(pid, 'SIGKILL')
  await Arena.pause(Math.max(watchSuccessor, 6 * pairing.interval))
  const { figures } = await ownersWindow(pairing, from)
  await pairing.settle()
  return figures
}

async function frozen(pairing: Pairing, phase: number): Promise<Figures> {
  await pairing.atPhase(phase)
  const from = monotonic()
  const victim = pairing.process('lb1')
  victim.freeze()
  await Arena.pause(leaseFor(pairing.interval) + watchBeyond)
  const asleep = await ownersWindow(pairing, from)
  const wokenAt = monotonic()
  victim.thaw()
  await Arena.pause(Math.max(watchWoken, 5 * pairing.interval))
  const awake = await ownersWindow(pairing, wokenAt)
  await pairing.settle()
  const { gapUdp, lostUdp, lostTcp, both, bothAtEnd } = awake.figures
  return {
    ...asleep.figures,
    wokenGap: gapUdp ?? 0,
    wokenLost: (lostUdp ?? 0) + (lostTcp ?? 0),
    wokenBoth: both ?? 0,
    wokenBothAtEnd: bothAtEnd ?? 0,
  }
}

/** By turns a director whose cable is silently dead, and two that do not hear each other. */
async function splitAndHeal(pairing: Pairing, index: number): Promise<Figures> {
  const { arena, interval } = pairing
  const kind: Cut = index % 2 === 0 ? 'silent' : 'between'
  arena.cut(kind)
  await arena.forgetNeighbours()
  // Longer than vipair's announcements after the last change, which would hide a missing one; and the heal
  // comes at another moment between two advertisements each time, the same for both programs.
  await Promise.all([takenOver(pairing), Arena.pause(splitFor + ((index * 0.618) % 1) * interval)])
  arena.forget()
  const healedAt = monotonic()
  arena.heal(kind)
  const served = await until('served', darkAfter, () => serviceBack(pairing, healedAt)).catch(() => undefined)
  const span = { from: healedAt, to: monotonic() }
  const holds = directorNames.map((name) => arena.holds[name])
  const both = heldBy(2, holds, span)
  const by = answeredBy(arena.requests, { from: span.to - 200, to: span.to })
  const clientStall = arena.stallIn(span)
  const arenaRequests = arena.requests
  if (served === undefined) await arena.topology.run('client', ['ip', 'neighbour', 'flush', 'dev', 'eth0'])
  await pairing.settle()
  return {
    isolated: kind === 'between' ? 1 : 0,
    dark: served === undefined ? 1 : 0,
    service: served === undefined ? darkAfter : served - healedAt,
    lostUdp: lost(arenaRequests, 'udp', span),
    both,
    clientStall,
    byBoth: Object.keys(by).length > 1 ? 1 : 0,
  }
}

/** The moment from which everything was answered, once that has lasted and the election must be over. */
function serviceBack(pairing: Pairing, healedAt: number): number | undefined {
  const now = monotonic()
  const lasts = Math.max(600, 4 * pairing.interval)
  // What is younger may still be answered.
  const since = steadySince(pairing.arena.requests, { from: healedAt, to: now - 300 })
  return since !== undefined && now - since >= lasts ? since : undefined
}
