import { frontAddress } from '../addresses.js'
import type { Pair } from '../director.js'
import { measureFailover, sessionsSettled, untilClientUses, untilSoleHolder } from '../failover.js'
import type { Lab } from '../lab.js'
import type { LabProcess } from '../lab-process.js'
import type { Load } from '../load/load.js'
import type { WindowReport } from '../load/report.js'
import { until } from '../wait.js'
import type { Display } from './display.js'

/** One line of the table at the end. */
export interface Row {
  readonly what: string
  /** Longest hole between answers to new TCP connections, ms. */
  readonly gap: number
  /** Requests, TCP and UDP. */
  readonly lost: number
  readonly alive: number
  readonly sessions: number
  readonly took: string
}

export interface Stage {
  readonly lab: Lab
  readonly pair: Pair
  readonly load: Load
  readonly display: Display
}

const ms = (span: number): string => `${Math.round(span).toLocaleString('en')} ms`

async function timed(wait: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await wait()
  return performance.now() - begun
}

const rowOf = (what: string, { tcp, udp, sessions }: WindowReport, took: string): Row => ({
  what,
  gap: tcp.gap,
  lost: tcp.lost + udp.lost,
  alive: sessions.alive,
  sessions: sessions.total,
  took,
})

/** Lets people see the quiet state; on the load's clock. */
const watchFor = (load: Load, span: number): Promise<WindowReport> =>
  load.until(`${span} ms have passed`, span + 10000, ({ elapsed }) => elapsed > span)

/** A real server's process is killed; the table must forget it. */
export async function serverDies({ pair, load, display }: Stage, server: LabProcess): Promise<Row> {
  const own = load.latest?.sessions.perServer.rs2 ?? 0
  display.announce(`Real server rs2 is killed; ${own} of the sessions are its own`)
  const listed = async (): Promise<boolean> =>
    (await pair.lb1.ipvsTable()).includes(`${frontAddress('rs2')}:`)
  load.mark('server-dies')
  await server.kill()
  const removed = await timed(() =>
    until('rs2 is out of the table', 15000, async () => ((await listed()) ? undefined : true)),
  )
  display.result(`out of the table after ${ms(removed)}`)
  await sessionsSettled(load)
  const row = rowOf('rs2 killed', await load.close(), `${ms(removed)} to removal`)
  display.result(`${row.lost} requests lost; ${row.alive} sessions of the other servers alive`)
  return { ...row, sessions: row.sessions - own }
}

/** It is started again; the table must take it back. */
export async function serverReturns({ lab, load, display }: Stage): Promise<Row> {
  display.announce('rs2 is started again')
  load.mark('server-returns')
  const returned = await timed(async () => {
    await lab.server('rs2')
    await load.until('rs2 answers again', 20000, ({ tcp }) => (tcp.perServer.rs2 ?? 0) > 0)
  })
  display.result(`answers again after ${ms(returned)}, its own start included`)
  load.reopen()
  await load.until('all sessions are open again', 20000, ({ sessions }) => sessions.alive === sessions.total)
  return rowOf('rs2 started again', await load.close(), `${ms(returned)} to its first answer`)
}

/** Every process of the Active is killed; its peer must take over and no session may notice. */
export async function activeDies(stage: Stage): Promise<Row> {
  const { lab, pair, load, display } = stage
  load.mark('settle')
  await watchFor(load, 3500)
  display.announce('Every process of the Active director lb1 is killed with -9')
  let activeAfter: Promise<number> | undefined
  let leaseEnded: Promise<number> | undefined
  const report = await measureFailover(lab, { ...pair, load }, 'active-dies', async () => {
    await pair.lb1.process.kill()
    activeAfter = timed(() => pair.lb2.untilState('active', 10000))
    leaseEnded = untilSoleHolder(lab, 'lb2', 8000)
    // Whoever awaits them below hears of a failure; until then it must not end the program.
    for (const wait of [activeAfter, leaseEnded]) wait.catch(() => {})
  })
  const took = ms((await activeAfter) ?? 0)
  display.result(`lb2 is Active after ${took}`)
  display.result(`lb1's kernel dropped the address, unrefreshed, after ${ms((await leaseEnded) ?? 0)}`)
  const { alive, total } = report.sessions
  display.result(`longest gap ${report.gap.tcp} ms; ${alive} of ${total} sessions alive`)
  return {
    what: 'lb1 killed -9, all of it',
    gap: report.gap.tcp,
    lost: report.lost.tcp + report.lost.udp,
    alive,
    sessions: total,
    took: `${took} to take-over`,
  }
}

/** It comes back and takes over once it holds the sessions, or stays Backup if so configured. */
export async function activeReturns({ lab, pair, load, display }: Stage): Promise<Row> {
  display.announce(
    'lb1 is started again; it has the higher priority and may take over once it holds the sessions',
  )
  load.mark('returns')
  pair.lb1.start()
  let reason = ''
  let active = false
  const back = await timed(async () => {
    await pair.lb1.until('is Active, or stays Backup', 90_000, ({ virtualRouters: [router] }) => {
      reason = router?.reason ?? ''
      active = router?.state === 'active'
      return active || (router?.state === 'backup' && router.sinceSeconds > 25)
    })
    if (active) await untilClientUses(lab, 'lb1', 5000)
  })
  display.result(active ? `lb1 is Active after ${ms(back)}: ${reason}` : `lb1 stays Backup: ${reason}`)
  const during = await load.close()
  load.mark('proof')
  await sessionsSettled(load)
  const proof = await load.close()
  const what = active ? 'lb1 returns, takes over' : 'lb1 returns, stays Backup'
  const row = rowOf(what, during, active ? `${ms(back)} from its start` : 'not to take over')
  const lost = row.lost + proof.tcp.lost + proof.udp.lost
  return {
    ...row,
    lost,
    gap: Math.max(row.gap, proof.tcp.gap),
    alive: proof.sessions.alive,
    sessions: proof.sessions.total,
  }
}
