/**
 * Runs inside a network namespace, or a guest, of its own: one checker after the other against the same
 * servers. Prints one JSON object a line.
 */
import { parseArgs } from 'node:util'
import { type Checker, type Kind, type Load, startKeepalived, startVipair } from './checker.js'
import type { Line } from './report.js'
import { type Scene, startScene } from './scene.js'

const { values } = parseArgs({
  options: {
    /** Checks a second. */
    rates: { type: 'string', default: '3000' },
    seconds: { type: 'string', default: '10' },
    keepalived: { type: 'boolean', default: false },
    /** Servers each 10 s; 0: without that part. */
    many: { type: 'string', default: '0' },
    /** Rounds in which every server is replaced. */
    churn: { type: 'string', default: '0' },
  },
})
const seconds = Number(values.seconds)
const tell = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const pause = (span: number) => new Promise((resolve) => setTimeout(resolve, span))

interface Measured {
  readonly checks: number
  readonly wall: number
  readonly cpu: number
}

/** What the servers saw, and what it cost the checker. */
async function measure(scene: Scene, checker: Checker, load: Load, span: number): Promise<Measured> {
  const [before, cpu, since] = [await scene.counters(), checker.cpu(), performance.now()]
  await pause(span * 1000)
  const [after, used, wall] = [await scene.counters(), checker.cpu() - cpu, performance.now() - since]
  // The page of counters is read by a request of its own, on a connection that is kept.
  const checks = load.kind === 'tcp' ? after.accepted - before.accepted : after.requests - before.requests - 1
  return { checks, wall: wall / 1000, cpu: used }
}

async function throughput(scene: Scene, program: Line['program'], kind: Kind, rate: number): Promise<void> {
  const load: Load = { kind, servers: Math.max(100, Math.round(rate / 100) * 100), interval: 1 }
  const checker = program === 'vipair' ? startVipair(load) : startKeepalived(load, scene.folder)
  try {
    // Until each has had its first checks, and the compiler its fill.
    await pause(5_000)
    const { checks, wall, cpu } = await measure(scene, checker, load, seconds)
    tell({ program, kind, rate, what: 'checks a CPU-second', value: checks / cpu })
    tell({ program, kind, rate, what: 'checks a second', value: checks / wall })
    const { failed, inconclusive } = checker.status() ?? { failed: 0, inconclusive: 0 }
    if (failed + inconclusive > 0)
      tell({ program, kind, rate, what: 'checks not passed', value: failed + inconclusive })
  } finally {
    await checker.stop()
  }
}

/** Of what came since `before`: the share of the counts at most this many milliseconds. */
function quantile(
  before: readonly number[],
  now: readonly number[],
  bounds: readonly number[],
  share: number,
): number {
  const counts = now.map((count, i) => count - (before[i] ?? 0))
  const wanted = counts.reduce((a, b) => a + b, 0) * share
  let sum = 0
  for (const [i, count] of counts.entries()) {
    sum += count
    if (sum >= wanted) return bounds[i] ?? Number.POSITIVE_INFINITY
  }
  return Number.NaN
}

async function many(scene: Scene, servers: number, rounds: number): Promise<void> {
  const load: Load = { kind: 'tcp', servers, interval: 10 }
  const checker = startVipair(load)
  const rate = servers / 10
  const note = (what: Line['what'], value: number): void =>
    tell({ program: 'vipair', kind: 'tcp', rate, what, value })
  try {
    await pause(15_000)
    const first = checker.status()
    const { checks, cpu } = await measure(scene, checker, load, 30)
    const last = checker.status()
    note('checks a CPU-second', checks / cpu)
    if (first && last) {
      const { counts, bounds } = last.lateness
      note('missed slots', last.missedSlots - first.missedSlots)
      note('latest start, ms', last.maxLateness)
      note('99.9 % of the starts within, ms', quantile(first.lateness.counts, counts, bounds, 0.999))
      note('checks not passed', last.failed + last.inconclusive)
    }
    note('RSS, MB', checker.memory().rss)
    note('PSS, MB', checker.memory().pss)
    for (let round = 1; round <= rounds; round++) {
      checker.replace(load, (round % 2) * servers)
      await pause(3_000)
      note(`PSS after ${round} rounds of churn, MB`, checker.memory().pss)
    }
  } finally {
    await checker.stop()
  }
}

const scene = await startScene()
try {
  const programs: Line['program'][] = values.keepalived ? ['keepalived', 'vipair'] : ['vipair']
  for (const rate of values.rates.split(',').map(Number)) {
    for (const kind of ['tcp', 'http'] as const)
      for (const program of programs) await throughput(scene, program, kind, rate)
  }
  const least = Math.min(...values.rates.split(',').map(Number))
  await throughput(scene, 'vipair', 'http by got', Math.min(least, 1_000))
  if (Number(values.many) > 0) await many(scene, Number(values.many), Number(values.churn))
} finally {
  await scene.stop()
}
