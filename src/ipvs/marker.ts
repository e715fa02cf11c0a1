/** The service that makes the kernel tell the sync daemon's listener what it has: see `base/sync-marker.ts`. */
import { markerDestination, markerService } from '../base/sync-marker.js'
import { IP_VS_CONN_F, IPPROTO } from './constants.js'
import { destinationId, type ServiceEntry, serviceId } from './model.js'

const key = { kind: 'endpoint', protocol: IPPROTO.TCP, ...markerService } as const

const destination = {
  endpoint: markerDestination,
  forwarding: IP_VS_CONN_F.DROUTE,
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: { type: 0, port: markerDestination.port, flags: 0 },
} as const

export const markerId = serviceId(key)

export const markerEntry: ServiceEntry = {
  service: { key, scheduler: 'rr', flags: 0, persistenceSeconds: 0, netmask: 0xffffffff, engine: undefined },
  destinations: new Map([[destinationId(destination), destination]]),
}

/**
 * The least that the master daemon's messages may hold: its header and one IPv4 record, so that each record pushes
 * the one before it out. A longer record still gets a message of its own (ip_vs_sync_buff_create).
 *
 * Measured on a quiet machine, user-mode Linux 6.1, from a connection's establishment to its record, 20 of each:
 *
 * | message     | connections to the marker | median  | most    |
 * |-------------|---------------------------|---------|---------|
 * | 1,472 bytes | none                      | 1,774 ms | 2,988 ms |
 * | 1,472 bytes | one each 100 ms           | 1,037 ms | 1,773 ms |
 * | 44 bytes    | none                      | 441 ms  | 2,155 ms |
 * | 44 bytes    | one each 100 ms           | 77 ms   | 121 ms  |
 */
export const markedLength = 44
