/**
 * Routers of one group move together: what each of them has to be told so that all are Active or none is.
 * Pure; the runtime asks after every step of a member until nothing is left to say.
 */
import type { Priority } from '../base/units.js'
import { blockReason, type Event, type State } from './state.js'

export interface GroupMember {
  readonly name: string
  readonly state: State
  /** Added while the others were running: it follows them into their role. */
  readonly joins: boolean
}

export interface GroupOrder {
  readonly member: string
  readonly event: Event
}

/** The least of the members': the group is as good as its worst router. */
export const groupPriority = (priorities: readonly Priority[]): Priority =>
  priorities.reduce((least, priority) => (priority < least ? priority : least))

/**
 * Empty when the members agree. `why` is the reason of the member that last asked to take over. A group of
 * one needs no orders but its own take-over.
 */
export function groupOrders(group: string, members: readonly GroupMember[], why: string): GroupOrder[] {
  const blocks = members.flatMap((member) => blockOrder(group, members, member))
  if (blocks.length > 0) return blocks
  const active = members.filter(({ state }) => state.name === 'active')
  if (active.length === members.length) return []
  const newcomers = members.filter(({ joins, state }) => joins && state.name === 'backup')
  if (active.length > 0 && active.length + newcomers.length === members.length)
    return newcomers.map(({ name }) => takeOver(name, `joins group ${group}, which is Active here`))
  if (members.every(({ state }) => state.name === 'active' || (state.name === 'backup' && state.expired)))
    return active.length > 0 ? stepDown(group, members) : members.map(({ name }) => takeOver(name, why))
  return stepDown(group, members)
}

const takeOver = (member: string, reason: string): GroupOrder => ({
  member,
  event: { type: 'groupTakeOver', reason },
})

/** A member that cannot own its addresses keeps the others from owning theirs. */
function blockOrder(group: string, members: readonly GroupMember[], { name, state }: GroupMember) {
  const down = members.find((other) => {
    // All are taken out and come back together: the first to come back must not find the others in the way.
    const together = state.name === 'maintenance' && other.state.name === 'maintenance'
    return other.name !== name && !together && ownTrouble(other.state) !== undefined
  })
  const reason = down && `${down.name} of group ${group}: ${ownTrouble(down.state)}`
  if (reason === state.known.blocked.group) return []
  const event: Event = { type: 'blocked', cause: 'group', reason }
  return [{ member: name, event }]
}

/** Why a member is out of the election by itself; undefined when it is not, or only because of the others. */
function ownTrouble(state: State): string | undefined {
  switch (state.name) {
    case 'maintenance':
      return 'in maintenance'
    case 'fault':
      return (
        state.linkDown ??
        state.known.blocked.tracking ??
        (state.retryAt === undefined ? undefined : 'the kernel refused its address')
      )
    default:
      return undefined
  }
}

/** One member is no longer Active: the others follow. Addresses kept for adoption go as well. */
function stepDown(group: string, members: readonly GroupMember[]): GroupOrder[] {
  const left = members.find(({ state }) => state.name !== 'active' && !isAdopting(state))
  if (!left) return []
  const reason = `${left.name} of group ${group} is ${titleOf(left.state)}`
  return members.flatMap(({ name, state }) =>
    state.name === 'active' || isAdopting(state)
      ? [{ member: name, event: { type: 'groupStepDown', reason } as const }]
      : [],
  )
}

const isAdopting = (state: State): boolean => state.name === 'backup' && state.adopting

function titleOf(state: State): string {
  if (state.name !== 'fault') return state.name === 'backup' ? 'Backup' : `in ${state.name}`
  return `in fault: ${blockReason(state.known) ?? state.linkDown ?? 'its address was refused'}`
}
