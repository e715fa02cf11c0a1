/** Which process checks which server, and how many processes that takes. Pure. */
import type { IpAddress } from '../base/ip.js'
import type { CheckConfig } from '../config/check.js'
import type { RealServerConfig, VirtualServiceConfig } from '../config/model.js'

type Services = readonly VirtualServiceConfig[]

/** CPU time of one run, in microseconds; generous, so that a process is not full when it is said to be. */
const costs = { plain: 100, rich: 600 } as const
/** What the checks of one process may need, in microseconds a millisecond: half a core. */
const fullLoad = 500

/** Kinds that are more than a few packets. */
const rich: ReadonlySet<string> = new Set(['https', 'tls', 'grpc', 'script'])

const costOf = ({ type }: CheckConfig): number => (rich.has(type) ? costs.rich : costs.plain)

const loads = new WeakMap<VirtualServiceConfig, number>()

/** Microseconds a millisecond, were no check shared with another service. */
function loadOf(service: VirtualServiceConfig): number {
  const known = loads.get(service)
  if (known !== undefined) return known
  let load = 0
  for (const { checks } of service.realServers)
    for (const check of checks) load += costOf(check) / check.interval
  loads.set(service, load)
  return load
}

/** As the checks need; one core is left to the other processes. */
export function processesNeeded(services: Services, cores: number): number {
  const load = services.reduce((sum, service) => sum + loadOf(service), 0)
  return Math.max(1, Math.min(cores - 1, Math.ceil(load / fullLoad)))
}

/**
 * By rendezvous: every process has a score for the address, and the highest has the server. One process
 * more takes its servers from all the others, and nothing else moves.
 */
export function shareOf(address: IpAddress, processes: number): number {
  let hash = 0x811c9dc5
  for (const byte of address.bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  let best = { score: -1, process: 0 }
  for (let process = 0; process < processes; process++) {
    const score = mixed(hash ^ Math.imul(process + 1, 0x9e3779b1))
    if (score > best.score) best = { score, process }
  }
  return best.process
}

/** The finisher of MurmurHash3: each bit of the result depends on every bit. */
function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * The services as each process is to have them: with its own servers, and left out where it has none. All
 * servers of one address are in one share, so that equal checks of it still meet. The same service gives the
 * very same objects again.
 */
export class CheckShares {
  private readonly slices = new WeakMap<VirtualServiceConfig, ReadonlyMap<number, VirtualServiceConfig>>()

  constructor(readonly processes: number) {}

  of(services: Services): readonly Services[] {
    if (this.processes === 1) return [services]
    const shares = Array.from({ length: this.processes }, (): VirtualServiceConfig[] => [])
    for (const service of services)
      for (const [process, slice] of this.slicesOf(service)) shares[process]?.push(slice)
    return shares
  }

  private slicesOf(service: VirtualServiceConfig): ReadonlyMap<number, VirtualServiceConfig> {
    const known = this.slices.get(service)
    if (known) return known
    const servers = new Map<number, RealServerConfig[]>()
    for (const server of service.realServers) {
      const process = shareOf(server.endpoint.address, this.processes)
      const share = servers.get(process)
      if (share) share.push(server)
      else servers.set(process, [server])
    }
    const slices = new Map(
      [...servers].map(([process, realServers]) => [process, { ...service, realServers }]),
    )
    this.slices.set(service, slices)
    return slices
  }
}
