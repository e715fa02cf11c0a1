/**
 * Why the kernel refuses an operation, and what to do: the errnos of net/netfilter/ipvs/ip_vs_ctl.c, as seen on
 * Linux 6.1. One errno has several causes; what was asked for tells which.
 */
import { formatIp, type IpAddress, isLinkLocal6 } from '../base/ip.js'
import { IP_VS_CONN_F, IP_VS_CONN_F_TUNNEL_TYPE } from './constants.js'
import type { Daemon, Destination, Service, ServiceKey } from './model.js'
import { daemonId, destinationId, familyOfKey, serviceId } from './model.js'
import type { Operation, OperationKind } from './operation.js'

/** One sentence, with the service, the server and the cure. */
export function explain(operation: Operation, code: string): string {
  const general = explainAnywhere(code)
  if (general !== undefined) return general
  if ('service' in operation) return explainService(operation.service, code)
  if ('daemon' in operation) return explainDaemon(operation.daemon, operation.kind, code)
  if ('destination' in operation) return explainDestination(operation.key, operation.destination, code)
  return code === 'ESRCH' ? gone(serviceId(operation.key)) : unexplained(serviceId(operation.key), code)
}

/** Whatever it was that was asked; undefined for what depends on it. */
export function explainAnywhere(code: string): string | undefined {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return 'the kernel shows and changes its IPVS table only for root or CAP_NET_ADMIN'
    case 'ENOMEM':
    case 'ENOBUFS':
      return 'the kernel has no memory for it: free some, the next reconcile tries again'
    case 'timeout':
      return 'the kernel did not answer: the table is read again to see what took effect'
    default:
      return undefined
  }
}

const unexplained = (subject: string, code: string): string => `the kernel answered ${code} for ${subject}`
const gone = (subject: string): string => `${subject} is not in the table: somebody else removed it`
const taken = (subject: string): string => `${subject} is in the table already: somebody else made it`

function explainService(service: Service, code: string): string {
  const name = serviceId(service.key)
  switch (code) {
    case 'EEXIST':
      return taken(name)
    case 'ESRCH':
      return gone(name)
    case 'ENOENT':
      return missingModule(service)
    case 'EINVAL':
      if (familyOfKey(service.key) === 6 && service.netmask === 0)
        return `${name} puts all clients together by an IPv6 netmask of 0: choose a persistence_netmask from 1 to 128`
      return `the kernel takes no service like ${name} with the scheduler ${service.scheduler}`
    case 'EAFNOSUPPORT':
      return `this kernel was built without IPv6 for IPVS, which ${name} needs`
    default:
      return unexplained(name, code)
  }
}

function missingModule({ key, scheduler, engine }: Service): string {
  const name = serviceId(key)
  const what = `the kernel has no scheduler "${scheduler}" for ${name}`
  const cure = `load it with modprobe ip_vs_${scheduler}`
  if (engine === undefined) return `${what}: ${cure}, or choose another`
  return (
    `${what}, or no persistence engine "${engine}": ${cure} and modprobe ip_vs_pe_${engine}, ` +
    'or choose another'
  )
}

function explainDestination(key: ServiceKey, destination: Destination, code: string): string {
  const service = serviceId(key)
  const server = destinationId(destination)
  const both = `${server} of ${service}`
  switch (code) {
    case 'EEXIST':
      return taken(both)
    case 'ENOENT':
      return gone(both)
    case 'ESRCH':
      return gone(service)
    case 'ERANGE':
      return destination.lowerThreshold > destination.upperThreshold
        ? `${both} has a lower threshold of ${destination.lowerThreshold}, above the upper one of ` +
            `${destination.upperThreshold}: make it at most that`
        : `${both} has a negative weight: choose one from 0 to 65535`
    case 'EINVAL':
      return `${both} ${whyInvalid(familyOfKey(key), destination)}`
    case 'EAFNOSUPPORT':
      return `this kernel was built without IPv6 for IPVS, which ${both} needs`
    default:
      return unexplained(both, code)
  }
}

function whyInvalid(family: 4 | 6, { endpoint: { address }, forwarding, tunnel }: Destination): string {
  const other = address.family !== family
  if (other && forwarding !== IP_VS_CONN_F.TUNNEL)
    return `is IPv${address.family} behind an IPv${family} service: choose forwarding tunnel, or an address of one family`
  if (isMulticast(address))
    return `is a multicast address, ${formatIp(address)}: choose the address of one machine`
  if (isLinkLocal6(address))
    return 'is a link-local address: choose one that means the same machine on every interface'
  if (forwarding === IP_VS_CONN_F.TUNNEL && tunnel.type === IP_VS_CONN_F_TUNNEL_TYPE.GUE && tunnel.port === 0)
    return 'is reached by GUE without a port: give the tunnel the port that the server listens on'
  if (other)
    return `is IPv${address.family} behind an IPv${family} service, which the kernel refuses while a sync daemon runs: switch [sync] off and stop the daemon (ipvsadm --stop-daemon), or choose an address of one family`
  return 'is no address of one machine as this kernel sees it: look at `ip route get`, it may be a broadcast address'
}

function isMulticast({ family, bytes }: IpAddress): boolean {
  const first = bytes[0] ?? 0
  return family === 4 ? first >= 224 && first < 240 : first === 0xff
}

function explainDaemon(daemon: Daemon, kind: OperationKind, code: string): string {
  const name = daemonId(daemon.role)
  const { interface: on } = daemon
  switch (code) {
    case 'ENODEV':
      return `there is no interface ${on} that is up for ${name}: ip link set ${on} up`
    case 'EEXIST':
      return `${name} runs already: somebody else started it`
    case 'ESRCH':
      return `${name} does not run: somebody else stopped it`
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return `${name} cannot bind on ${on}: give it an address, and see who holds UDP port 8848`
    case 'EINVAL':
      if (kind === 'delDaemon') return unexplained(name, code)
      return (
        `the kernel starts no ${name} while a destination has another address family than its service: ` +
        'switch [sync] off, or choose addresses of one family'
      )
    default:
      return unexplained(name, code)
  }
}
