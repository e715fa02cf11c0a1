/** What happens on a director, as people and their programs hear of it. */

/**
 * What an event can be about. `lasting`: it tells a state, which is so until the next event of the same type and
 * subject; the others are over as they are told.
 */
export const eventTypes = {
  'director.state': { lasting: true, states: ['running', 'leaving'] },
  'router.role': { lasting: true, states: ['initialize', 'backup', 'active', 'fault', 'maintenance'] },
  'router.handover': { lasting: false, states: ['done', 'refused'] },
  'server.health': { lasting: true, states: ['healthy', 'unhealthy'] },
  'server.held': { lasting: true, states: ['held', 'released'] },
  'service.health': { lasting: true, states: ['healthy', 'unhealthy', 'panic'] },
  'peer.link': { lasting: true, states: ['reachable', 'unreachable'] },
  'table.drift': { lasting: false, states: ['repaired'] },
  'config.reload': { lasting: false, states: ['applied', 'refused'] },
} as const satisfies Readonly<Record<string, { lasting: boolean; states: readonly string[] }>>

export type EventType = keyof typeof eventTypes
export type EventState<T extends EventType> = (typeof eventTypes)[T]['states'][number]

export const isEventType = (text: string): text is EventType => Object.hasOwn(eventTypes, text)

/** Of a type and a subject the latest event is what counts. */
export interface DirectorEvent {
  /**
   * The generation: greater than that of every event before it on this director, its restarts included as long as
   * its date is not set back.
   */
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly type: EventType
  /** `front`, `web/10.0.0.21:80`, `lb2`. */
  readonly subject: string
  readonly state: string
  /** The state before; undefined: none that was known. */
  readonly before: string | undefined
  /** Why, in words. */
  readonly reason: string
}

/** Equal for events of which the later supersedes the earlier. */
export const eventKey = ({ type, subject }: Pick<DirectorEvent, 'type' | 'subject'>): string =>
  `${type} ${subject}`

/** One line for people: `front: backup -> active, active-down timer`. */
export function eventText({ subject, before, state, reason }: DirectorEvent): string {
  const change = before === undefined ? state : `${before} -> ${state}`
  return `${subject}: ${change}${reason === '' ? '' : `, ${reason}`}`
}

/** An event as other programs and people's files have it: names are a contract, to which keys may be added. */
export interface ToldEvent {
  readonly generation: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly director: string
  readonly type: EventType
  readonly subject: string
  readonly state: string
  readonly before: string | null
  readonly reason: string
  readonly text: string
}

export function toldEvent(director: string, event: DirectorEvent): ToldEvent {
  const { id, at, type, subject, state, before = null, reason } = event
  return {
    generation: id,
    at: new Date(at).toISOString(),
    director,
    type,
    subject,
    state,
    before,
    reason,
    text: eventText(event),
  }
}
