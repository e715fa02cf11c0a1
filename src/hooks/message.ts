/** What a hook is given: names are a contract with people's programs, to which keys may be added. */
import { type ToldEvent, toldEvent } from '../base/events.js'
import type { Pending } from './queue.js'

export interface HookMessage extends ToldEvent {
  readonly superseded: number
  /** From 1. */
  readonly attempt: number
}

export function hookMessage(director: string, { event, superseded }: Pending, attempt: number): HookMessage {
  return { ...toldEvent(director, event), superseded, attempt }
}

/** For programs that do not want to read JSON. */
export const hookVariables = (message: HookMessage): Readonly<Record<string, string>> => ({
  VIPAIR_EVENT: message.type,
  VIPAIR_SUBJECT: message.subject,
  VIPAIR_STATE: message.state,
  VIPAIR_GENERATION: `${message.generation}`,
})
