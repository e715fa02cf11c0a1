/** What `vipair status` and the metrics show of the table. */
import type { Health } from '../base/facts.js'
import type { DestinationConfig, VirtualServiceConfig } from '../config/model.js'
import { formatServerAddress, formatServiceAddress } from '../config/service-address.js'
import type { OperationResult } from './client.js'
import type { HealthOf } from './desired.js'
import { desiredEntries } from './desired.js'
import { kernelDestination } from './kernel-terms.js'
import {
  type Daemon,
  destinationId,
  type ObservedEntry,
  type ObservedTable,
  type ServiceEntry,
} from './model.js'
import type { DriftRepaired } from './reporter.js'

export interface IpvsServerStatus {
  readonly name: string
  readonly address: string
  /** The verdict that the table follows. */
  readonly health: Health
  readonly configuredWeight: number
  /** What it should be now; undefined: absent. */
  readonly effectiveWeight: number | undefined
  /** What it is, as last seen; undefined: absent. */
  readonly kernelWeight: number | undefined
  readonly activeConnections: number
  readonly inactiveConnections: number
}

export interface IpvsServiceStatus {
  readonly name: string
  readonly address: string
  readonly inKernel: boolean
  readonly realServers: readonly IpvsServerStatus[]
  /** Undefined where the file names none. */
  readonly sorryServer: IpvsSorryStatus | undefined
}

export interface IpvsSorryStatus {
  readonly address: string
  /** It stands in now. */
  readonly inKernel: boolean
  readonly activeConnections: number
  readonly inactiveConnections: number
}

/** Operations by kind, then by result (`OK`, an errno, `timeout`, `skipped`). */
export type OperationCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface IpvsStatus {
  /** The table has been brought to the desired one at least once. */
  readonly reconciled: boolean
  readonly services: readonly IpvsServiceStatus[]
  readonly daemons: readonly Daemon[]
  readonly operations: OperationCounts
  /** Changes by somebody else that were undone, since the start. */
  readonly driftRepaired: number
  readonly lastDrift: DriftRepaired | undefined
  /** Why the table is not the desired one, a line each. */
  readonly problems: readonly string[]
}

export function serviceStatus(
  config: VirtualServiceConfig,
  healthOf: HealthOf,
  table: ObservedTable | undefined,
): IpvsServiceStatus {
  const ports = [...desiredEntries(config, healthOf, table ?? nothing)].map(([id, desired]) => {
    return { desired, actual: table?.services.get(id) }
  })
  const realServers = config.realServers.map((server): IpvsServerStatus => {
    const name = formatServerAddress(server.endpoint)
    const { weights, ...counts } = summed(ports, server)
    return {
      name: server.name,
      address: name,
      health: server.checks.length === 0 ? 'healthy' : healthOf(config.name, server.name),
      configuredWeight: server.weight,
      ...weights,
      ...counts,
    }
  })
  return {
    name: config.name,
    address: formatServiceAddress(config.address),
    inKernel: ports.every(({ actual }) => actual !== undefined),
    realServers,
    sorryServer: config.sorryServer && sorryStatus(ports, config.sorryServer),
  }
}

const nothing: ObservedTable = { services: new Map(), daemons: [] }

interface PortEntry {
  readonly desired: ServiceEntry
  readonly actual: ObservedEntry | undefined
}

function sorryStatus(ports: readonly PortEntry[], sorry: DestinationConfig): IpvsSorryStatus {
  const { weights, ...counts } = summed(ports, sorry)
  return {
    address: formatServerAddress(sorry.endpoint),
    inKernel: weights.kernelWeight !== undefined,
    ...counts,
  }
}

/** Connections of all ports; the weights are the same on each, and the first port speaks for them. */
function summed(ports: readonly PortEntry[], server: DestinationConfig) {
  let effectiveWeight: number | undefined
  let kernelWeight: number | undefined
  let [activeConnections, inactiveConnections] = [0, 0]
  for (const { desired, actual } of ports) {
    const id = destinationId(kernelDestination(desired.service.key, server))
    const there = actual?.destinations.get(id)
    effectiveWeight ??= desired.destinations.get(id)?.weight
    kernelWeight ??= there?.weight
    activeConnections += there?.activeConnections ?? 0
    inactiveConnections += there?.inactiveConnections ?? 0
  }
  return { weights: { effectiveWeight, kernelWeight }, activeConnections, inactiveConnections }
}

export class OperationCounter {
  private readonly counts = new Map<string, Map<string, number>>()

  add(results: readonly OperationResult[]): void {
    for (const { operation, code } of results) {
      const byResult = this.counts.get(operation.kind) ?? new Map<string, number>()
      byResult.set(code, (byResult.get(code) ?? 0) + 1)
      this.counts.set(operation.kind, byResult)
    }
  }

  read(): OperationCounts {
    return Object.fromEntries(
      [...this.counts].map(([kind, byResult]) => [kind, Object.fromEntries(byResult)]),
    )
  }
}
