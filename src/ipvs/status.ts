/** What `vipair status` and the metrics show of the table. */
import type { Health } from '../base/facts.js'
import { type Millis, millis } from '../base/units.js'
import type { DestinationConfig, RealServerConfig, VirtualServiceConfig } from '../config/model.js'
import { formatServerAddress, formatServiceAddress } from '../config/service-address.js'
import type { Circumstances } from './circumstances.js'
import type { OperationResult } from './client.js'
import type { Panic } from './judgement.js'
import { kernelDestination, serviceIds } from './kernel-terms.js'
import {
  type Daemon,
  destinationId,
  type ObservedEntry,
  type ObservedTable,
  type ServiceEntry,
} from './model.js'
import type { QuorumState } from './quorum.js'
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
  /** It is served though it failed: too many did at once. */
  readonly suspect: boolean
  /** While it is kept out for having changed too often, unless too few others are up. */
  readonly heldLeft: Millis | undefined
  /** While it drains by an operator's word: what is left of its time. */
  readonly drainLeft: Millis | undefined
  /** While its weight rises: until it has all of it. */
  readonly slowStartLeft: Millis | undefined
}

/** A destination that the file has lost. */
export interface IpvsDrainStatus {
  readonly address: string
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly left: Millis
}

export interface IpvsServiceStatus {
  readonly name: string
  readonly address: string
  readonly inKernel: boolean
  readonly realServers: readonly IpvsServerStatus[]
  /** Undefined where the file names none. */
  readonly sorryServer: IpvsSorryStatus | undefined
  readonly draining: readonly IpvsDrainStatus[]
  /** Undefined before the table was first looked at. */
  readonly quorum: QuorumState | undefined
  /** While too many have failed at once to be believed. */
  readonly panic: Panic | undefined
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
  circumstances: Circumstances,
  table: ObservedTable | undefined,
  now: Millis,
): IpvsServiceStatus {
  const ports = [...circumstances.lastDesired(config, table ?? nothing, now)].map(([id, desired]) => {
    return { id, desired, actual: table?.services.get(id) }
  })
  const realServers = config.realServers.map((server): IpvsServerStatus => {
    const name = formatServerAddress(server.endpoint)
    const { judgements } = circumstances
    const heldUntil = judgements.heldUntil(config.name, server.name)
    const { weights, ...counts } = summed(ports, server)
    return {
      name: server.name,
      address: name,
      health: circumstances.healthOf(config, server),
      configuredWeight: server.weight,
      ...weights,
      ...counts,
      suspect: judgements.isSuspect(config.name, server.name),
      heldLeft: heldUntil && leftOf(heldUntil, now),
      drainLeft: adminDrainLeft(circumstances, ports, server, config.name, now),
      slowStartLeft: circumstances.slowStartLeft(config.name, server.name, now),
    }
  })
  return {
    name: config.name,
    address: formatServiceAddress(config.address),
    inKernel: ports.every(({ actual }) => actual !== undefined),
    realServers,
    sorryServer: config.sorryServer && sorryStatus(ports, config.sorryServer),
    draining: drainsOf(config, circumstances, table, now),
    quorum: circumstances.judgements.quorumOf(config.name),
    panic: circumstances.judgements.panicOf(config.name),
  }
}

const leftOf = (deadline: Millis, now: Millis): Millis => millis(Math.max(0, Math.round(deadline - now)))

/** Those that are still there. */
function adminDrainLeft(
  circumstances: Circumstances,
  ports: readonly PortEntry[],
  server: RealServerConfig,
  service: string,
  now: Millis,
): Millis | undefined {
  if (circumstances.overrideOf(service, server.name)?.action !== 'drain') return undefined
  for (const { id, desired, actual } of ports) {
    const destination = destinationId(kernelDestination(desired.service.key, server))
    const drain = circumstances.draining.of(id, destination)
    if (drain && actual?.destinations.has(destination)) return leftOf(drain.deadline, now)
  }
  return undefined
}

function drainsOf(
  config: VirtualServiceConfig,
  { draining }: Circumstances,
  table: ObservedTable | undefined,
  now: Millis,
): readonly IpvsDrainStatus[] {
  if (draining.size === 0) return []
  return serviceIds(config).flatMap((id) =>
    draining.ofService(id).flatMap(({ by, destination: address, deadline }): readonly IpvsDrainStatus[] => {
      const there = by === 'file' ? table?.services.get(id)?.destinations.get(address) : undefined
      if (there === undefined) return []
      const { activeConnections, inactiveConnections } = there
      return [{ address, activeConnections, inactiveConnections, left: leftOf(deadline, now) }]
    }),
  )
}

const nothing: ObservedTable = { services: new Map(), daemons: [] }

interface PortEntry {
  readonly id: string
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
