/** Puts together what the children reported into what a person or a script asks for. Pure. */
import type { ServerHealth } from '../base/facts.js'
import type {
  DirectorStatus,
  HookStatus,
  PeerStatus,
  ProcessStatus,
  SyncStatus,
  TableStatus,
  VirtualRouterStatus,
} from '../base/status.js'
import type { Millis } from '../base/units.js'
import type { Config, DirectorConfig } from '../config/model.js'
import type { HealthcheckStatus } from '../healthcheck/runtime.js'
import type { HookReport } from '../hooks/runtime.js'
import type { IpvsStatus } from '../ipvs/status.js'
import type { PairLinkStatus } from '../pair/link.js'
import type { SyncStatus as SyncReport } from '../sync/runtime.js'
import type { VrrpStatus } from '../vrrp/status.js'
import { checksByServer } from './checks-by-server.js'
import type { PeerMirror } from './peer/mirror.js'
import { roleWarnings } from './role-warnings.js'
import type { ServerOverrides } from './server-overrides.js'
import { serviceStatus } from './service-status.js'
import { serviceWarnings } from './service-warnings.js'
import type { TrafficView } from './traffic.js'

/** The children's latest reports; absent before the first. */
export interface Reports {
  vrrp?: VrrpStatus
  ipvs?: IpvsStatus
  healthcheck?: HealthcheckStatus
  sync?: SyncReport
}

export interface StatusInput {
  readonly config: Config
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly version: string
  readonly uptime: Millis
  /** Of the monotonic clock: ages must not follow a date that is set. */
  readonly now: Millis
  readonly reports: Reports
  /** By `healthKey`. */
  readonly health: ReadonlyMap<string, ServerHealth>
  /** Since when, on the monotonic clock; by `healthKey`. */
  readonly healthSince: ReadonlyMap<string, Millis>
  readonly overrides: Pick<ServerOverrides, 'of' | 'saidAt'>
  /** Undefined without a peer. */
  readonly mirror: Pick<PeerMirror, 'verdict' | 'view' | 'warnings'> | undefined
  /** Undefined before the table was first read. */
  readonly traffic: TrafficView | undefined
  readonly processes: readonly ProcessStatus[]
  readonly hooks: readonly HookReport[]
  /** Of the programs that checks and hooks run. */
  readonly programWarnings: readonly string[]
  /** Elections wait for the first complete table. */
  readonly waitsForTable: boolean
}

export function composeStatus(input: StatusInput): DirectorStatus {
  const { config, local, version, uptime, reports, processes } = input
  const peer = peerStatus(input)
  const inKernel = new Map(reports.ipvs?.services.map((service) => [service.name, service]))
  const checks = checksByServer(reports.healthcheck)
  const virtualServices = config.virtualServices.map((service) =>
    serviceStatus(service, { ...input, checks, inKernel: inKernel.get(service.name) }),
  )
  return {
    director: local.name,
    version,
    configHash: config.hash,
    uptimeSeconds: uptime / 1000,
    peer,
    virtualRouters: routerStatuses(input),
    advertisements: { discarded: reports.vrrp?.discarded ?? {} },
    virtualServices,
    table: tableStatus(input),
    sync: syncStatus(reports.sync),
    hooks: input.hooks.map((hook) => hookStatus(hook, input.now)),
    processes,
    warnings: [...warnings(input, peer), ...serviceWarnings(virtualServices)],
  }
}

const ageSeconds = (now: Millis, since: Millis): number => Math.max(0, (now - since) / 1000)

function hookStatus({ name, pending, delivered, failed, lost, last }: HookReport, now: Millis): HookStatus {
  const { text = '', failure = null } = last ?? {}
  return {
    name,
    pending,
    delivered,
    failed,
    lost,
    last: last ? { secondsAgo: ageSeconds(now, last.at), text, failure } : null,
  }
}

/** The vrrp process and the sync process each have a session; the fresher one speaks. */
function peerStatus({ peer, reports, mirror }: StatusInput): PeerStatus | null {
  if (!peer) return null
  const links = [reports.vrrp?.link, reports.sync?.link].filter((link) => link !== undefined)
  const seen = links.map((link) => link.lastSeenSeconds).filter((seconds) => seconds !== undefined)
  const answers = links.map((link) => link.keyMatches).filter((matches) => matches !== undefined)
  return {
    name: peer.name,
    reachable: links.some((link) => link.reachable),
    lastSeenSeconds: seen.length > 0 ? Math.min(...seen) : null,
    configHash: links.map((link) => link.peerConfigHash).find((hash) => hash !== undefined) ?? null,
    keyMatches: answers.length > 0 ? answers.every(Boolean) : null,
    discarded: reports.vrrp?.link?.discarded ?? {},
    paths: pathStatuses(links),
    view: mirror?.view ?? null,
  }
}

/** As the process sees it that has heard of the path last. */
function pathStatuses(links: readonly PairLinkStatus[]): PeerStatus['paths'] {
  return (links[0]?.paths ?? []).map(({ address }, path) => {
    const views = links.flatMap((link) => link.paths?.[path] ?? [])
    const seen = views.map((view) => view.lastSeenSeconds).filter((seconds) => seconds !== undefined)
    return {
      address,
      reachable: views.some((view) => view.reachable),
      lastSeenSeconds: seen.length > 0 ? Math.min(...seen) : null,
    }
  })
}

/** Before the vrrp process has reported, the routers are listed all the same. */
function routerStatuses({
  config,
  local,
  now,
  uptime,
  reports,
  waitsForTable,
}: StatusInput): readonly VirtualRouterStatus[] {
  if (!reports.vrrp)
    return config.virtualRouters.map((router) => {
      const priority = router.priority[local.name] ?? local.priority
      return {
        name: router.name,
        vrid: router.vrid,
        state: 'initialize',
        reason: waitsForTable ? 'waits for the IPVS table' : 'the vrrp process has not reported yet',
        sinceSeconds: uptime / 1000,
        priority,
        effectivePriority: priority,
        addresses: [],
        active: null,
        interface: null,
        advertisements: { sent: 0, received: 0, discarded: {} },
        tracking: [],
      }
    })
  return reports.vrrp.routers.map((router) => ({
    name: router.name,
    vrid: router.vrid,
    state: router.state,
    reason:
      router.holdsBack === undefined ? router.reason : `${router.reason}; holds back: ${router.holdsBack}`,
    sinceSeconds: ageSeconds(now, router.since),
    priority: router.priority,
    effectivePriority: router.effectivePriority,
    addresses: router.addresses,
    active: router.active ?? null,
    interface: router.interface ?? null,
    advertisements: router.advertisements,
    tracking: router.tracking ?? [],
  }))
}

function syncStatus(sync: SyncReport | undefined): SyncStatus {
  const unknown = { coverage: null, connections: null, lagSeconds: null, lastSnapshot: null }
  if (!sync) return { role: 'off', ...unknown, messages: {}, discarded: {} }
  const { messagesSent, messagesReceived, recordsSent, recordsReceived, recordsUnsent, injected, lost } = sync
  const { peerSourcePorts, coverage } = sync
  return {
    role: sync.role,
    // What it held when it was last heard says nothing of now.
    coverage: sync.link.reachable ? coverage.share : null,
    connections: coverage.sessions,
    lagSeconds: lagOf(sync),
    lastSnapshot: sync.readiness.ready ? sync.readiness.reason : null,
    messages: {
      messagesSent,
      recordsSent,
      recordsUnsent,
      messagesReceived,
      recordsReceived,
      injected,
      lost,
      peerSourcePorts,
      lacking: coverage.lacking,
      repairsSent: coverage.repairsSent,
      repairsReceived: coverage.repairsReceived,
      uncounted: coverage.uncounted,
    },
    discarded: { ...sync.rejected, ...sync.link.discarded },
  }
}

/** Whichever is older: what the kernel may not have told yet, or what the peer is known to lack. */
function lagOf({ lag, coverage }: SyncReport): number | null {
  if (lag === null && coverage.lackingFor === null) return null
  return Math.max(lag ?? 0, coverage.lackingFor ?? 0) / 1000
}

function tableStatus({ reports: { ipvs }, now, traffic }: StatusInput): TableStatus | null {
  if (!ipvs) return null
  const { reconciled, operations, driftRepaired, lastDrift: last } = ipvs
  const lastDrift = last ? { secondsAgo: ageSeconds(now, last.at), changes: last.changes } : null
  const readSecondsAgo = traffic ? ageSeconds(now, traffic.at) : null
  return { reconciled, readSecondsAgo, operations, driftRepaired, lastDrift }
}

/** Whoever fights the daemon over the table should see it for so long. */
const driftWarning = 600

function warnings(
  { config, reports, uptime, now, mirror, programWarnings }: StatusInput,
  peer: PeerStatus | null,
): readonly string[] {
  const found: string[] = []
  if (peer?.keyMatches === false)
    found.push(
      `peer ${peer.name} uses a different pair key, and nothing is exchanged: give both the same key_file`,
    )
  else if (peer && !peer.reachable && uptime > 5_000)
    found.push(
      `peer ${peer.name} is not reachable on the pair port: is it running, and does a firewall let UDP ${config.pair.port} through?`,
    )
  if (peer?.reachable && peer.configHash !== null && peer.configHash !== config.hash)
    found.push(
      `peer ${peer.name} runs another configuration (${peer.configHash}, here ${config.hash}): ` +
        'give both the same file and reload them',
    )
  for (const { address, reachable } of peer?.paths ?? [])
    if (peer?.reachable && !reachable && uptime > 5_000)
      found.push(
        `the path to ${peer.name} at ${address} does not work, another one does: check its cabling and switch`,
      )
  for (const router of reports.vrrp?.routers ?? []) {
    const configured = config.virtualRouters.find(({ name }) => name === router.name)
    const interval = configured?.advertisementInterval ?? 0
    found.push(...roleWarnings(router, interval, peer ?? undefined, uptime > 5_000, now))
  }
  for (const { name, linkFault } of reports.vrrp?.routers ?? [])
    if (linkFault !== undefined) found.push(`${name}: ${linkFault}`)
  found.push(...(reports.vrrp?.warnings ?? []))
  const links = [reports.vrrp?.link, reports.sync?.link]
  found.push(...new Set(links.flatMap((link) => link?.warnings ?? [])))
  found.push(...programWarnings)
  for (const problem of reports.ipvs?.problems ?? []) found.push(problem)
  found.push(...(reports.healthcheck?.warnings ?? []))
  found.push(...(mirror?.warnings ?? []))
  const drift = reports.ipvs?.lastDrift
  if (drift && ageSeconds(now, drift.at) < driftWarning)
    for (const line of drift.changes.slice(0, 3))
      found.push(
        `somebody else changed the IPVS table ${Math.round(ageSeconds(now, drift.at))} s ago, repaired: ${line}`,
      )
  return found
}
