/** What the services and servers of the file have carried, compact: with 30,000 servers it is much to tell. */
import type { Millis } from '../base/units.js'
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { kernelDestination, serviceKeys } from './kernel-terms.js'
import { destinationId, type ObservedTable, serviceId, type Traffic } from './model.js'

/** The numbers of a row, in this order. */
export const trafficColumns = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
  'connectionRate',
  'inPacketRate',
  'outPacketRate',
  'inByteRate',
  'outByteRate',
] as const satisfies readonly (keyof Traffic)[]

export interface ServiceTraffic {
  readonly name: string
  /** Names of the servers in the order of their rows. */
  readonly servers: readonly string[]
  /** Rows of `trafficColumns`: the service's, then one a server. */
  readonly numbers: Float64Array
}

export interface TrafficReading {
  /** When the table was read, on the clock that all processes of a machine share. */
  readonly at: Millis
  readonly services: readonly ServiceTraffic[]
}

/** All ports of a service together; zeros for what is not in the table. */
export const trafficReading = (
  services: readonly VirtualServiceConfig[],
  table: ObservedTable,
  at: Millis,
): TrafficReading => ({ at, services: services.map((service) => trafficOf(service, table)) })

function trafficOf(config: VirtualServiceConfig, table: ObservedTable): ServiceTraffic {
  const { name, realServers } = config
  const width = trafficColumns.length
  const numbers = new Float64Array((realServers.length + 1) * width)
  const add = (row: number, traffic: Traffic | undefined): void => {
    if (traffic === undefined) return
    for (let i = 0; i < width; i++) {
      const column = trafficColumns[i]
      const place = row * width + i
      if (column !== undefined) numbers[place] = (numbers[place] ?? 0) + traffic[column]
    }
  }
  for (const key of serviceKeys(config)) {
    const entry = table.services.get(serviceId(key))
    if (entry === undefined) continue
    add(0, entry.service.traffic)
    for (const [i, server] of realServers.entries()) add(i + 1, entry.destinations.get(idOf(server))?.traffic)
    function idOf(server: RealServerConfig): string {
      return destinationId(kernelDestination(key, server))
    }
  }
  return { name, servers: realServers.map((server) => server.name), numbers }
}
