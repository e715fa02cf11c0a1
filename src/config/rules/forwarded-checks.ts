/** Rules about checks of the virtual address on a server: `through = "forwarding"`. */
import { formatIp } from '../../base/ip.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import type { ServiceDraft } from './services.js'

type ServerDraft = NonNullable<NonNullable<ServiceDraft['real_servers']>[number]>
type TcpDraft = Extract<
  NonNullable<NonNullable<ServiceDraft['check']>[number]>,
  { readonly through?: unknown }
>

export function checkForwarded(service: ServiceDraft, path: Path, report: Report): void {
  // What is wrong with the service's check is wrong with most of its servers.
  let told = false
  for (const [k, server] of (service.real_servers ?? []).entries()) {
    if (!server) continue
    const where: Path = [...path, 'real_servers', k]
    const own = !report.isAbsent([...where, 'check'])
    if (!own && told) continue
    const holder: Path = [...(own ? where : path), 'check']
    for (const [i, check] of ((own ? server.check : service.check) ?? []).entries()) {
      if (!check || !('through' in check) || check.through !== 'forwarding') continue
      const problem = obstacle(service, server, check)
      if (!problem) continue
      const place: Path = report.isAbsent([...holder, i]) ? holder : [...holder, i]
      report.error([...place, 'through'], ...problem)
      told ||= !own
    }
  }
}

function obstacle(
  service: ServiceDraft,
  server: ServerDraft,
  { address, bind, send, expect }: TcpDraft,
): readonly [string, { readonly expected: string }] | undefined {
  const method = server.forwarding ?? service.forwarding
  if (service.fwmark !== undefined)
    return ['a mark does not say which virtual address to check', { expected: '"address"' }]
  if (method === 'nat' || method === 'full_nat')
    return [`with ${method} a server does not have the virtual address`, { expected: '"address"' }]
  if (send !== undefined || expect !== undefined)
    return ['nothing is said on the connection', { expected: '"address", or it without send and expect' }]
  if (address)
    return [
      'what is checked is the server itself',
      { expected: 'it without address, or through = "address"' },
    ]
  const virtual = service.address?.address
  if (!virtual || !server.address) return undefined
  if (bind && bind.family !== virtual.family)
    return [`${formatIp(virtual)} cannot answer ${formatIp(bind)}`, { expected: 'bind of its family' }]
  if (!bind && virtual.family !== server.address.address.family)
    return [
      `nothing says where ${formatIp(virtual)} is to answer`,
      { expected: `bind with an address of IPv${virtual.family}` },
    ]
  return undefined
}
