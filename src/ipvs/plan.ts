/** What has to change so that the kernel's table is the desired one: nothing else is touched. */
import { sameDaemon, sameDestination, sameService } from './compare.js'
import type { Daemon, DaemonRole, ServiceEntry, Table } from './model.js'
import { daemonId } from './model.js'
import type { Operation } from './operation.js'
import { isRemoval } from './operation.js'

export interface Policy {
  /** `declared` leaves alone what is neither desired nor in `ours`; `all` removes it. */
  readonly manage: 'declared' | 'all'
  /** Ids of services and daemons that this process asked for before: its to remove. */
  readonly ours: ReadonlySet<string>
}

/**
 * First whatever adds capacity, over all services, then whatever takes some away, then the sync daemons:
 * on the way no service that keeps a server with weight is without one, and the daemons find the services
 * that their connections belong to.
 */
export function plan(desired: Table, actual: Table, policy: Policy): readonly Operation[] {
  return [...planServices(desired, actual, policy), ...planDaemons(desired.daemons, actual.daemons, policy)]
}

export function planServices(desired: Table, actual: Table, policy: Policy): readonly Operation[] {
  const changes: Operation[] = []
  for (const [id, entry] of desired.services) changes.push(...planService(entry, actual.services.get(id)))
  for (const [id, entry] of actual.services) {
    const ours = policy.manage === 'all' || policy.ours.has(id)
    if (ours && !desired.services.has(id)) changes.push({ kind: 'delService', key: entry.service.key })
  }
  return inOrder(changes)
}

/** Additions before removals; otherwise as they were. */
export function inOrder(operations: readonly Operation[]): readonly Operation[] {
  const removals = operations.filter(isRemoval)
  return removals.length === 0 ? operations : [...operations.filter((one) => !isRemoval(one)), ...removals]
}

/** The changes of one service, in no particular order but that the service comes before its destinations. */
export function planService(desired: ServiceEntry, actual: ServiceEntry | undefined): readonly Operation[] {
  const { service } = desired
  const changes: Operation[] = []
  if (actual === undefined) changes.push({ kind: 'newService', service })
  else if (!sameService(service, actual.service)) changes.push({ kind: 'setService', service })
  for (const [id, destination] of desired.destinations) {
    const there = actual?.destinations.get(id)
    if (there === undefined) changes.push({ kind: 'newDest', key: service.key, destination })
    else if (!sameDestination(destination, there))
      changes.push({ kind: 'setDest', key: service.key, destination })
  }
  for (const [id, destination] of actual?.destinations ?? []) {
    if (!desired.destinations.has(id)) changes.push({ kind: 'delDest', key: service.key, destination })
  }
  return changes
}

const roles: readonly DaemonRole[] = ['master', 'backup']

export function planDaemons(
  desired: readonly Daemon[],
  actual: readonly Daemon[],
  policy: Policy,
): readonly Operation[] {
  return roles.flatMap((role): Operation[] => {
    const wanted = desired.find((daemon) => daemon.role === role)
    const there = actual.find((daemon) => daemon.role === role)
    if (wanted === undefined) {
      const ours = policy.manage === 'all' || policy.ours.has(daemonId(role))
      return there !== undefined && ours ? [{ kind: 'delDaemon', daemon: there }] : []
    }
    if (there === undefined) return [{ kind: 'newDaemon', daemon: wanted }]
    // A running daemon cannot be changed, only started anew: what it had buffered is lost.
    if (sameDaemon(wanted, there)) return []
    return [
      { kind: 'delDaemon', daemon: there },
      { kind: 'newDaemon', daemon: wanted },
    ]
  })
}
