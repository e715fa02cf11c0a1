/** Events as lines of a file, and back from a file whose writer may have died at any byte. Pure. */
import { type DirectorEvent, isEventType } from '../../base/events.js'

/** A reason may end with what somebody's program said. */
const longestReason = 1_000

export interface ReadLines {
  /** In the order of generations. */
  readonly events: readonly DirectorEvent[]
  /** The last line had no end, and is no event. */
  readonly torn: boolean
  /** Other lines that are no events. */
  readonly foreign: number
}

export const eventLine = (event: DirectorEvent): string =>
  `${JSON.stringify({ ...event, reason: event.reason.slice(0, longestReason) })}\n`

export function readEventLines(text: string): ReadLines {
  const lines = text.split('\n')
  const open = lines.pop() ?? ''
  const events: DirectorEvent[] = []
  let foreign = 0
  let last = 0
  for (const line of [...lines, ...(open === '' ? [] : [open])]) {
    const event = eventOf(line)
    if (event && event.id > last) {
      events.push(event)
      last = event.id
    } else foreign++
  }
  const torn = open !== '' && !eventOf(open)
  return { events, torn, foreign: torn ? foreign - 1 : foreign }
}

function eventOf(line: string): DirectorEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id, at, type, subject, state, before, reason } = value as Readonly<Record<string, unknown>>
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || typeof at !== 'number') return undefined
  if (!(Math.abs(at) <= latestDate)) return undefined
  if (typeof type !== 'string' || !isEventType(type)) return undefined
  if (typeof subject !== 'string' || typeof state !== 'string' || typeof reason !== 'string') return undefined
  return { id, at, type, subject, state, before: typeof before === 'string' ? before : undefined, reason }
}

/** What a `Date` holds, ECMA-262 section 21.4.1.1, ms. */
const latestDate = 8.64e15
