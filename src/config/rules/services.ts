/** Rules about virtual services: their names, addresses and options. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import { hasManyPorts } from '../service-address.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { checkDestinations } from './destinations.js'
import { checkOptions } from './service-options.js'
import { checkOverlaps } from './service-overlaps.js'

export type ServiceDraft = NonNullable<NonNullable<FileDraft['virtual_service']>[number]>

/** Each port is a service of its own in the kernel, with destinations of its own. */
const mostPorts = 1024

export function checkServices(file: FileDraft, report: Report): void {
  const names = new Unique(report, 'two virtual services of one name')
  const virtual = virtualAddresses(file)
  for (const [i, service] of (file.virtual_service ?? []).entries()) {
    if (!service) continue
    const path: Path = ['virtual_service', i]
    if (service.name !== undefined) names.claim(service.name, [...path, 'name'])
    checkAddress(service, path, report)
    if (service.address && virtual && !virtual.has(formatIp(service.address.address))) {
      const where = [...path, 'address']
      report.warning(where, `no virtual_router holds ${formatIp(service.address.address)}`)
    }
    checkOptions(service, path, report)
    if (report.isAbsent([...path, 'check'])) warnOfNoCheck(service, path, report)
    checkDestinations(file, service, path, report)
  }
  checkOverlaps(file, report)
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

function checkAddress(service: ServiceDraft, path: Path, report: Report): void {
  const given = (key: string): boolean => !report.isAbsent([...path, key])
  if (!given('fwmark')) {
    if (!given('address')) {
      report.error(path, '"address" is missing', { expected: 'address = "10.0.0.100:80", or fwmark = 1' })
    }
    if (given('family')) {
      report.error([...path, 'family'], 'an address has its own family', { expected: 'it with fwmark only' })
    }
  } else {
    const remedy = { at: 'key', expected: 'it without fwmark' } as const
    if (given('address')) report.error([...path, 'address'], 'beside fwmark, which stands for it', remedy)
    if (given('protocol'))
      report.error([...path, 'protocol'], 'a firewall mark goes with every protocol', remedy)
    return
  }
  if (!service.address) return
  const { address, firstPort, lastPort } = service.address
  const where = [...path, 'address']
  if (lastPort - firstPort >= mostPorts) {
    const instead = `port 0 (all ports) or fwmark with persistence, or at most ${mostPorts} ports`
    report.error(where, `${lastPort - firstPort + 1} ports are as many services in the kernel`, {
      expected: instead,
    })
  }
  if (firstPort === 0 && service.persistence === 0) noPersistence()
  if (firstPort === 0 && report.isAbsent([...path, 'persistence'])) noPersistence()

  function noPersistence(): void {
    report.error(where, `all ports of ${formatIp(address)} without persistence`, {
      expected: 'persistence = "5m", so that the ports of one client meet one server, or a port',
    })
  }
}

/** A TCP connection would prove nothing, or there is no port to try. */
function warnOfNoCheck(service: ServiceDraft, path: Path, report: Report): void {
  const many =
    service.fwmark !== undefined || (service.address && hasManyPorts(service.address)) ? 'such' : undefined
  const { protocol } = service
  const what =
    many !== undefined
      ? 'the servers of a service of more than one port'
      : protocol === 'udp' || protocol === 'sctp'
        ? `the servers of ${protocol === 'udp' ? 'a UDP' : 'an SCTP'} service`
        : undefined
  if (what === undefined) return
  report.warning(path, `no check: ${what} count as healthy`, {
    expected: 'check = { type = "none" } to say so, or a check with a port',
  })
}
