/** Where the servers of a service are in the kernel's table. Pure. */
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { kernelDestination, serviceKeys } from './kernel-terms.js'
import { destinationId, serviceId, type Table } from './model.js'

/** Ids of the services and of the server's destination in each. */
export function placesOf(
  service: VirtualServiceConfig,
  who: string | RealServerConfig,
): readonly (readonly [string, string])[] {
  const server = typeof who === 'string' ? service.realServers.find(({ name }) => name === who) : who
  if (server === undefined) return []
  return serviceKeys(service).map((key) => [serviceId(key), destinationId(kernelDestination(key, server))])
}

/** Ids of the destinations that the file names, by the id of their service; the sorry server's included. */
export function endpointsOf(service: VirtualServiceConfig): ReadonlyMap<string, ReadonlySet<string>> {
  const { realServers, sorryServer } = service
  const all = sorryServer === undefined ? realServers : [...realServers, sorryServer]
  return new Map(
    serviceKeys(service).map((key) => [
      serviceId(key),
      new Set(all.map((server) => destinationId(kernelDestination(key, server)))),
    ]),
  )
}

/** It gets nothing now, though the service is there. */
export function waits(
  service: VirtualServiceConfig,
  server: string | RealServerConfig,
  table: Table | undefined,
): boolean {
  return placesOf(service, server).some(([id, destination]) => {
    const entry = table?.services.get(id)
    return entry !== undefined && (entry.destinations.get(destination)?.weight ?? 0) === 0
  })
}
