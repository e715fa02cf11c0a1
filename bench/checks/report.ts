/** What each checker did, side by side. */
export interface Line {
  readonly program: 'vipair' | 'keepalived'
  readonly kind: string
  /** Checks a second that were asked for. */
  readonly rate: number
  readonly what: string
  readonly value: number
}

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)

export function report(lines: readonly Line[]): string {
  const groups = new Map<string, Line[]>()
  for (const line of lines) {
    const name = `${line.what}, ${line.kind} at ${line.rate.toLocaleString('en')}/s`
    groups.set(name, [...(groups.get(name) ?? []), line])
  }
  return [...groups]
    .map(([name, group]) => {
      const of = (program: Line['program']) => group.find((line) => line.program === program)?.value
      const [ours, theirs] = [of('vipair'), of('keepalived')]
      const cells = group.map(({ program, value }) => `${program} ${digits(value)}`).join('  ')
      const ratio = ours === undefined || theirs === undefined ? '' : `  (x${(ours / theirs).toFixed(2)})`
      return `${name.padEnd(56)}${cells}${ratio}`
    })
    .join('\n')
}
