/**
 * What a hook has yet to be told: of each subject the latest event only, in the order of generations. Pure.
 */
import { type DirectorEvent, eventKey } from '../base/events.js'

export interface Pending {
  readonly event: DirectorEvent
  /** Earlier events of the same subject that are not told any more. */
  readonly superseded: number
}

/** Subjects are those of the file: past this the oldest go, so that nothing grows without bound. */
export const mostPending = 65_536

export class EventQueue {
  /** By event key, oldest first: what comes anew goes to the end. */
  private readonly pending = new Map<string, Pending>()
  /** Thrown away because there were too many. */
  lost = 0

  get size(): number {
    return this.pending.size
  }

  /** What is to be told next. */
  get first(): Pending | undefined {
    return this.pending.values().next().value
  }

  add(event: DirectorEvent): void {
    const key = eventKey(event)
    const before = this.pending.get(key)
    // It may be told again what it knows.
    if (before && before.event.id >= event.id) return
    this.pending.delete(key)
    this.pending.set(key, { event, superseded: before ? before.superseded + 1 : 0 })
    const oldest = this.first
    if (this.pending.size <= mostPending || !oldest) return
    this.pending.delete(eventKey(oldest.event))
    this.lost++
  }

  /** It was told, or is not told any more. One that superseded it meanwhile stays. */
  remove({ event }: Pending): void {
    const key = eventKey(event)
    if (this.pending.get(key)?.event === event) this.pending.delete(key)
  }
}
