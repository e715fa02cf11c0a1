/** Rules about what goes with which scheduler, protocol and persistence: the kernel takes all of it in silence. */
import { formatIp } from '../../base/ip.js'
import type { Forwarding } from '../model.js'
import type { Path } from '../node.js'
import { quote } from '../printable.js'
import type { Report } from '../report.js'
import { translates } from './forwarding.js'
import type { ServiceDraft } from './services.js'

export function checkOptions(service: ServiceDraft, path: Path, report: Report): void {
  checkFlags(service, path, report)
  const mark = service.fwmark !== undefined
  const carriesUdp = mark || service.protocol === undefined || service.protocol === 'udp'
  if (service.one_packet && !carriesUdp) {
    report.error([...path, 'one_packet'], `one_packet has no meaning for ${service.protocol}`, {
      expected: 'protocol = "udp"',
    })
  } else if (service.one_packet && methodsOf(service, path, report).some(translates)) {
    report.error(
      [...path, 'one_packet'],
      'nobody would translate the answers back: the kernel forgets each packet at once',
      { expected: 'forwarding = "direct" or "tunnel"' },
    )
  }
  const persistent = !report.isAbsent([...path, 'persistence']) && service.persistence !== 0
  for (const key of ['persistence_netmask', 'persistence_engine'] as const) {
    if (persistent || report.isAbsent([...path, key])) continue
    report.error([...path, key], 'there is no persistence', {
      at: 'key',
      expected: 'persistence = "5m" beside it',
    })
  }
  if (service.persistence_engine !== undefined && !carriesUdp) {
    const where = [...path, 'persistence_engine']
    report.error(
      where,
      `${quote(service.persistence_engine)} reads UDP only, and this is ${service.protocol}`,
      {
        expected: 'protocol = "udp"',
      },
    )
  }
  checkNetmask(service, path, report)
}

/** Those that can be told. */
function methodsOf(service: ServiceDraft, path: Path, report: Report): readonly Forwarding[] {
  const machines = (service.real_servers ?? []).map((server, k) => {
    const own = !report.isAbsent([...path, 'real_servers', k, 'forwarding'])
    return own ? server?.forwarding : service.forwarding
  })
  const { sorry_server: sorry } = service
  if (sorry) machines.push(sorry.forwarding ?? service.forwarding)
  return machines.filter((method) => method !== undefined)
}

function checkFlags({ scheduler, scheduler_flags: flags }: ServiceDraft, path: Path, report: Report): void {
  const seen = new Set<string>()
  for (const [i, flag] of (flags ?? []).entries()) {
    if (flag === undefined) continue
    const where = [...path, 'scheduler_flags', i]
    const owner = flag.slice(0, flag.indexOf('-'))
    if (scheduler !== undefined && scheduler !== owner) {
      report.error(where, `${quote(flag)} is a flag of the scheduler ${owner}, and this is ${scheduler}`, {
        expected: `scheduler = ${quote(owner)}, or none of its flags`,
      })
    } else if (seen.has(flag)) report.error(where, `${quote(flag)} is given twice`)
    seen.add(flag)
  }
}

function checkNetmask(service: ServiceDraft, path: Path, report: Report): void {
  const { persistence_netmask: mask, address, fwmark, family } = service
  if (!mask || (address === undefined && fwmark === undefined)) return
  const six = fwmark === undefined ? address?.address.family === 6 : family === 'ipv6'
  const where = [...path, 'persistence_netmask']
  if (six && mask.dotted) {
    report.error(where, 'a netmask in dots is of IPv4, and this service is of IPv6', {
      expected: 'a prefix length from 1 to 128',
    })
  } else if (!six && mask.length > 32) {
    const what = address ? formatIp(address.address) : 'this service'
    report.error(where, `${mask.length} is too long for IPv4, and ${what} is of IPv4`, {
      expected: 'a prefix length from 1 to 32',
    })
  }
}
