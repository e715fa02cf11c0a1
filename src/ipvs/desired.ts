/** The table that the file and the servers' health ask for. */
import type { Health } from '../base/facts.js'
import type { RealServerConfig, SyncConfig, VirtualServiceConfig } from '../config/model.js'
import { kernelDestination, kernelService, serviceKeys } from './kernel-terms.js'
import type { Daemon, Destination, ServiceEntry, ServiceKey, Table } from './model.js'
import { destinationId, serviceId } from './model.js'

/** The verdict that stands for a server; `unknown` where there is none yet. */
export type HealthOf = (service: string, server: string) => Health

export interface DesiredSetting {
  readonly services: readonly VirtualServiceConfig[]
  readonly sync: SyncConfig
  /** This director's id: the syncid of what it sends. */
  readonly directorId: number
  /** The peer's; undefined without a peer, and then without sync daemons. */
  readonly peerId: number | undefined
}

/**
 * Both daemons on `lo`, so that nobody outside hears or injects; the bytes cross to the peer over the
 * pair's authenticated channel. Each director sends under its own id and is told apart by it.
 */
const SYNC_INTERFACE = 'lo'

export function desiredTable(setting: DesiredSetting, healthOf: HealthOf, actual: Table): Table {
  const services = new Map<string, ServiceEntry>()
  for (const service of setting.services)
    for (const [id, entry] of desiredEntries(service, healthOf, actual)) services.set(id, entry)
  return { services, daemons: desiredDaemons(setting) }
}

export function desiredDaemons({ sync, directorId, peerId }: DesiredSetting): readonly Daemon[] {
  if (sync.transport === 'off' || peerId === undefined) return []
  return [
    { role: 'master', interface: SYNC_INTERFACE, syncId: directorId, maxLength: undefined },
    { role: 'backup', interface: SYNC_INTERFACE, syncId: peerId, maxLength: undefined },
  ]
}

/** What one service of the file is in the kernel, by `serviceId`: a range of ports is as many services. */
export function desiredEntries(
  config: VirtualServiceConfig,
  healthOf: HealthOf,
  actual: Table,
): ReadonlyMap<string, ServiceEntry> {
  const entries = new Map<string, ServiceEntry>()
  for (const key of serviceKeys(config)) {
    const id = serviceId(key)
    entries.set(id, desiredEntry(config, key, healthOf, actual.services.get(id)))
  }
  return entries
}

/** With the destinations that should stand now. `actual` is asked only where health is unknown. */
function desiredEntry(
  config: VirtualServiceConfig,
  key: ServiceKey,
  healthOf: HealthOf,
  actual: ServiceEntry | undefined,
): ServiceEntry {
  const destinations = new Map<string, Destination>()
  const sorry = config.sorryServer && kernelDestination(key, config.sorryServer)
  const standsIn = sorry !== undefined && actual?.destinations.has(destinationId(sorry)) === true
  for (const server of config.realServers) {
    const destination = kernelDestination(key, server)
    const id = destinationId(destination)
    const health = server.checks.length === 0 ? 'healthy' : healthOf(config.name, server.name)
    // An earlier run took it out when the sorry server came in: not new, and still down as far as is known.
    const out = standsIn && config.onDown === 'remove' && actual?.destinations.has(id) === false
    if (health === 'unknown' && out) continue
    const weight = weightFor(config, server, health, actual?.destinations.get(id)?.weight)
    if (weight !== undefined) destinations.set(id, { ...destination, weight })
  }
  if (sorry !== undefined && ![...destinations.values()].some(({ weight }) => weight > 0))
    destinations.set(destinationId(sorry), sorry)
  return { service: kernelService(config, key), destinations }
}

/**
 * Undefined: absent. Unknown health changes nothing: a destination keeps the weight that it has in the
 * kernel, and only a new one starts as `initial` says.
 */
function weightFor(
  config: VirtualServiceConfig,
  server: RealServerConfig,
  health: Health,
  inKernel: number | undefined,
): number | undefined {
  switch (health) {
    case 'healthy':
      return server.weight
    case 'unhealthy':
      return config.onDown === 'remove' ? undefined : 0
    case 'unknown':
      return inKernel ?? (config.initial === 'up' ? server.weight : 0)
  }
}
