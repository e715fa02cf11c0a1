/** Whether what is asked for is what is there, leaving out what the kernel decides or does not look at. */
import { IP_VS_CONN_F, IP_VS_SVC_F } from './constants.js'
import type { Daemon, Destination, Service } from './model.js'

/** Of two services with one key. */
export function sameService(a: Service, b: Service): boolean {
  const flags = (a.flags ^ b.flags) & ~IP_VS_SVC_F.HASHED
  if (a.scheduler !== b.scheduler || flags !== 0 || a.engine !== b.engine) return false
  if ((a.flags & IP_VS_SVC_F.PERSISTENT) === 0) return true
  return a.persistenceSeconds === b.persistenceSeconds && a.netmask === b.netmask
}

/** Of two destinations with one endpoint. */
export function sameDestination(a: Destination, b: Destination): boolean {
  if (a.forwarding !== b.forwarding || a.weight !== b.weight) return false
  if (a.upperThreshold !== b.upperThreshold || a.lowerThreshold !== b.lowerThreshold) return false
  if (a.forwarding !== IP_VS_CONN_F.TUNNEL) return true
  return (
    a.tunnel.type === b.tunnel.type && a.tunnel.port === b.tunnel.port && a.tunnel.flags === b.tunnel.flags
  )
}

/** Of two daemons with one role. */
export function sameDaemon(a: Daemon, b: Daemon): boolean {
  const sameLength = a.maxLength === undefined || b.maxLength === undefined || a.maxLength === b.maxLength
  return a.interface === b.interface && a.syncId === b.syncId && sameLength
}
