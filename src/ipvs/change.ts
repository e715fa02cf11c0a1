/** An operation as a person reads it: what appears, goes or becomes different, and from what to what. */
import type { KernelChange } from '../base/kernel-change.js'
import { unreachable } from '../base/result.js'
import { IP_VS_CONN_F, IP_VS_CONN_F_TUNNEL_TYPE, IP_VS_SVC_F, IP_VS_TUNNEL_ENCAP_FLAG } from './constants.js'
import type { Daemon, Destination, Service, Table, Tunnel } from './model.js'
import { daemonId, destinationId, serviceId } from './model.js'
import { forwardingName, type Operation } from './operation.js'

/** `before` is the table that the operation was planned from. */
export function changeOf(operation: Operation, before: Table): KernelChange {
  switch (operation.kind) {
    case 'newService': {
      const service = serviceId(operation.service.key)
      return { change: 'added', service, server: null, details: serviceDetails(operation.service) }
    }
    case 'setService': {
      const service = serviceId(operation.service.key)
      const was = before.services.get(service)?.service
      const details = differences(was && serviceFields(was), serviceFields(operation.service))
      return { change: 'changed', service, server: null, details }
    }
    case 'delService': {
      const service = serviceId(operation.key)
      const size = before.services.get(service)?.destinations.size ?? 0
      return { change: 'removed', service, server: null, details: [`${size} servers`] }
    }
    case 'newDest':
    case 'setDest':
    case 'delDest': {
      const service = serviceId(operation.key)
      const server = destinationId(operation.destination)
      const was = before.services.get(service)?.destinations.get(server)
      const now = destinationFields(operation.destination)
      if (operation.kind === 'newDest') return { change: 'added', service, server, details: shown(now) }
      if (operation.kind === 'setDest')
        return {
          change: 'changed',
          service,
          server,
          details: differences(was && destinationFields(was), now),
        }
      return { change: 'removed', service, server, details: shown(now) }
    }
    case 'newDaemon':
    case 'delDaemon': {
      const change = operation.kind === 'newDaemon' ? 'added' : 'removed'
      const { daemon } = operation
      return { change, service: null, server: daemonId(daemon.role), details: daemonDetails(daemon) }
    }
    default:
      return unreachable(operation)
  }
}

/** What somebody had done that the change undoes: `tcp 10.0.0.100:80, 10.0.0.21:80: weight 3 -> 100`. */
export function describeDrift({ change, service, server, details }: KernelChange): string {
  const subject = [service, server].filter((part) => part !== null).join(', ')
  if (change === 'added') return `${subject} was missing`
  if (change === 'removed') return `${subject} was not declared (${details.join(', ')})`
  return `${subject}: ${details.join(', ')}`
}

type Fields = readonly (readonly [name: string, value: string | number | undefined])[]

const serviceFields = (service: Service): Fields => [
  ['scheduler', service.scheduler],
  ['flags', flagsOf(service)],
  ['persistence', service.flags & IP_VS_SVC_F.PERSISTENT ? `${service.persistenceSeconds} s` : undefined],
  ['netmask', service.flags & IP_VS_SVC_F.PERSISTENT ? netmask(service) : undefined],
  ['engine', service.engine],
]

const serviceDetails = (service: Service): readonly string[] =>
  serviceFields(service).flatMap(([name, value]) => {
    if (value === undefined) return []
    return name === 'scheduler' ? [`${value}`] : [`${name} ${value}`]
  })

function destinationFields({
  forwarding,
  weight,
  upperThreshold,
  lowerThreshold,
  tunnel,
}: Destination): Fields {
  return [
    ['forwarding', forwardingName(forwarding)],
    ['weight', weight],
    ['upper_threshold', upperThreshold || undefined],
    ['lower_threshold', lowerThreshold || undefined],
    ['tunnel', forwarding === IP_VS_CONN_F.TUNNEL ? tunnelName(tunnel) : undefined],
  ]
}

/** As the file says it: `ipip`, `gue:6080 checksum`; the number where the kernel knows more than we do. */
function tunnelName({ type, port, flags }: Tunnel): string {
  const through = port === 0 ? '' : `:${port}`
  const checksum =
    flags & IP_VS_TUNNEL_ENCAP_FLAG.REMCSUM
      ? ' remote checksum'
      : flags & IP_VS_TUNNEL_ENCAP_FLAG.CSUM
        ? ' checksum'
        : ''
  return `${tunnelNames[type] ?? `type ${type}`}${through}${checksum}`
}

const tunnelNames: Readonly<Record<number, string>> = {
  [IP_VS_CONN_F_TUNNEL_TYPE.IPIP]: 'ipip',
  [IP_VS_CONN_F_TUNNEL_TYPE.GUE]: 'gue',
  [IP_VS_CONN_F_TUNNEL_TYPE.GRE]: 'gre',
}

const shown = (fields: Fields): readonly string[] =>
  fields.flatMap(([name, value]) => {
    if (value === undefined) return []
    return name === 'forwarding' ? [`${value}`] : [`${name} ${value}`]
  })

function differences(was: Fields | undefined, now: Fields): readonly string[] {
  return now.flatMap(([name, value], i) => {
    const before = was?.[i]?.[1]
    return before === value ? [] : [`${name} ${before ?? 'none'} -> ${value ?? 'none'}`]
  })
}

const daemonDetails = ({ syncId, interface: on }: Daemon): readonly string[] => [
  `syncid ${syncId}`,
  `on ${on}`,
]

function flagsOf({ flags }: Service): string | undefined {
  const rest = flags & ~(IP_VS_SVC_F.PERSISTENT | IP_VS_SVC_F.HASHED)
  return rest === 0 ? undefined : `0x${rest.toString(16)}`
}

function netmask({ key, netmask: value }: Service): string {
  const family = key.kind === 'fwmark' ? key.family : key.address.family
  return family === 4 ? `0x${value.toString(16)}` : `/${value}`
}
