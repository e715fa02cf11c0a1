/** What not to take away after something failed. */
import type { Table } from './model.js'
import { destinationId } from './model.js'
import type { Operation } from './operation.js'
import { isRemoval, operationService } from './operation.js'

/**
 * Leaves out the removals that would cost a service in `broken`, where an addition has failed, its last
 * server with weight: a replacement that was not taken must not empty the service. A service in `unknown`,
 * which is not what `table` says, loses nothing before it is read again. Services that are to go as a whole
 * do go.
 */
export function sparing(
  batch: readonly Operation[],
  broken: ReadonlySet<string>,
  unknown: ReadonlySet<string>,
  table: Table,
): readonly Operation[] {
  if (broken.size === 0) return batch
  const usable = new Map<string, Set<string>>()
  return batch.filter((operation) => {
    const service = operationService(operation)
    if (service === undefined || !broken.has(service)) return true
    if (!isRemoval(operation) || !('destination' in operation)) return true
    if (unknown.has(service)) return false
    const left = usable.get(service) ?? usableIn(table, service)
    usable.set(service, left)
    const id = destinationId(operation.destination)
    if (left.size === 1 && left.has(id)) return false
    left.delete(id)
    return true
  })
}

function usableIn(table: Table, service: string): Set<string> {
  const destinations = [...(table.services.get(service)?.destinations ?? [])]
  return new Set(destinations.flatMap(([id, { weight }]) => (weight > 0 ? id : [])))
}
