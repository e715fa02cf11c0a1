/** The changes that a plan is made of. */
import { unreachable } from '../base/result.js'
import { IP_VS_CONN_F, IPVS_CMD } from './constants.js'
import type { Daemon, Destination, Service, ServiceKey } from './model.js'
import { daemonId, destinationId, serviceId } from './model.js'

/** One change of the kernel's table; `kind` is also its name in logs and metrics. */
export type Operation =
  | { readonly kind: 'newService' | 'setService'; readonly service: Service }
  | { readonly kind: 'delService'; readonly key: ServiceKey }
  | {
      readonly kind: 'newDest' | 'setDest' | 'delDest'
      readonly key: ServiceKey
      readonly destination: Destination
    }
  | { readonly kind: 'newDaemon' | 'delDaemon'; readonly daemon: Daemon }

export type OperationKind = Operation['kind']

/** IPVS_CMD of each operation. */
export const operationCommand: Readonly<Record<OperationKind, number>> = {
  newService: IPVS_CMD.NEW_SERVICE,
  setService: IPVS_CMD.SET_SERVICE,
  delService: IPVS_CMD.DEL_SERVICE,
  newDest: IPVS_CMD.NEW_DEST,
  setDest: IPVS_CMD.SET_DEST,
  delDest: IPVS_CMD.DEL_DEST,
  newDaemon: IPVS_CMD.NEW_DAEMON,
  delDaemon: IPVS_CMD.DEL_DAEMON,
}

const forwardingNames: Readonly<Record<number, string>> = {
  [IP_VS_CONN_F.MASQ]: 'nat',
  [IP_VS_CONN_F.LOCALNODE]: 'local',
  [IP_VS_CONN_F.TUNNEL]: 'tunnel',
  [IP_VS_CONN_F.DROUTE]: 'direct',
  [IP_VS_CONN_F.BYPASS]: 'bypass',
}

/** As the file says it; the number where the kernel knows more than we do. */
export const forwardingName = (forwarding: number): string => forwardingNames[forwarding] ?? `${forwarding}`

/** Takes away capacity: goes after everything that adds some. */
export function isRemoval(operation: Operation): boolean {
  if (operation.kind === 'setDest') return operation.destination.weight === 0
  return operation.kind === 'delDest' || operation.kind === 'delService'
}

/** The service that the operation belongs to; undefined for the sync daemons. */
export function operationService(operation: Operation): string | undefined {
  if ('service' in operation) return serviceId(operation.service.key)
  return 'key' in operation ? serviceId(operation.key) : undefined
}

/** What it is done to: `10.0.0.21:80`, `tcp 10.0.0.100:80`, `sync master`. */
export function operationSubject(operation: Operation): string {
  if ('destination' in operation) return destinationId(operation.destination)
  if ('daemon' in operation) return daemonId(operation.daemon.role)
  return operationService(operation) ?? ''
}

/** For people: `setDest 10.0.0.21:80 of tcp 10.0.0.100:80, direct weight 0`. */
export function describeOperation(operation: Operation): string {
  const head = `${operation.kind} ${operationSubject(operation)}`
  switch (operation.kind) {
    case 'newService':
    case 'setService':
      return `${head}, ${operation.service.scheduler}`
    case 'delService':
      return head
    case 'newDest':
    case 'setDest': {
      const { forwarding, weight } = operation.destination
      return `${head} of ${serviceId(operation.key)}, ${forwardingName(forwarding)} weight ${weight}`
    }
    case 'delDest':
      return `${head} of ${serviceId(operation.key)}`
    case 'newDaemon':
    case 'delDaemon':
      return `${head}, syncid ${operation.daemon.syncId} on ${operation.daemon.interface}`
    default:
      return unreachable(operation)
  }
}
