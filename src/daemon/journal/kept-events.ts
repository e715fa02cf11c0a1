/** The latest events, so many of each type: a flood of one type pushes out no other. Pure. */
import { type DirectorEvent, type EventType, eventTypes } from '../../base/events.js'

/** A few megabytes in all, when every type is full. */
const mostOfType = 4_000

export interface EventQuery {
  /** Only what has a greater generation. */
  readonly since?: number | undefined
  /** Empty: all types. */
  readonly types?: readonly EventType[]
  /** So many at most, the newest. */
  readonly last?: number | undefined
}

export class KeptEvents {
  /** By generation. */
  private events: DirectorEvent[] = []
  private readonly counts = new Map<EventType, number>()

  constructor(private readonly most = mostOfType) {}

  /** In the order of generations. Every type may have a quarter more than its share, so that few calls are slow. */
  add(event: DirectorEvent): void {
    this.events.push(event)
    const count = (this.counts.get(event.type) ?? 0) + 1
    this.counts.set(event.type, count)
    if (count > this.most * 1.25) this.trim()
  }

  get all(): readonly DirectorEvent[] {
    return this.events
  }

  get newest(): DirectorEvent | undefined {
    return this.events.at(-1)
  }

  latest(type: EventType): DirectorEvent | undefined {
    return this.events.findLast((event) => event.type === type)
  }

  select({ since = 0, types = [], last }: EventQuery): readonly DirectorEvent[] {
    const found = this.events.filter(
      ({ id, type }) => id > since && (types.length === 0 || types.includes(type)),
    )
    return last === undefined ? found : found.slice(Math.max(0, found.length - last))
  }

  private trim(): void {
    const excess = new Map<EventType, number>()
    for (const [type, count] of this.counts) excess.set(type, count - this.most)
    this.events = this.events.filter(({ type }) => {
      const over = excess.get(type) ?? 0
      if (over > 0) excess.set(type, over - 1)
      return over <= 0
    })
    for (const type of Object.keys(eventTypes) as EventType[])
      this.counts.set(type, Math.min(this.most, this.counts.get(type) ?? 0))
  }
}
