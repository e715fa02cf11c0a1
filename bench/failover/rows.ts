/** The rows of the table: what is shown of each case, and what vipair is held to. */
import { type Summary, summary } from './analysis.js'
import type { Figures } from './cases.js'
import type { CaseName } from './plan.js'
import { leaseFor, type ProgramName } from './programs.js'

export interface Measurement {
  readonly program: ProgramName
  readonly interval: number
  readonly case: CaseName
  /** Load average of one minute when it began. */
  readonly load: number
  readonly figures?: Figures
  readonly failure?: string
  /** Does not count, and was done again. */
  readonly disturbed: boolean
}

export interface Bar {
  readonly text: string
  /** Undefined: cannot be told, for one side was not measured. */
  met(ours: Summary, theirs: Summary | undefined): boolean | undefined
}

export interface Row {
  readonly case: CaseName
  readonly title: string
  readonly unit: 'ms' | 'requests' | 'times'
  readonly value: (figures: Figures) => number
  readonly bar?: (interval: number) => Bar
}

const of =
  (...names: readonly string[]) =>
  (figures: Figures): number =>
    names.reduce((sum, name) => sum + (figures[name] ?? 0), 0)

/** Of medians. `step`: of the client, below which it sees no difference, ms. */
const noSlower = (step: number) => (): Bar => ({
  text: 'ratio <= 1.05',
  met: (ours, theirs) =>
    theirs && (ours.median <= theirs.median * 1.05 || ours.median - theirs.median <= step),
})
const atMost = (limit: number, unit = ' ms'): Bar => ({
  text: limit === 0 ? 'none' : `<= ${limit}${unit}`,
  met: ({ max }) => max <= limit,
})
/** A single hole of this size is soon the machine's own: the median is held to it. */
const usually = (limit: number) => (): Bar => ({
  text: `median <= ${limit} ms`,
  met: ({ median }) => median <= limit,
})
const always = (limit: number) => () => atMost(limit)
const none = () => atMost(0)
/** What of a lease has run when it is claimed, and when its end is seen. */
const leaseSlack = 250
const withinLease = (interval: number): Bar => ({
  ...atMost(leaseFor(interval) + leaseSlack),
  text: `<= the lease of ${leaseFor(interval) / 1000} s`,
})
/** One side hears the other and releases; and it is looked at each 5 ms. */
const exchange = 20
const soonAfterHeal = (interval: number) => atMost(interval + 100)

export const rows: readonly Row[] = [
  { case: 'cut', title: 'node cut off: gap', unit: 'ms', value: of('gapUdp'), bar: noSlower(2) },
  { case: 'cut', title: 'node cut off: gap, TCP', unit: 'ms', value: of('gapTcp'), bar: noSlower(5) },
  { case: 'stop', title: 'orderly stop: gap', unit: 'ms', value: of('gapUdp'), bar: usually(5) },
  { case: 'stop', title: 'orderly stop: gap, TCP', unit: 'ms', value: of('gapTcp') },
  {
    case: 'stop',
    title: 'orderly stop: lost',
    unit: 'requests',
    value: of('lostUdp', 'lostTcp'),
    bar: none,
  },
  { case: 'stop', title: 'orderly stop: reset while open', unit: 'requests', value: of('cutInTwo') },
  { case: 'kill', title: 'killed: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'kill', title: 'killed: two owners for', unit: 'ms', value: of('both'), bar: withinLease },
  { case: 'kill', title: 'killed: two at the end', unit: 'times', value: of('bothAtEnd'), bar: none },
  { case: 'freeze', title: 'frozen: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'freeze', title: 'frozen: two owners for', unit: 'ms', value: of('both'), bar: withinLease },
  { case: 'freeze', title: 'frozen: two at the end', unit: 'times', value: of('bothAtEnd'), bar: none },
  {
    case: 'freeze',
    title: 'woken: two owners for',
    unit: 'ms',
    value: of('wokenBoth'),
    bar: always(exchange),
  },
  { case: 'freeze', title: 'woken: lost', unit: 'requests', value: of('wokenLost') },
  { case: 'vrrp', title: 'VRRP process killed: gap', unit: 'ms', value: of('gapUdp'), bar: always(100) },
  { case: 'vrrp', title: 'VRRP process killed: lost', unit: 'requests', value: of('lostUdp', 'lostTcp') },
  {
    case: 'vrrp',
    title: 'VRRP process killed: two owners',
    unit: 'ms',
    value: of('both'),
    bar: withinLease,
  },
  { case: 'split', title: 'split and healed: dark', unit: 'times', value: of('dark'), bar: none },
  {
    case: 'split',
    title: 'split and healed: until served',
    unit: 'ms',
    value: of('service'),
    bar: soonAfterHeal,
  },
  {
    case: 'split',
    title: 'split and healed: two owners for',
    unit: 'ms',
    value: of('both'),
    bar: soonAfterHeal,
  },
]

/** Of what was measured, in the row's unit. */
export const figuresOf = (
  measurements: readonly Measurement[],
  program: ProgramName,
  interval: number,
  row: Row,
): readonly number[] =>
  measurements
    .filter((one) => one.program === program && one.interval === interval && one.case === row.case)
    .flatMap(({ figures }) => (figures ? [row.value(figures)] : []))

export const verdict = (
  bar: Bar | undefined,
  theirs: readonly number[],
  ours: readonly number[],
): boolean | undefined => {
  const own = summary(ours)
  return bar && own && bar.met(own, summary(theirs))
}
