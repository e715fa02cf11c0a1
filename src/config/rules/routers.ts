/** Rules about virtual routers and their addresses. */
import { formatIp, isLoopback } from '../../base/ip.js'
import { ownerPriority, priority as toPriority } from '../../base/units.js'
import { defaultInterval2, defaultPriorities } from '../defaults.js'
import type { Path } from '../node.js'
import { quote } from '../printable.js'
import type { Report } from '../report.js'
import { nearest } from '../suggest.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { formatDuration } from '../values.js'
import { checkOwner } from './owner.js'
import { checkProtocol } from './router-protocol.js'
import { checkRouting } from './routing.js'
import { checkVirtualMac } from './virtual-mac.js'
import { checkVrids } from './vrids.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>

export function checkRouters(file: FileDraft, report: Report): void {
  const names = new Unique(report, 'two virtual routers of one name')
  const addresses = new Unique(report, 'this address is used twice')
  for (const [i, router] of (file.virtual_router ?? []).entries()) {
    if (!router) continue
    const path: Path = ['virtual_router', i]
    if (router.name !== undefined) names.claim(router.name, [...path, 'name'])
    for (const [k, prefix] of (router.addresses ?? []).entries()) {
      if (!prefix) continue
      addresses.claim(formatIp(prefix.address), [...path, 'addresses', k])
      if (isLoopback(prefix.address)) {
        const what = `${formatIp(prefix.address)} is a loopback address, which no client can reach`
        report.error([...path, 'addresses', k], what, {
          expected: 'an address of a network that the director is in',
        })
      }
    }
    if (router.group !== undefined && sizeOf(router.group, file) === 1)
      report.warning([...path, 'group'], `${quote(router.group)} has this router alone`, {
        expected: 'at least two virtual routers that move together',
      })
    checkOwner(file, router, path, report)
    checkRouting(file, router, path, report)
    checkPriorities(file, router, path, report)
    checkLease(router, path, report)
    checkProtocol(file, router, path, report)
    checkVirtualMac(file, router, path, report)
  }
  checkVrids(file, report)
}

const sizeOf = (group: string, file: FileDraft): number =>
  (file.virtual_router ?? []).filter((router) => !router || router.group === group).length

function checkPriorities(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  const directors = file.director ?? []
  const names = directors.flatMap((director) => (director?.name === undefined ? [] : [director.name]))
  const given = router.priority ?? {}
  for (const name of Object.keys(given)) {
    // A director whose own name could not be read may be the one that is meant.
    if (names.includes(name) || names.length < directors.length) continue
    const meant = nearest(name, names)
    report.error([...path, 'priority', name], `no director is called ${quote(name)}`, {
      at: 'key',
      expected: names.map(quote).join(' or '),
      suggestion: meant && quote(meant),
    })
  }
  if (directors.length !== 2 || names.length !== 2) return
  const [first, second] = directors.map((director, i) => {
    const mapped = Object.hasOwn(given, names[i] ?? '') ? given[names[i] ?? ''] : undefined
    return mapped ?? director?.priority ?? toPriority(defaultPriorities[i] ?? 0)
  })
  if (first === ownerPriority && second === ownerPriority) {
    report.error([...path, 'priority'], 'two owners of one address', {
      expected: `${ownerPriority} for one director only`,
    })
  } else if (first === second) {
    report.warning(
      path,
      `both directors have priority ${first}: the higher address will win every election`,
      {
        expected: 'two different priorities',
      },
    )
  }
}

/**
 * After the last advertisement the peer takes over within four intervals (three and the skew time), and a
 * dead process may have refreshed the lease a third of it before: whoever dies without a word leaves the
 * addresses to nobody for the rest.
 */
const leaseIntervals = 6

function checkLease(
  { lease, version, advertisement_interval: written }: RouterDraft,
  path: Path,
  report: Report,
): void {
  const left = version === 2 && report.isAbsent([...path, 'advertisement_interval'])
  const interval = left ? defaultInterval2 : written
  if (!lease || interval === undefined || lease >= leaseIntervals * interval) return
  const down = formatDuration(lease)
  report.warning(
    [...path, 'lease'],
    `a lease of ${down} may end before the peer takes over: after a crash nobody would own the addresses`,
    { expected: `at least six times the advertisement_interval of ${formatDuration(interval)}` },
  )
}
