/** What the kernel's answers to an operation mean. */
import { OpError } from '../base/result.js'
import { serviceId } from './model.js'
import type { Operation, OperationKind } from './operation.js'
import { operationSubject } from './operation.js'

/**
 * Somebody else changed the table since it was read: expected, cured by reading again. ENOENT for a new or
 * changed service is not of these: there it is the scheduler that is missing.
 */
const staleAnswers: Readonly<Record<OperationKind, readonly string[]>> = {
  newService: ['EEXIST'],
  setService: ['ESRCH'],
  delService: ['ESRCH'],
  newDest: ['EEXIST', 'ESRCH'],
  setDest: ['ENOENT', 'ESRCH'],
  delDest: ['ENOENT', 'ESRCH'],
  newDaemon: ['EEXIST'],
  delDaemon: ['ESRCH'],
}

export const isStale = (operation: Operation, code: string): boolean =>
  staleAnswers[operation.kind].includes(code)

/** `ipvs newDest 10.0.0.5:80: EINVAL`; its `cause` is a sentence with the cause and the cure. */
export function operationError(operation: Operation, code: string): OpError {
  const cause = new Error(explain(operation, code))
  return new OpError(`ipvs ${operation.kind}`, operationSubject(operation), code, { cause })
}

/** `ipvs getService table: EPERM`; its `cause` is a sentence where there is something to say. */
export function readError(op: string, code: string): OpError {
  const sentence = generally(code)
  return new OpError(
    `ipvs ${op}`,
    'table',
    code,
    sentence === undefined ? {} : { cause: new Error(sentence) },
  )
}

/** Whatever it was that was asked. */
function generally(code: string): string | undefined {
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

/** The errnos of net/netfilter/ipvs/ip_vs_ctl.c, as seen on Linux 6.1. */
function explain(operation: Operation, code: string): string {
  const general = generally(code)
  if (general !== undefined) return general
  if ('service' in operation)
    return explainService(operation.service.scheduler, operation.service.engine, code)
  if ('daemon' in operation) return explainDaemon(operation.daemon.interface, code)
  if ('destination' in operation) return explainDestination(serviceId(operation.key), code)
  return `the kernel answered ${code}`
}

function explainService(scheduler: string, engine: string | undefined, code: string): string {
  if (code === 'ENOENT') {
    const pe = engine === undefined ? '' : `, or the persistence engine "${engine}" (ip_vs_pe_${engine})`
    return `the kernel has no scheduler "${scheduler}"${pe}: load it with modprobe ip_vs_${scheduler}, or choose another`
  }
  if (code === 'EINVAL')
    return 'the kernel takes no such service: an IPv6 netmask of 0, or port 0 without persistence'
  if (code === 'EAFNOSUPPORT') return 'the kernel was built without IPv6 for IPVS'
  return `the kernel answered ${code}`
}

function explainDestination(service: string, code: string): string {
  switch (code) {
    case 'EINVAL':
      return (
        `a destination of ${service} must be an ordinary unicast address of the service's family ` +
        '(another family needs forwarding tunnel, and then no sync daemon may run)'
      )
    case 'ERANGE':
      return `the lower threshold of a destination of ${service} is above the upper one, or its weight is negative`
    default:
      return `the kernel answered ${code} for a destination of ${service}`
  }
}

function explainDaemon(interfaceName: string, code: string): string {
  switch (code) {
    case 'ENODEV':
      return `there is no interface ${interfaceName} that is up: ip link set ${interfaceName} up`
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return `the sync daemon cannot bind on ${interfaceName}: give it an address, and see who holds UDP port 8848`
    case 'EINVAL':
      return 'the kernel starts no sync daemon while a destination has another address family than its service'
    default:
      return `the kernel answered ${code}`
  }
}
