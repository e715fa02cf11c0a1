/** Rules about virtual services and their real servers. */
import { formatEndpoint, formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'

type ServiceDraft = NonNullable<NonNullable<FileDraft['virtual_service']>[number]>
type ServerDraft = NonNullable<NonNullable<ServiceDraft['real_servers']>[number]>

export function checkServices(file: FileDraft, report: Report): void {
  const names = new Unique(report, 'two virtual services of one name')
  const endpoints = new Unique(report, 'two virtual services on one protocol, address and port')
  const virtual = virtualAddresses(file)
  for (const [i, service] of (file.virtual_service ?? []).entries()) {
    if (!service) continue
    const path: Path = ['virtual_service', i]
    if (service.name !== undefined) names.claim(service.name, [...path, 'name'])
    if (service.address && service.protocol !== undefined) {
      endpoints.claim(`${service.protocol} ${formatEndpoint(service.address)}`, [...path, 'address'])
    }
    if (service.address && virtual && !virtual.has(formatIp(service.address.address))) {
      report.warning([...path, 'address'], `no virtual_router holds ${formatIp(service.address.address)}`)
    }
    if (service.protocol === 'udp' && report.isAbsent([...path, 'check'])) {
      report.warning(path, 'no check: the servers of a UDP service count as healthy', {
        expected: 'check = { type = "none" } to say so, or a check with a port',
      })
    }
    checkServers(service, path, report)
  }
}

/** Undefined when some could not be read: what is missing may be there. */
function virtualAddresses(file: FileDraft): ReadonlySet<string> | undefined {
  const found = new Set<string>()
  if (!file.virtual_router) return undefined
  for (const router of file.virtual_router) {
    if (!router?.addresses) return undefined
    for (const prefix of router.addresses) {
      if (!prefix) return undefined
      found.add(formatIp(prefix.address))
    }
  }
  return found
}

function checkServers(service: ServiceDraft, path: Path, report: Report): void {
  const names = new Unique(report, 'two real servers of one name')
  const endpoints = new Unique(report, 'two real servers at one address and port')
  for (const [k, server] of (service.real_servers ?? []).entries()) {
    if (!server) continue
    const where: Path = [...path, 'real_servers', k]
    if (server.name !== undefined) names.claim(server.name, [...where, 'name'])
    if (server.address) {
      const address = formatEndpoint(server.address)
      const free = endpoints.claim(address, [...where, 'address'])
      if (free && server.name === undefined) names.claim(address, [...where, 'address'])
    }
    checkForwarding(service, server, where, report)
    checkList(server.check, [...where, 'check'], report)
  }
  checkList(service.check, [...path, 'check'], report)
}

function checkForwarding(service: ServiceDraft, server: ServerDraft, path: Path, report: Report): void {
  const from = service.address
  const to = server.address
  if (!from || !to) return
  const where: Path = [...path, 'address']
  if (from.address.family !== to.address.family) {
    report.error(where, `IPv${to.address.family} behind an IPv${from.address.family} service`, {
      expected: 'addresses of one family',
    })
  }
  if (formatIp(from.address) === formatIp(to.address)) {
    report.error(where, "the service's own address", { expected: 'the address of another machine' })
  }
  const method = report.isAbsent([...path, 'forwarding']) ? service.forwarding : server.forwarding
  if (method === 'direct' && from.port !== to.port) {
    report.error(where, `direct forwarding cannot change port ${from.port} to ${to.port}`, {
      expected: `port ${from.port}, or forwarding = "nat"`,
    })
  }
}

function checkList(list: ServiceDraft['check'], path: Path, report: Report): void {
  if (!list || list.length < 2) return
  for (const [i, check] of list.entries()) {
    if (check?.type === 'none') {
      report.error([...path, i], '"none" beside other checks', { expected: 'it alone, or without it' })
    }
  }
}
