/** The table: what each program did at each size, and how it grows. */

export type Value =
  | 'start'
  | 'first apply'
  | 'reload'
  | 'reload, by command'
  | 'drift repaired'
  | 'idle CPU, % of a core'
  | 'peak RSS, MB'
  | 'PSS, MB'
  | 'failed'

export interface Line {
  readonly program: 'vipair' | 'keepalived' | 'ipvsadm -R' | '2 x node -e 0'
  readonly servers: number
  readonly what: Value
  readonly value: number
  /** Whose memory; of a failure its reason. */
  readonly process?: string
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const milliseconds = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : `${Math.round(value).toLocaleString('en')} ms`

export function report(lines: readonly Line[]): string {
  const sizes = [...new Set(lines.map(({ servers }) => servers))].sort((a, b) => a - b)
  const programs = [...new Set(lines.map(({ program }) => program))]
  const figureOf = (program: Line['program'], what: Value, servers: number): number | undefined => {
    const found = lines.filter(
      (one) => one.program === program && one.what === what && one.servers === servers,
    )
    return found.length === 0 ? undefined : median(found.map(({ value }) => value))
  }
  const rows: string[][] = [['', '', ...sizes.map((size) => size.toLocaleString('en')), 'growth']]
  for (const what of ['start', 'first apply', 'reload', 'reload, by command'] as const) {
    for (const program of programs) {
      const values = sizes.map((size) => figureOf(program, what, size))
      if (values.some((value) => value !== undefined))
        rows.push([what, program, ...values.map(milliseconds), growth(sizes, values)])
    }
  }
  const width = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  const text = rows.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(width[i] ?? 0) : cell.padStart(width[i] ?? 0))).join('  '),
  )
  const others = lines.filter(({ what }) => !/^(start|first|reload|failed)/.test(what))
  return [
    ...text,
    '',
    "start: from the program's start until every server is in the kernel; of two Node processes, one after",
    'the other and doing nothing, it is what nobody can do without. first apply: from when the ipvs process',
    'has its setting.',
    '',
    ...others.map(({ program, servers, what, value, process }) => {
      const shown = what === 'drift repaired' ? milliseconds(value) : value.toFixed(1)
      const who = process === undefined ? '' : `${process}: `
      return `${program}, ${servers.toLocaleString('en')} servers, ${who}${what} ${shown}`
    }),
    ...lines.flatMap((one) =>
      one.what === 'failed' ? [`${one.program} with ${one.servers} servers failed: ${one.process}`] : [],
    ),
  ].join('\n')
}

/** Times as much work against times as long, from the smallest to the largest size measured. */
function growth(sizes: readonly number[], values: readonly (number | undefined)[]): string {
  const known = sizes.flatMap((size, i) => (values[i] === undefined ? [] : [{ size, value: values[i] ?? 0 }]))
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined || first === last) return '-'
  return `x${(last.value / first.value).toFixed(1)} for x${last.size / first.size}`
}
