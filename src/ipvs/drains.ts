/**
 * Destinations on their way out: no new connections, and gone once the old ones have ended or the time is
 * up. Pure but for what it remembers.
 */
import { after, type Millis, millis } from '../base/units.js'
import type { Destination, ObservedDestination, ObservedTable, ServiceEntry } from './model.js'

/** Between two looks at the connections. */
const lookInterval = millis(1000)

export interface Drain {
  /** Name of the virtual service. */
  readonly service: string
  /** Of the kernel's: `serviceId` and `destinationId`. */
  readonly id: string
  readonly destination: string
  /** Why: the file has lost it, or the operator said so and it stays out. */
  readonly by: 'file' | 'operator'
  readonly since: Millis
  readonly deadline: Millis
}

interface Progress extends Drain {
  /** At the last look with weight 0: only then can there be no others. Undefined: not looked yet. */
  connections: number | undefined
  /** The count at which the last line was told. */
  told: number
  nextLook: Millis
}

export class Drains {
  /** By service id, then by destination id. */
  private readonly drains = new Map<string, Map<string, Progress>>()

  /** One that is under way goes on as it is. */
  begin(drain: Drain, now: Millis): void {
    const known = this.drains.get(drain.id) ?? new Map<string, Progress>()
    this.drains.set(drain.id, known)
    const there = known.get(drain.destination)
    if (there !== undefined && there.by === drain.by) return
    known.set(drain.destination, {
      ...drain,
      connections: undefined,
      told: Number.POSITIVE_INFINITY,
      nextLook: now,
    })
  }

  end(id: string, destination: string): void {
    const known = this.drains.get(id)
    if (known?.delete(destination) && known.size === 0) this.drains.delete(id)
  }

  of(id: string, destination: string): Drain | undefined {
    return this.drains.get(id)?.get(destination)
  }

  ofService(id: string): readonly Drain[] {
    return [...(this.drains.get(id)?.values() ?? [])]
  }

  /** Services with some. */
  get size(): number {
    return this.drains.size
  }

  all(): readonly Drain[] {
    return [...this.drains.values()].flatMap((known) => [...known.values()])
  }

  /** Those that are not under way in `before`, and have time. */
  since(before: Drains, now: Millis): readonly Drain[] {
    return this.all().filter((one) => {
      const known = before.of(one.id, one.destination)
      return known?.by !== one.by && this.stays(one.id, one.destination, now)
    })
  }

  copy(): Drains {
    const copy = new Drains()
    for (const [id, known] of this.drains)
      copy.drains.set(id, new Map([...known].map(([name, drain]) => [name, { ...drain }])))
    return copy
  }

  /** Whether it is to stay, quiesced: never false while it is known to have connections and there is time. */
  stays(id: string, destination: string, now: Millis): boolean {
    const drain = this.drains.get(id)?.get(destination)
    return drain !== undefined && now < drain.deadline && drain.connections !== 0
  }

  /** Those of a service that the file has lost and that stay, as they are but without weight. */
  leftovers(id: string, actual: ServiceEntry | undefined, now: Millis): readonly Destination[] {
    return [...(this.drains.get(id)?.values() ?? [])].flatMap(({ by, destination }) => {
      const there = actual?.destinations.get(destination)
      if (by !== 'file' || there === undefined || !this.stays(id, destination, now)) return []
      return [{ ...there, weight: 0 }]
    })
  }

  /**
   * Takes what has just been read of these services, and answers a line for each that has come on. Those of
   * the file's that are gone from the kernel are over; an operator's stand.
   */
  observe(table: ObservedTable, now: Millis, ids?: Iterable<string>): readonly string[] {
    const lines: string[] = []
    for (const id of ids ?? [...this.drains.keys()])
      for (const drain of [...(this.drains.get(id)?.values() ?? [])]) {
        const there = table.services.get(id)?.destinations.get(drain.destination)
        const line = this.look(drain, there, now)
        if (line !== undefined) lines.push(line)
      }
    return lines
  }

  private look(drain: Progress, there: ObservedDestination | undefined, now: Millis): string | undefined {
    const { id, destination, service } = drain
    const took = `${((now - drain.since) / 1000).toFixed(1)} s`
    drain.nextLook = lookAfter(now, drain)
    if (there === undefined) {
      if (drain.by === 'file') this.end(id, destination)
      drain.connections = 0
      return undefined
    }
    const connections = there.activeConnections + there.inactiveConnections
    // While it had weight, more may have come since it was read.
    drain.connections = there.weight === 0 ? connections : undefined
    if (now >= drain.deadline)
      return `${service}: ${destination} goes with ${connections} connections, which did not end within ${took}`
    if (there.weight === 0 && connections === 0) return `${service}: ${destination} is drained, after ${took}`
    if (connections > drain.told / 2) return undefined
    drain.told = connections
    const left = Math.ceil((drain.deadline - now) / 1000)
    return `${service}: ${destination} drains: ${connections} connections, ${left} s left`
  }

  /** It is there, and being watched. */
  isUnderWay(id: string, destination: string): boolean {
    const drain = this.drains.get(id)?.get(destination)
    return drain !== undefined && momentOf(drain) !== undefined
  }

  /** Service ids to look at by now, at most so many; not again for a while, whatever comes of it. */
  due(now: Millis, most: number): readonly string[] {
    const ids: string[] = []
    for (const [id, known] of this.drains) {
      if (ids.length === most) break
      const due = [...known.values()].filter((drain) => (momentOf(drain) ?? Number.POSITIVE_INFINITY) <= now)
      for (const drain of due) drain.nextLook = lookAfter(now, drain)
      if (due.length > 0) ids.push(id)
    }
    return ids
  }

  nextDue(): Millis | undefined {
    let next: Millis | undefined
    for (const known of this.drains.values())
      for (const drain of known.values()) {
        const moment = momentOf(drain)
        if (moment !== undefined && (next === undefined || moment < next)) next = moment
      }
    return next
  }
}

function lookAfter(now: Millis, { deadline }: Drain): Millis {
  const next = after(now, lookInterval)
  return now < deadline && deadline < next ? deadline : next
}

/** An operator's that is out needs no look any more. */
const momentOf = ({ by, connections, nextLook }: Progress): Millis | undefined =>
  by === 'operator' && connections === 0 ? undefined : nextLook
