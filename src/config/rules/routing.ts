/** Rules about what else comes and goes with a virtual router: labels, scopes, routes and policy rules. */
import { formatIp, formatPrefix, type IpAddress } from '../../base/ip.js'
import type { Path } from '../node.js'
import { quote } from '../printable.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { maybeNeighbour } from './neighbours.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>
type Family = IpAddress['family']

export function checkRouting(file: FileDraft, router: RouterDraft, path: Path, report: Report): void {
  const family = router.addresses?.find((address) => address !== undefined)?.address.family
  if (family === undefined) return
  checkLabels(router, path, report)
  checkRoutes(file, router, family, path, report)
  checkRules(router, family, path, report)
}

function checkLabels(router: RouterDraft, path: Path, report: Report): void {
  for (const [i, address] of (router.addresses ?? []).entries()) {
    if (!address) continue
    const { label, scope } = address
    const where = [...path, 'addresses', i]
    if (address.address.family === 6) {
      if (label !== undefined)
        report.error([...where, 'label'], 'IPv6 addresses have no label', { expected: 'none', at: 'key' })
      if (scope !== undefined)
        report.error([...where, 'scope'], 'an IPv6 address has the scope that it says itself', {
          expected: 'none',
          at: 'key',
        })
      continue
    }
    const name = address.interface ?? router.interface
    if (label === undefined || name === undefined || label === name || label.startsWith(`${name}:`)) continue
    report.error([...where, 'label'], `${quote(label)} does not begin with the interface's name`, {
      expected: `${quote(name)}, a colon and a word`,
    })
  }
}

function checkRoutes(file: FileDraft, router: RouterDraft, family: Family, path: Path, report: Report): void {
  const unique = new Unique(report, 'two routes to one destination with one metric in one table')
  for (const [i, route] of (router.routes ?? []).entries()) {
    if (!route) continue
    const where = [...path, 'routes', i]
    const to = route.to === 'default' ? undefined : route.to?.address
    for (const [key, address] of Object.entries({ to, via: route.via, source: route.source }))
      if (address) checkFamily(address, family, [...where, key], report)
    if (route.onlink && !route.via && report.isAbsent([...where, 'via']))
      report.error([...where, 'onlink'], 'there is no gateway that could be on the link', {
        expected: '"via"',
        at: 'key',
      })
    // On an interface that is named there may be networks that the file knows nothing of.
    const { via, onlink, interface: name } = route
    if (via?.family === family && !onlink && name === undefined && !maybeNeighbour(via, file))
      report.warning(
        [...where, 'via'],
        `${formatIp(via)} is in no network of the directors or the virtual addresses`,
        {
          expected: 'a neighbour of the directors, the "interface" that it is on, or onlink = true',
        },
      )
    if (route.to !== undefined) {
      const destination = route.to === 'default' ? route.to : formatPrefix(route.to)
      unique.claim(`${destination} ${route.table} ${route.metric ?? ''}`, where)
    }
  }
}

function checkRules(router: RouterDraft, family: Family, path: Path, report: Report): void {
  const unique = new Unique(report, 'two rules that say the same')
  for (const [i, rule] of (router.rules ?? []).entries()) {
    if (!rule) continue
    const where = [...path, 'rules', i]
    const { from, to, fwmark, interface: name, priority, table } = rule
    for (const [key, network] of Object.entries({ from, to }))
      if (network) checkFamily(network.address, family, [...where, key], report)
    const selectors = 'from to fwmark interface'.split(' ')
    if (selectors.every((key) => report.isAbsent([...where, key])))
      report.error(where, 'the rule is for every packet', {
        expected: `at least one of ${selectors.map(quote).join(', ')}`,
      })
    const texts = [from && formatPrefix(from), to && formatPrefix(to), fwmark, name, priority, table]
    unique.claim(JSON.stringify(texts.map((text) => text ?? null)), where)
  }
}

function checkFamily(address: IpAddress, family: Family, path: Path, report: Report): void {
  if (address.family === family) return
  report.error(path, `${formatIp(address)} is IPv${address.family}`, {
    expected: `IPv${family}, as the virtual addresses are`,
  })
}
