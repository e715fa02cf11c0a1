/** Figures from what the client and the responders said. Windows are [from, to) of `monotonic()`, in ms. */
import type { HoldLine, Kind, Request } from './lines.js'

export interface Span {
  readonly from: number
  readonly to: number
}

/** Longest hole between answers that ended in the window, or is still open at its end. */
export function longestGap(requests: readonly Request[], kind: Kind, { from, to }: Span): number {
  const answers = requests
    .filter((request) => request.kind === kind && request.answeredAt !== undefined)
    .map(({ answeredAt = 0 }) => answeredAt)
    .filter((at) => at < to)
    .sort((a, b) => a - b)
  let last = answers[0] ?? from
  let gap = 0
  for (const at of [...answers, to]) {
    if (at >= from) gap = Math.max(gap, at - last)
    last = at
  }
  return gap
}

/** Sent in the window and not answered in time, but for those that were reset. */
export const lost = (requests: readonly Request[], kind: Kind, span: Span): number =>
  unanswered(requests, kind, span).filter(({ reset }) => reset !== true).length

/**
 * Connections that began before the move and went on after it. The service here ends on the directors
 * themselves, and nothing mirrors its sessions: a connection under way cannot survive, whoever moves it.
 */
export const cutInTwo = (requests: readonly Request[], span: Span): number =>
  unanswered(requests, 'tcp', span).filter(({ reset }) => reset === true).length

const unanswered = (requests: readonly Request[], kind: Kind, { from, to }: Span): readonly Request[] =>
  requests.filter(
    (one) => one.kind === kind && one.answeredAt === undefined && one.sentAt >= from && one.sentAt < to,
  )

/** Answers in the window, by who gave them. */
export function answeredBy(requests: readonly Request[], { from, to }: Span): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { answeredAt, by } of requests)
    if (answeredAt !== undefined && by !== undefined && answeredAt >= from && answeredAt < to)
      counts[by] = (counts[by] ?? 0) + 1
  return counts
}

/** Milliseconds of the window for which exactly `wanted` directors held the address. */
export function heldBy(
  wanted: number,
  holders: readonly (readonly HoldLine[])[],
  { from, to }: Span,
): number {
  const moments = holders.flatMap((lines) => lines.map(({ at }) => at)).filter((at) => at > from && at < to)
  const edges = [from, ...moments.sort((a, b) => a - b), to]
  let total = 0
  for (let i = 0; i + 1 < edges.length; i++) {
    const start = edges[i] ?? from
    if (holders.filter((lines) => holdsAt(lines, start)).length === wanted)
      total += (edges[i + 1] ?? to) - start
  }
  return total
}

export const holdsAt = (lines: readonly HoldLine[], moment: number): boolean =>
  lines.findLast(({ at }) => at <= moment)?.holds ?? false

/** The moment in the window from which every UDP request was answered; undefined: the last ones were not. */
export function steadySince(requests: readonly Request[], { from, to }: Span): number | undefined {
  const sent = requests
    .filter(({ kind, sentAt }) => kind === 'udp' && sentAt >= from && sentAt < to)
    .sort((a, b) => a.sentAt - b.sentAt)
  const lastLost = sent.findLastIndex(({ answeredAt }) => answeredAt === undefined)
  return sent[lastLost + 1]?.sentAt
}

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function summary(values: readonly number[]): Summary | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) return undefined
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
  return { median, min: sorted[0] ?? upper, max: sorted.at(-1) ?? upper }
}
