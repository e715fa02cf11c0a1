/** What can be seen of a running director from outside. */
import { readFileSync } from 'node:fs'
import { processTree } from '../../lab/process-tree.js'
import { until } from '../../lab/wait.js'
import type { DirectorStatus, VirtualRouterStatus } from '../../src/base/status.js'
import type { CabledDirector } from './cabled-directors.js'

export interface Observation {
  /** Milliseconds of the monotonic clock. */
  readonly at: number
  readonly router: VirtualRouterStatus
  /** Everything thrown away, by reason. */
  readonly discarded: ReadonlyMap<string, number>
  /** What the kernel could not queue for the director's sockets. */
  readonly dropped: number
  /** The daemon and its children. */
  readonly pids: readonly number[]
  /** Of the vrrp process: resident MB, and seconds of processor time. */
  readonly memory: number
  readonly processorTime: number
  readonly logLines: number
  readonly roleChanges: number
}

export async function observe(director: CabledDirector): Promise<Observation> {
  const status = await freshStatus(director)
  const pids = processTree(director.pid)
  const [, vrrp = 0] = pids
  const lines = director.log()
  return {
    at: performance.now(),
    router: routerOf(status),
    discarded: discardedOf(status),
    dropped: sum(['udp', 'raw'].flatMap((table) => dropsOf(`/proc/${vrrp}/net/${table}`))),
    pids,
    memory: Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${vrrp}/status`, 'latin1'))?.[1]) / 1024,
    processorTime: processorTimeOf(vrrp),
    logLines: lines.length,
    roleChanges: lines.filter((line) => / front: \w+ -> \w+, /.test(line)).length,
  }
}

export const sum = (numbers: Iterable<number>): number =>
  [...numbers].reduce((total, number) => total + number, 0)

export function routerOf({ virtualRouters: [router] }: DirectorStatus): VirtualRouterStatus {
  if (!router) throw new Error('no virtual router in the status')
  return router
}

/** The vrrp process reports each second: the second report from now on has seen all that arrived until now. */
function freshStatus(director: CabledDirector): Promise<DirectorStatus> {
  const reports = new Set<number>()
  return until(`${director.name} reports`, 10_000, async () => {
    const status = await director.status()
    if (!status) return undefined
    const { sent, received } = routerOf(status).advertisements
    return reports.add(sent + received).size > 2 ? status : undefined
  })
}

function discardedOf(status: DirectorStatus): ReadonlyMap<string, number> {
  const total = new Map<string, number>()
  const { discarded: ofRouter } = routerOf(status).advertisements
  for (const counts of [status.peer?.discarded ?? {}, status.advertisements.discarded, ofRouter])
    for (const [reason, count] of Object.entries(counts)) total.set(reason, (total.get(reason) ?? 0) + count)
  return total
}

/** The last column of proc(5)'s tables of sockets. */
function dropsOf(table: string): number[] {
  const [, ...sockets] = readFileSync(table, 'latin1').trim().split('\n')
  return sockets.map((socket) => Number(socket.trim().split(/\s+/).at(-1)))
}

/** proc(5), stat: fields 14 and 15, in the usual 100 ticks a second. */
function processorTimeOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fromState = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fromState[11]) + Number(fromState[12])) / 100
}
