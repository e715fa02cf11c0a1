/** The table: what both programs did, row by row, the ratio of their medians, and whether the bar is met. */
import { type Summary, summary } from './analysis.js'
import { figuresOf, type Measurement, type Row, rows, verdict } from './rows.js'

const columns = [34, 12, 30, 30, 8, 7, 7] as const

export interface ReportText {
  readonly text: string
  /** No bar is missed, nothing went unmeasured. */
  readonly allMet: boolean
}

export function report(measurements: readonly Measurement[], intervals: readonly number[]): ReportText {
  const lines = [
    'median [least–most] of each; load: the highest load average (1 min) meanwhile; stall: the client’s own longest',
    format(['', 'interval', 'keepalived', 'vipair', 'ratio', 'load', 'stall'], 'bar for vipair'),
  ]
  let missed = 0
  for (const row of rows) {
    for (const interval of intervals) {
      const [theirs, ours] = [
        figuresOf(measurements, 'keepalived', interval, row),
        figuresOf(measurements, 'vipair', interval, row),
      ]
      if (theirs.length + ours.length === 0) continue
      const bar = row.bar?.(interval)
      const met = verdict(bar, theirs, ours)
      if (met === false) missed++
      const words = bar && `${bar.text}: ${met === undefined ? 'not told' : met ? 'met' : 'NOT MET'}`
      const same = measurements.filter((one) => one.interval === interval && one.case === row.case)
      lines.push(
        format(
          [
            row.title,
            `${interval} ms`,
            cell(row, theirs),
            cell(row, ours),
            ratio(row, theirs, ours),
            Math.max(...same.map(({ load }) => load)).toFixed(1),
            Math.max(...same.map(({ figures }) => figures?.clientStall ?? 0)).toFixed(0),
          ],
          words,
        ),
      )
    }
  }
  const defaults = defaultFiles(measurements)
  if (defaults) {
    lines.push(defaults.text)
    if (!defaults.met) missed++
  }
  const failures = measurements.filter(({ failure }) => failure !== undefined)
  for (const { program, interval, case: name, failure } of failures)
    lines.push(`not measured: ${program} ${name} at ${interval} ms: ${failure}`)
  lines.push(missed === 0 ? 'every bar is met' : `${missed} bars are not met`)
  return { text: lines.join('\n'), allMet: missed + failures.length === 0 }
}

const byDefault = { keepalived: 1000, vipair: 100 } as const

/** Each at its own default interval. */
function defaultFiles(measurements: readonly Measurement[]): { text: string; met: boolean } | undefined {
  const row = rows.find(({ case: name }) => name === 'cut')
  if (!row) return undefined
  const theirs = figuresOf(measurements, 'keepalived', byDefault.keepalived, row)
  const ours = figuresOf(measurements, 'vipair', byDefault.vipair, row)
  const [their, our] = [summary(theirs), summary(ours)]
  if (!their || !our) return undefined
  const met = our.median * 10 <= their.median
  const cells = [row.title, 'defaults', cell(row, theirs), cell(row, ours), ratio(row, theirs, ours), '', '']
  return { text: format(cells, `ten times faster: ${met ? 'met' : 'NOT MET'}`), met }
}

const format = (cells: readonly string[], last = ''): string =>
  `${cells
    .map((cell, i) => (i === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[i] ?? 0)))
    .join('')}  ${last}`.trimEnd()

function cell({ unit }: Row, values: readonly number[]): string {
  if (unit === 'times' && values.length > 0)
    return `${values.reduce((sum, value) => sum + value, 0)} of ${values.length}`
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
