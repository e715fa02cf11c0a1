/** Rules about what a virtual router says on the wire. */
import { formatIp, isLinkLocal6 } from '../../base/ip.js'
import { maxAdverCentis } from '../../base/units.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { formatDuration } from '../values.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>

export function checkProtocol(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  checkFamily(file, router, path, report)
  checkInterval(router, path, report)
  if (router.version === 2 && router.transport === 'udp') {
    report.error([...path, 'version'], 'version 2 is for other VRRP routers, transport "udp" is not', {
      expected: 'transport "multicast" or "unicast", or version 3',
    })
  }
  if (router.version === 3 && router.authentication !== undefined) {
    report.error([...path, 'authentication'], 'VRRP version 3 has no authentication', {
      at: 'key',
      expected: 'transport "udp", which authenticates everything, or version 2',
    })
  }
}

function checkFamily(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  const addresses = (router.addresses ?? []).map((prefix) => prefix?.address)
  const family = addresses.find((address) => address !== undefined)?.family
  if (family === undefined) return
  for (const [i, address] of addresses.entries()) {
    if (!address || address.family === family) continue
    report.error([...path, 'addresses', i], `IPv${address.family} in an IPv${family} router`, {
      expected: 'addresses of one family: a second virtual_router may have the same vrid',
    })
  }
  if (router.version === 2 && family === 6) {
    report.error([...path, 'version'], 'VRRP version 2 knows IPv4 only', { expected: '3' })
  }
  if (router.transport === 'unicast') {
    for (const director of file.director ?? []) {
      if (!director?.address || director.address.family === family) continue
      report.error([...path, 'transport'], `${formatIp(director.address)} cannot be told of IPv${family}`, {
        expected: `directors with IPv${family} addresses, or another transport`,
      })
      break
    }
  }
  if (router.transport !== 'udp' && family === 6 && addresses.length > most6) {
    report.error([...path, 'addresses', most6], `${addresses.length} IPv6 addresses fill several packets`, {
      expected: `at most ${most6}, or transport "udp"`,
    })
  }
  const complete = addresses.every((address) => address !== undefined)
  const told = router.transport === 'multicast' || router.transport === 'unicast'
  if (complete && told && family === 6 && !addresses.some((address) => address && isLinkLocal6(address))) {
    report.warning([...path, 'addresses'], 'no link-local address among them', {
      expected: 'one such as "fe80::100/64", which other VRRP routers may insist on (RFC 9568 section 5.2.9)',
    })
  }
}

/** What an advertisement over Ethernet has room for: its IPv6 packet cannot be fragmented by us. */
const most6 = 90

const longest = { 2: 255_000, 3: Math.floor(maxAdverCentis / 100) * 1000 } as const

function checkInterval(router: RouterDraft, path: Path, report: Report): void {
  const { version, advertisement_interval: interval } = router
  if (version === undefined || interval === undefined) return
  const where = [...path, 'advertisement_interval']
  if (version === 2 && interval % 1000 !== 0 && !report.isAbsent(where)) {
    report.error(where, `"${formatDuration(interval)}" cannot be told by VRRP version 2`, {
      expected: 'whole seconds from "1s" to "255s"',
    })
  } else if (interval > longest[version]) {
    report.error(where, `"${formatDuration(interval)}" is out of range`, {
      expected: 'at most "40s" with VRRP version 3',
    })
  }
}
