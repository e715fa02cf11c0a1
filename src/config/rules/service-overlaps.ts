/** Two services must not ask for the same packets. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'

interface Span {
  readonly first: number
  readonly last: number
  readonly path: Path
  /** In the file. */
  readonly place: number
}

const message = 'two virtual services on one protocol, address and port'
const lastPort = 65535

export function checkOverlaps(file: FileDraft, report: Report): void {
  const marks = new Unique(report, 'two virtual services on one firewall mark')
  const spans = new Map<string, Span[]>()
  for (const [place, service] of (file.virtual_service ?? []).entries()) {
    if (!service) continue
    if (service.fwmark !== undefined) {
      marks.claim(`${service.family ?? 'ipv4'} ${service.fwmark}`, ['virtual_service', place, 'fwmark'])
    } else if (service.address && service.protocol !== undefined) {
      const { address, firstPort, lastPort: end } = service.address
      const where = `${service.protocol} ${formatIp(address)}`
      const path = ['virtual_service', place, 'address']
      const span = { first: firstPort, last: firstPort === 0 ? lastPort : end, path, place }
      spans.set(where, [...(spans.get(where) ?? []), span])
    }
  }
  for (const some of spans.values()) compare(some, report)
}

/** Along the ports: each against the one that reaches furthest so far. */
function compare(spans: readonly Span[], report: Report): void {
  let furthest: Span | undefined
  for (const span of [...spans].sort((a, b) => a.first - b.first || a.place - b.place)) {
    if (furthest && span.first <= furthest.last) {
      const [early, late] = span.place < furthest.place ? [span, furthest] : [furthest, span]
      report.error(late.path, `${message}: see ${report.placeOf(early.path)}`)
    }
    if (!furthest || span.last > furthest.last) furthest = span
  }
}
