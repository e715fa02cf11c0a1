/** The table as it is after operations that succeeded: saves reading it again. */

import type { Destination, ObservedDestination, ObservedEntry, ObservedTable, Service } from './model.js'
import { destinationId, noTraffic } from './model.js'
import type { Operation } from './operation.js'
import { operationService } from './operation.js'

const observed = (destination: Destination, before?: ObservedDestination): ObservedDestination => ({
  activeConnections: before?.activeConnections ?? 0,
  inactiveConnections: before?.inactiveConnections ?? 0,
  persistentConnections: before?.persistentConnections ?? 0,
  traffic: before?.traffic ?? noTraffic,
  ...destination,
})

const withService = (service: Service, before: ObservedEntry | undefined): ObservedEntry => ({
  service: { traffic: before?.service.traffic ?? noTraffic, ...service },
  destinations: before?.destinations ?? new Map(),
})

/** Copies the services that change, once each, and shares the others. */
export function advance(table: ObservedTable, operations: readonly Operation[]): ObservedTable {
  if (operations.length === 0) return table
  const services = new Map(table.services)
  const copied = new Map<string, Map<string, ObservedDestination>>()
  let daemons = table.daemons

  const destinationsOf = (id: string): Map<string, ObservedDestination> | undefined => {
    const entry = services.get(id)
    if (entry === undefined) return undefined
    const known = copied.get(id)
    if (known !== undefined && known === entry.destinations) return known
    const copy = new Map(entry.destinations)
    copied.set(id, copy)
    services.set(id, { service: entry.service, destinations: copy })
    return copy
  }

  for (const operation of operations) {
    const id = operationService(operation) ?? ''
    switch (operation.kind) {
      case 'newService':
      case 'setService':
        services.set(id, withService(operation.service, services.get(id)))
        break
      case 'delService':
        services.delete(id)
        break
      case 'newDest':
      case 'setDest': {
        const destinations = destinationsOf(id)
        const name = destinationId(operation.destination)
        destinations?.set(name, observed(operation.destination, destinations.get(name)))
        break
      }
      case 'delDest':
        destinationsOf(id)?.delete(destinationId(operation.destination))
        break
      case 'newDaemon':
        daemons = [...daemons, operation.daemon]
        break
      case 'delDaemon':
        daemons = daemons.filter((daemon) => daemon.role !== operation.daemon.role)
        break
    }
  }
  return { services, daemons }
}
