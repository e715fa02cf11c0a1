/** What `vipair status` and the metrics show of the table. */
import type { Health } from '../base/facts.js'
import { formatEndpoint } from '../base/ip.js'
import type { VirtualServiceConfig } from '../config/model.js'
import type { OperationResult } from './client.js'
import type { HealthOf } from './desired.js'
import { desiredEntry, keyOf } from './desired.js'
import type { Daemon, ObservedTable } from './model.js'
import { serviceId } from './model.js'
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
  const actual = table?.services.get(serviceId(keyOf(config)))
  const desired = desiredEntry(config, healthOf, actual)
  const realServers = config.realServers.map((server): IpvsServerStatus => {
    const id = formatEndpoint(server.endpoint)
    const there = actual?.destinations.get(id)
    return {
      name: server.name,
      address: id,
      health: server.checks.length === 0 ? 'healthy' : healthOf(config.name, server.name),
      configuredWeight: server.weight,
      effectiveWeight: desired.destinations.get(id)?.weight,
      kernelWeight: there?.weight,
      activeConnections: there?.activeConnections ?? 0,
      inactiveConnections: there?.inactiveConnections ?? 0,
    }
  })
  return {
    name: config.name,
    address: formatEndpoint(config.endpoint),
    inKernel: actual !== undefined,
    realServers,
  }
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
