/** The table: what both programs did, row by row, and the ratio of their medians. */
import { type Summary, summary } from './analysis.js'
import type { Figures } from './cases.js'
import type { ProgramName } from './programs.js'

export type CaseName = 'cut' | 'stop' | 'kill' | 'freeze' | 'split'

export interface Measurement {
  readonly program: ProgramName
  readonly interval: number
  readonly case: CaseName
  /** Load average of one minute when it began. */
  readonly load: number
  readonly figures?: Figures
  readonly failure?: string
}

interface Row {
  readonly case: CaseName
  readonly title: string
  readonly unit: 'ms' | 'requests' | 'times'
  readonly value: (figures: Figures) => number
}

const of =
  (...names: readonly string[]) =>
  (figures: Figures): number =>
    names.reduce((sum, name) => sum + (figures[name] ?? 0), 0)

const rows: readonly Row[] = [
  { case: 'cut', title: 'node cut off: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'cut', title: 'node cut off: gap, TCP', unit: 'ms', value: of('gapTcp') },
  { case: 'stop', title: 'orderly stop: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'stop', title: 'orderly stop: lost', unit: 'requests', value: of('lostUdp', 'lostTcp') },
  { case: 'kill', title: 'killed: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'kill', title: 'killed: two owners for', unit: 'ms', value: of('both') },
  { case: 'kill', title: 'killed: two owners at the end', unit: 'times', value: of('bothAtEnd') },
  { case: 'freeze', title: 'frozen: gap', unit: 'ms', value: of('gapUdp') },
  { case: 'freeze', title: 'frozen: two owners for', unit: 'ms', value: of('both') },
  { case: 'freeze', title: 'frozen: two owners at the end', unit: 'times', value: of('bothAtEnd') },
  { case: 'freeze', title: 'woken: two owners for', unit: 'ms', value: of('wokenBoth') },
  { case: 'freeze', title: 'woken: lost', unit: 'requests', value: of('wokenLost') },
  { case: 'split', title: 'split and healed: dark', unit: 'times', value: of('dark') },
  { case: 'split', title: 'split and healed: until served', unit: 'ms', value: of('service') },
]

const columns = [34, 9, 30, 30, 7] as const

export function table(measurements: readonly Measurement[], intervals: readonly number[]): string {
  const lines = [format(['', 'interval', 'keepalived', 'vipair', 'ratio'])]
  for (const row of rows) {
    for (const interval of intervals) {
      const values = (program: ProgramName): number[] =>
        measurements
          .filter((one) => one.program === program && one.interval === interval && one.case === row.case)
          .flatMap(({ figures }) => (figures ? [row.value(figures)] : []))
      const [theirs, ours] = [values('keepalived'), values('vipair')]
      if (theirs.length + ours.length === 0) continue
      lines.push(
        format([row.title, `${interval} ms`, cell(row, theirs), cell(row, ours), ratio(row, theirs, ours)]),
      )
    }
  }
  const failures = measurements.filter(({ failure }) => failure !== undefined)
  for (const { program, interval, case: name, failure } of failures)
    lines.push(`not measured: ${program} ${name} at ${interval} ms: ${failure}`)
  return lines.join('\n')
}

const format = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => (i === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[i] ?? 0)))
    .join('')
    .trimEnd()

function cell({ unit }: Row, values: readonly number[]): string {
  if (unit === 'times') return `${values.reduce((sum, value) => sum + value, 0)} of ${values.length}`
  const found = summary(values)
  return found ? `${shown(found.median, unit)} [${range(found, unit)}]` : '-'
}

const range = ({ min, max }: Summary, unit: Row['unit']): string => `${shown(min, unit)}–${shown(max, unit)}`

const shown = (value: number, unit: Row['unit']): string =>
  unit === 'ms' && value < 100 ? value.toFixed(1) : String(Math.round(value))

function ratio({ unit }: Row, theirs: readonly number[], ours: readonly number[]): string {
  const [their, our] = [summary(theirs), summary(ours)]
  if (unit !== 'ms' || !their || !our || their.median === 0) return ''
  return (our.median / their.median).toFixed(2)
}
