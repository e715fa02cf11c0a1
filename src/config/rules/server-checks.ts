/** Rules about which checks may stand where. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import { hasManyPorts } from '../service-address.js'
import { formatDuration } from '../values.js'
import { checkForwarded } from './forwarded-checks.js'
import type { ServiceDraft } from './services.js'

type CheckDraft = NonNullable<NonNullable<ServiceDraft['check']>[number]>
type ServerDraft = NonNullable<NonNullable<ServiceDraft['real_servers']>[number]>

export function checkServerChecks(service: ServiceDraft, path: Path, report: Report): void {
  checkList(service.check, [...path, 'check'], report)
  checkForwarded(service, path, report)
  for (const [k, server] of (service.real_servers ?? []).entries()) {
    if (!server) continue
    const where: Path = [...path, 'real_servers', k]
    checkList(server.check, [...where, 'check'], report)
    checkPorts(service, server, path, where, report)
  }
}

/** A server without a port does not say which one to check. */
function checkPorts(
  service: ServiceDraft,
  server: ServerDraft,
  path: Path,
  where: Path,
  report: Report,
): void {
  const many = service.fwmark !== undefined || (service.address && hasManyPorts(service.address))
  if (server.address?.port !== 0 || !many) return
  const own = !report.isAbsent([...where, 'check'])
  const list = own ? server.check : service.check
  const missing = (list ?? []).some((check) => check && !hasNoPort(check.type) && !('port' in check))
  if (!missing) return
  const holder = own ? where : path
  report.error([...holder, 'check'], `no port to check ${formatIp(server.address.address)} on`, {
    expected: 'port = 80 in the check',
  })
}

const hasNoPort = (type: string | undefined): boolean => ['none', 'icmp', 'script'].includes(type ?? '')

function checkList(list: ServiceDraft['check'], path: Path, report: Report): void {
  for (const [i, check] of (list ?? []).entries()) {
    if (!check) continue
    // A single check need not be in a list.
    const where: Path = report.isAbsent([...path, 'type']) ? [...path, i] : path
    if (check.type !== 'none') {
      checkFamilies(check, where, report)
      checkPace(check, where, report)
    } else if (list && list.length > 1)
      report.error(where, '"none" beside other checks', { expected: 'it alone, or without it' })
  }
}

function checkFamilies(check: CheckDraft, path: Path, report: Report): void {
  if (!('bind' in check)) return
  const { address, bind } = check
  if (!bind || !address || 'name' in address || address.family === bind.family) return
  report.error([...path, 'bind'], `${formatIp(bind)} cannot reach ${formatIp(address)}`, {
    expected: 'addresses of one family',
  })
}

function checkPace(check: CheckDraft, path: Path, report: Report): void {
  if (!('interval' in check)) return
  const { interval, fast_interval: fast } = check
  if (interval === undefined || fast === undefined || fast <= interval) return
  report.error([...path, 'fast_interval'], 'longer than the interval', {
    expected: `at most ${formatDuration(interval)}`,
  })
}
