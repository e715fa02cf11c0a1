/** What a hook is given: names are a contract with people's programs, to which keys may be added. */
import { type DirectorEvent, eventText } from '../base/events.js'
import type { Pending } from './queue.js'

export interface HookMessage {
  readonly generation: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly director: string
  readonly type: DirectorEvent['type']
  readonly subject: string
  readonly state: string
  readonly before: string | null
  readonly reason: string
  readonly text: string
  readonly superseded: number
  /** From 1. */
  readonly attempt: number
}

export function hookMessage(director: string, { event, superseded }: Pending, attempt: number): HookMessage {
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
    superseded,
    attempt,
  }
}

/** For programs that do not want to read JSON. */
export const hookVariables = (message: HookMessage): Readonly<Record<string, string>> => ({
  VIPAIR_EVENT: message.type,
  VIPAIR_SUBJECT: message.subject,
  VIPAIR_STATE: message.state,
  VIPAIR_GENERATION: `${message.generation}`,
})
