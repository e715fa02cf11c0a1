/** Rules about services whose servers are reached by address translation. */
import { formatIp, type IpAddress, isInNetwork } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { FileDraft } from '../tables/file.js'

type RouterDraft = NonNullable<NonNullable<FileDraft['virtual_router']>[number]>
type ServiceDraft = NonNullable<NonNullable<FileDraft['virtual_service']>[number]>
type ServerDraft = NonNullable<NonNullable<ServiceDraft['real_servers']>[number]>

export function checkTranslation(file: FileDraft, report: Report): void {
  const routers = known(file.virtual_router)
  for (const [i, service] of (file.virtual_service ?? []).entries()) {
    if (!service) continue
    const path: Path = ['virtual_service', i]
    checkMixture(service, path, report)
    if (routers) checkGateway(service, routers, path, report)
  }
}

type MachineDraft = ServerDraft | NonNullable<ServiceDraft['sorry_server']>

const methodOf = (service: ServiceDraft, server: MachineDraft, path: Path, report: Report) =>
  report.isAbsent([...path, 'forwarding']) ? service.forwarding : server.forwarding

/** The source is translated by service, whichever server the connection goes to. */
function checkMixture(service: ServiceDraft, path: Path, report: Report): void {
  const machines = [
    ...(service.real_servers ?? []).map((server, k) => ({ server, path: [...path, 'real_servers', k] })),
    { server: service.sorry_server, path: [...path, 'sorry_server'] },
  ]
  const methods = machines.map(({ server, path: own }) => server && methodOf(service, server, own, report))
  if (!methods.includes('full_nat')) return
  if (service.protocol === 'sctp') {
    report.warning([...path, 'protocol'], 'full NAT of SCTP: its sessions end with their director')
  }
  if (!methods.includes('nat')) return
  // The sorry server is the odd one out, whatever it is.
  const odd = methods.slice(0, -1).includes('nat') && methods.slice(0, -1).includes('full_nat')
  const at = odd ? methods.indexOf('nat') : machines.length - 1
  const [one, other] = [methods[at] ?? 'nat', methods[at] === 'nat' ? 'full_nat' : 'nat']
  report.error(machines[at]?.path ?? path, `"${one}" beside "${other}" in one service`, {
    expected: 'one of them for all servers, the sorry server included',
  })
}

/** NAT's answers come back only through an address that moves with the virtual one. */
function checkGateway(
  service: ServiceDraft,
  routers: readonly RouterDraft[],
  path: Path,
  report: Report,
): void {
  const virtual = service.address && 'address' in service.address ? service.address.address : undefined
  if (!virtual) return
  const holder = routers.find(({ addresses }) => addresses?.some((one) => one && same(one.address, virtual)))
  if (!holder) return
  const together =
    holder.group === undefined ? [holder] : routers.filter(({ group }) => group === holder.group)
  const prefixes = together.flatMap(({ addresses }) => addresses?.filter((one) => one !== undefined) ?? [])
  for (const [k, server] of (service.real_servers ?? []).entries()) {
    const where: Path = [...path, 'real_servers', k]
    if (!server?.address || methodOf(service, server, where, report) !== 'nat') continue
    const { address } = server.address
    if (prefixes.some((prefix) => isInNetwork(prefix, address))) continue
    report.warning(
      where,
      `NAT: nothing on the network of ${formatIp(address)} moves with ${formatIp(virtual)}`,
      {
        expected:
          'the gateway of the servers among the addresses of the virtual_router, or of one in its group; or forwarding = "full_nat"',
      },
    )
    return
  }
}

const same = (a: IpAddress, b: IpAddress): boolean => formatIp(a) === formatIp(b)

/** Undefined when some could not be read: what is missing may be there. */
function known<T>(all: readonly (T | undefined)[] | undefined): readonly T[] | undefined {
  const read = (all ?? []).filter((one) => one !== undefined)
  return read.length === (all ?? []).length ? read : undefined
}
