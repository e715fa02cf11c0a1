/** The table that the file and the servers' health ask for. */
import { weightAsked } from '../base/asked-weight.js'
import type { AdminAction, AskedWeight, Health, ServerOverride } from '../base/facts.js'
import type { SyncConfig, VirtualServiceConfig } from '../config/model.js'
import { kernelDestination, kernelService, serviceKeys } from './kernel-terms.js'
import { markedLength, markerEntry, markerId } from './marker.js'
import type { Daemon, Destination, ServiceEntry, ServiceKey, Table } from './model.js'
import { destinationId, serviceId } from './model.js'

/** The verdict that stands for a server; `unknown` where there is none yet. */
export type HealthOf = (service: string, server: string) => Health

/** What decides about a server's weight beside its health. */
export interface Influences {
  /** What a server's checks ask for in place of its weight. */
  askedOf(service: string, server: string): AskedWeight | undefined
  overrideOf(service: string, server: string): ServerOverride | undefined
  /** What a server has now of the weight that it will have. */
  momentary(service: string, server: string, full: number): number
  /**
   * Whether the servers that are up weigh enough together. `standsIn`: the sorry server is in the kernel.
   * Asked once for a service, of all its ports.
   */
  hasQuorum(service: VirtualServiceConfig, have: number, standsIn: boolean): boolean
  /** Whether a destination that an operator drains is still to be there. By `serviceId` and `destinationId`. */
  stays(id: string, destination: string): boolean
  /** Destinations that the file has lost and that still drain. */
  leftovers(id: string, actual: ServiceEntry | undefined): readonly Destination[]
}

export const noInfluences: Influences = {
  askedOf: () => undefined,
  overrideOf: () => undefined,
  momentary: (_service, _server, full) => full,
  hasQuorum: ({ quorum }, have) => have >= quorum,
  stays: () => false,
  leftovers: () => [],
}

export interface DesiredSetting {
  readonly services: readonly VirtualServiceConfig[]
  readonly sync: SyncConfig
  /** This director's id: the syncid of what it sends. */
  readonly directorId: number
  /** The peer's; undefined without a peer, and then without sync daemons. */
  readonly peerId: number | undefined
  /** The sync process connects to its own service, so that the kernel tells it soon. */
  readonly marked?: boolean
}

/**
 * Both daemons on `lo`, so that nobody outside hears or injects; the bytes cross to the peer over the
 * pair's authenticated channel. Each director sends under its own id and is told apart by it.
 */
const SYNC_INTERFACE = 'lo'

export function desiredTable(
  setting: DesiredSetting,
  healthOf: HealthOf,
  actual: Table,
  influences: Influences = noInfluences,
): Table {
  const services = new Map<string, ServiceEntry>()
  for (const service of setting.services)
    for (const [id, entry] of desiredEntries(service, healthOf, actual, influences)) services.set(id, entry)
  const daemons = desiredDaemons(setting)
  if (isMarked(setting)) services.set(markerId, markerEntry)
  return { services, daemons }
}

export const isMarked = (setting: DesiredSetting): boolean =>
  setting.marked === true && desiredDaemons(setting).length > 0

export function desiredDaemons({ sync, directorId, peerId, marked }: DesiredSetting): readonly Daemon[] {
  if (sync.transport === 'off' || peerId === undefined) return []
  return [
    {
      role: 'master',
      interface: SYNC_INTERFACE,
      syncId: directorId,
      maxLength: marked ? markedLength : undefined,
    },
    { role: 'backup', interface: SYNC_INTERFACE, syncId: peerId, maxLength: undefined },
  ]
}

/** What one service of the file is in the kernel, by `serviceId`: a range of ports is as many services. */
export function desiredEntries(
  config: VirtualServiceConfig,
  healthOf: HealthOf,
  actual: Table,
  influences: Influences = noInfluences,
): ReadonlyMap<string, ServiceEntry> {
  const entries = new Map<string, ServiceEntry>()
  // The ports are alike, and the first one speaks for all.
  let enough: boolean | undefined
  for (const key of serviceKeys(config)) {
    const id = serviceId(key)
    const entry = desiredEntry(config, key, healthOf, actual.services.get(id), {
      ...influences,
      hasQuorum: (...weights) => {
        enough ??= influences.hasQuorum(...weights)
        return enough
      },
    })
    entries.set(id, entry)
  }
  return entries
}

/** With the destinations that should stand now. `actual` is asked only where health is unknown. */
function desiredEntry(
  config: VirtualServiceConfig,
  key: ServiceKey,
  healthOf: HealthOf,
  actual: ServiceEntry | undefined,
  influences: Influences,
): ServiceEntry {
  const name = serviceId(key)
  const leaving = influences.leftovers(name, actual)
  const destinations = new Map(leaving.map((destination) => [destinationId(destination), destination]))
  const sorry = config.sorryServer && kernelDestination(key, config.sorryServer)
  const standsIn = sorry !== undefined && actual?.destinations.has(destinationId(sorry)) === true
  let have = 0
  /** Back when the sorry server goes. */
  const waiting = new Map<string, Destination>()
  for (const server of config.realServers) {
    const destination = kernelDestination(key, server)
    const id = destinationId(destination)
    const health = server.checks.length === 0 ? 'healthy' : healthOf(config.name, server.name)
    // An earlier run took it out when the sorry server came in: not new, and still down as far as is known.
    const out = standsIn && config.onDown === 'remove' && actual?.destinations.has(id) === false
    const inKernel = actual?.destinations.get(id)?.weight
    const override = influences.overrideOf(config.name, server.name)
    const asked = influences.askedOf(config.name, server.name)
    const full = override?.weight ?? (asked ? weightAsked(asked, server.weight) : server.weight)
    const weight =
      override?.action === 'drain'
        ? inKernel !== undefined && influences.stays(name, id)
          ? 0
          : undefined
        : weightFor(config, health, inKernel, override?.action, () =>
            influences.momentary(config.name, server.name, full),
          )
    if (weight === undefined) continue
    if (health === 'unknown' && out) {
      waiting.set(id, { ...destination, weight })
      continue
    }
    destinations.set(id, { ...destination, weight })
    if (weight > 0) have += full
  }
  const enough = influences.hasQuorum(config, have, standsIn)
  if (sorry !== undefined && (!enough || have === 0)) {
    // Whoever is up keeps its connections, also where on_down would remove it.
    for (const [id, destination] of destinations) destinations.set(id, { ...destination, weight: 0 })
    destinations.set(destinationId(sorry), sorry)
  } else for (const [id, destination] of waiting) destinations.set(id, destination)
  return { service: kernelService(config, key), destinations }
}

/**
 * Undefined: absent. Unknown health changes nothing: a destination keeps the weight that it has in the
 * kernel, and only a new one starts as `initial` says.
 */
function weightFor(
  { onDown, initial }: VirtualServiceConfig,
  health: Health,
  inKernel: number | undefined,
  action: AdminAction | undefined,
  momentary: () => number,
): number | undefined {
  if (action === 'disable') return undefined
  if (health === 'unhealthy') return onDown === 'remove' ? undefined : 0
  if (action === 'quiesce') return 0
  if (health === 'healthy') return momentary()
  if (inKernel === undefined) return initial === 'up' ? momentary() : 0
  return inKernel > 0 && action === 'weight' ? momentary() : inKernel
}
