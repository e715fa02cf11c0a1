/** The numbers of the table's last reading, found by name. */
import type { TrafficStatus } from '../base/status.js'
import type { Millis } from '../base/units.js'
import { type ServiceTraffic, type TrafficReading, trafficColumns } from '../ipvs/traffic-reading.js'

export class TrafficView {
  readonly at: Millis
  private readonly services: ReadonlyMap<string, ServiceTraffic>

  constructor({ at, services }: TrafficReading) {
    this.at = at
    this.services = new Map(services.map((service) => [service.name, service]))
  }

  /** Null: the service was not there. */
  ofService(name: string): TrafficStatus | null {
    const service = this.services.get(name)
    return service === undefined ? null : rowOf(service.numbers, 0)
  }

  /** By the names of servers: those that were there. */
  ofServers(name: string): ReadonlyMap<string, TrafficStatus> {
    const { servers, numbers } = this.services.get(name) ?? { servers: [], numbers: new Float64Array() }
    return new Map(servers.map((server, i) => [server, rowOf(numbers, i + 1)]))
  }
}

const width = trafficColumns.length

function rowOf(numbers: Float64Array, row: number): TrafficStatus {
  const at = (column: (typeof trafficColumns)[number]): number =>
    numbers[row * width + trafficColumns.indexOf(column)] ?? 0
  return {
    connections: at('connections'),
    inPackets: at('inPackets'),
    outPackets: at('outPackets'),
    inBytes: at('inBytes'),
    outBytes: at('outBytes'),
    connectionRate: at('connectionRate'),
    inPacketRate: at('inPacketRate'),
    outPacketRate: at('outPacketRate'),
    inByteRate: at('inByteRate'),
    outByteRate: at('outByteRate'),
  }
}
