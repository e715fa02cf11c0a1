/** What passing checks warn of, for people: servers with the same warning share a line. Pure. */
import { type CheckTarget, formatTarget } from './target.js'

export interface WarningCheck {
  readonly target: CheckTarget
  readonly warning: string | undefined
}

/** So many servers are named in one line, and so many lines are told. */
const mostNamed = 3
const mostLines = 20

/** `certificate expires on 2026-11-29, in 6 days: 10.0.0.21:443, 10.0.0.22:443`. */
export function checkWarnings(checks: Iterable<WarningCheck>): readonly string[] {
  const targets = new Map<string, Set<string>>()
  for (const { target, warning } of checks) {
    if (warning === undefined) continue
    const known = targets.get(warning)
    if (known) known.add(formatTarget(target))
    else targets.set(warning, new Set([formatTarget(target)]))
  }
  const lines = [...targets].map(([warning, all]) => `${warning}: ${named([...all])}`)
  if (lines.length <= mostLines) return lines
  return [...lines.slice(0, mostLines), `${lines.length - mostLines} more warnings of checks`]
}

function named(targets: readonly string[]): string {
  const more = targets.length - mostNamed
  const first = targets.slice(0, mostNamed).join(', ')
  return more > 0 ? `${first} and ${more} more` : first
}
