/** Rules about the machines behind a service: their names and addresses, and how many connections they take. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import { formatServerAddress } from '../service-address.js'
import type { FileDraft } from '../tables/file.js'
import { Unique } from '../unique.js'
import { checkForwarding, type MachineDraft } from './forwarding.js'
import { checkQuorum } from './quorum.js'
import { checkServerChecks } from './server-checks.js'
import type { ServiceDraft } from './services.js'
import { checkTunnel } from './tunnels.js'

type ServerDraft = NonNullable<NonNullable<ServiceDraft['real_servers']>[number]>

export function checkDestinations(file: FileDraft, service: ServiceDraft, path: Path, report: Report): void {
  const names = new Unique(report, 'two real servers of one name')
  const endpoints = new Unique(report, 'two real servers at one address and port')
  const portless = new Set<string>()
  for (const server of service.real_servers ?? [])
    if (server?.address?.port === 0) portless.add(formatIp(server.address.address))
  for (const [k, server] of (service.real_servers ?? []).entries()) {
    if (!server) continue
    const where: Path = [...path, 'real_servers', k]
    if (server.name !== undefined) names.claim(server.name, [...where, 'name'])
    if (server.address) {
      const address = formatServerAddress(server.address)
      const free = endpoints.claim(address, [...where, 'address'])
      if (free && server.name === undefined) names.claim(address, [...where, 'address'])
      if (server.address.port !== 0 && portless.has(formatIp(server.address.address)))
        report.error(
          [...where, 'address'],
          `${address} beside ${formatIp(server.address.address)} without a port`,
          {
            expected: 'a machine either with its ports or without',
          },
        )
    }
    checkForwarding(file, service, server, where, report)
    checkThresholds(server, where, report)
  }
  checkServerChecks(service, path, report)
  checkQuorum(service, path, report)
  if (service.sorry_server) checkSorry(file, service, service.sorry_server, [...path, 'sorry_server'], report)
  if (!report.isAbsent([...path, 'tunnel']) && !tunnels(service)) {
    report.error([...path, 'tunnel'], 'no server of this service is reached by a tunnel', {
      at: 'key',
      expected: 'forwarding = "tunnel" beside it',
    })
  }
  if (service.tunnel) checkTunnel(service.tunnel, [...path, 'tunnel'], report)
}

/** Also when it cannot be told. */
const tunnels = ({ forwarding, real_servers: servers, sorry_server: sorry }: ServiceDraft): boolean =>
  forwarding === undefined ||
  [{ forwarding }, ...(servers ?? [undefined]), ...(sorry ? [sorry] : [])].some(
    (one) => one === undefined || one.forwarding === 'tunnel',
  )

function checkSorry(
  file: FileDraft,
  service: ServiceDraft,
  sorry: MachineDraft,
  path: Path,
  report: Report,
): void {
  checkForwarding(file, service, sorry, path, report)
  if (!sorry.address) return
  const address = formatServerAddress(sorry.address)
  const { address: at, port } = sorry.address
  // One without a port is there on each.
  const twin = service.real_servers?.findIndex(
    (one) =>
      one?.address &&
      formatIp(one.address.address) === formatIp(at) &&
      (port === 0 || one.address.port === 0 || one.address.port === port),
  )
  if (twin === undefined || twin < 0) return
  report.error([...path, 'address'], `${address} is a real server of this service`, {
    expected: 'another machine, or another port of it',
  })
}

function checkThresholds(server: ServerDraft, path: Path, report: Report): void {
  const { upper_threshold: upper, lower_threshold: lower } = server
  if (upper === undefined || lower === undefined || lower <= upper) return
  const above = upper === 0 ? 'without an upper_threshold' : `above the upper_threshold of ${upper}`
  report.error([...path, 'lower_threshold'], `${lower} is ${above}`, {
    expected: upper === 0 ? 'upper_threshold beside it' : `at most ${upper}`,
  })
}
