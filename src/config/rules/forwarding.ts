/** Rules about how packets get to a machine: what the kernel refuses, and what it would take in silence. */
import { type Endpoint, equalIp, formatEndpoint, formatIp, isLoopback } from '../../base/ip.js'
import type { Port } from '../../base/units.js'
import type { Forwarding } from '../model.js'
import type { Path } from '../node.js'
import type { Report } from '../report.js'
import { hasManyPorts, type PortsAddress } from '../service-address.js'
import type { FileDraft } from '../tables/file.js'
import type { ServiceDraft } from './services.js'
import { checkTunnel } from './tunnels.js'

/** What a real server and a sorry server have in common. */
export type MachineDraft = NonNullable<ServiceDraft['sorry_server']>

export function checkForwarding(
  file: FileDraft,
  service: ServiceDraft,
  server: MachineDraft,
  path: Path,
  report: Report,
): void {
  const unreadable = !report.isAbsent([...path, 'forwarding']) && server.forwarding === undefined
  const method = unreadable ? undefined : (server.forwarding ?? service.forwarding)
  if (server.tunnel) {
    checkTunnel(server.tunnel, [...path, 'tunnel'], report)
    if (method !== undefined && method !== 'tunnel') {
      report.error([...path, 'tunnel'], `forwarding is "${method}"`, {
        at: 'key',
        expected: 'forwarding = "tunnel" beside it',
      })
    }
  }
  if (!server.address) return
  const where: Path = [...path, 'address']
  const { address } = server.address
  if (service.address && formatIp(service.address.address) === formatIp(server.address.address)) {
    report.error(where, "the service's own address", { expected: 'the address of another machine' })
  }
  if (method !== undefined && translates(method) && isLoopback(address)) {
    // ip_vs_nat_xmit drops them; as they are (direct) they reach a local socket.
    report.error(where, 'the kernel translates nothing from outside to a loopback address', {
      expected: 'direct forwarding on the same port, or another address of the machine',
    })
  }
  const director = file.director?.find((one) => one?.address && equalIp(one.address, address))
  if (director?.name !== undefined && file.director?.length === 2 && method && !translates(method)) {
    report.warning(where, `the director ${director.name}, whose table sends on what the other one sends it`, {
      expected: 'a machine that is no director, or forwarding = "full_nat"',
    })
  }
  const family =
    service.fwmark === undefined ? service.address?.address.family : service.family === 'ipv6' ? 6 : 4
  if (family !== undefined && family !== server.address.address.family)
    checkMixed(file, family, server.address, method, where, report)
  checkPort(service, server.address, method, where, report)
}

function checkMixed(
  file: FileDraft,
  family: 4 | 6,
  { address }: Endpoint,
  method: Forwarding | undefined,
  where: Path,
  report: Report,
): void {
  const what = `IPv${address.family} behind an IPv${family} service`
  if (method !== undefined && method !== 'tunnel') {
    report.error(where, what, { expected: 'addresses of one family, or forwarding = "tunnel"' })
  } else if (method === 'tunnel' && file.director?.length === 2 && file.sync?.transport === 'unicast') {
    report.error(where, `${what}: the kernel mirrors no connections while there is such a server`, {
      expected: 'addresses of one family, or transport = "off" in [sync]',
    })
  }
}

/** Only address translation can change a port; the kernel ignores another one, or sends to it in vain. */
function checkPort(
  service: ServiceDraft,
  to: Endpoint,
  method: Forwarding | undefined,
  where: Path,
  report: Report,
): void {
  const at = addressOf(service)
  if (at === undefined || method === undefined) return
  const alone = `"${formatIp(to.address)}" without a port: the one that the client asked for`
  if (at !== 'mark' && !hasManyPorts(at)) {
    checkSinglePort(at.firstPort, to, method, where, report)
    return
  }
  if (to.port === 0) return
  if (!translates(method)) {
    report.error(where, `${by[method]} cannot change ports to ${to.port}`, { expected: alone })
  } else if (at !== 'mark' && at.firstPort === 0) {
    report.error(where, `the kernel keeps the ports of a service of all ports, and ignores ${to.port}`, {
      expected: alone,
    })
  } else if (at === 'mark' && isPersistent(service)) {
    report.error(where, `with persistence the kernel keeps the ports of a mark, and ignores ${to.port}`, {
      expected: alone,
    })
  }
}

export const translates = (method: Forwarding): method is 'nat' | 'full_nat' =>
  method === 'nat' || method === 'full_nat'

const by = { direct: 'direct forwarding', tunnel: 'a tunnel' } as const

function checkSinglePort(from: Port, to: Endpoint, method: Forwarding, where: Path, report: Report): void {
  if (to.port === 0) {
    const suggestion = `"${formatEndpoint({ ...to, port: from })}"`
    report.error(where, `"${formatIp(to.address)}" has no port`, { expected: 'address and port', suggestion })
  } else if (!translates(method) && from !== to.port) {
    report.error(where, `${by[method]} cannot change port ${from} to ${to.port}`, {
      expected: `port ${from}, or forwarding = "nat"`,
    })
  }
}

function addressOf({ fwmark, address }: ServiceDraft): PortsAddress | 'mark' | undefined {
  return fwmark === undefined ? address : 'mark'
}

const isPersistent = ({ persistence }: ServiceDraft): boolean =>
  persistence !== undefined && persistence !== 0
