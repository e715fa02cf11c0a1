/**
 * What `/metrics` shows, out of what the children reported. Names and labels are a contract with people's
 * dashboards: add, never rename. Pure.
 */
import type { DirectorStatus, QuorumStatus, TrafficStatus } from '../base/status.js'
import type { HistogramReading } from '../healthcheck/histogram.js'
import type { Reports } from './status.js'

export interface Sample {
  /** Behind the family's name: of a histogram `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  /** Counters end in `_total`. */
  readonly name: string
  /** Undefined: a counter or a gauge, as the name says. */
  readonly type?: 'histogram'
  readonly help: string
  /** Made when it is asked for, one family after the other: with 30,000 servers each takes its time. */
  readonly samples: () => readonly Sample[]
}

const routerStates = ['initialize', 'backup', 'active', 'fault', 'maintenance'] as const

export function metricsOf(status: DirectorStatus, reports: Reports): readonly MetricFamily[] {
  return [
    family('vipair_config_info', 'The configuration in force.', () => [
      sample({ hash: status.configHash }, 1),
    ]),
    family('vipair_build_info', 'The version that runs.', () => [sample({ version: status.version }, 1)]),
    ...routerMetrics(status, reports),
    ...serverMetrics(status, reports),
    ...checkMetrics(reports.healthcheck),
    ...syncMetrics(status),
    ...processMetrics(status),
  ]
}

function routerMetrics({ virtualRouters, advertisements, peer }: DirectorStatus, { vrrp }: Reports) {
  return [
    family('vipair_virtual_router_state', '1 for the state that the router is in.', () =>
      virtualRouters.flatMap(({ name: router, state: now }) =>
        routerStates.map((state) => sample({ router, state }, state === now)),
      ),
    ),
    family('vipair_virtual_router_transitions_total', 'Changes of role since the vrrp process started.', () =>
      (vrrp?.routers ?? []).map(({ name: router, transitions }) => sample({ router }, transitions)),
    ),
    family('vipair_virtual_router_effective_priority', 'The priority as advertised.', () =>
      virtualRouters.map(({ name: router, effectivePriority }) => sample({ router }, effectivePriority)),
    ),
    family('vipair_virtual_address_owned', '1 while this director holds the address.', () =>
      virtualRouters.flatMap(({ name: router, state, addresses }) =>
        addresses.map((address) => sample({ router, address }, state === 'active')),
      ),
    ),
    family('vipair_advertisements_total', 'Advertisements sent and received.', () =>
      virtualRouters.flatMap(({ name: router, advertisements: { sent, received } }) => [
        sample({ router, direction: 'sent' }, sent),
        sample({ router, direction: 'received' }, received),
      ]),
    ),
    family(
      'vipair_advertisements_discarded_total',
      'Advertisements thrown away; router is empty where it was not clear for which one.',
      () => [
        ...counted(advertisements.discarded, (reason) => ({ router: '', reason })),
        ...virtualRouters.flatMap(({ name: router, advertisements: { discarded } }) =>
          counted(discarded, (reason) => ({ router, reason })),
        ),
      ],
    ),
    family('vipair_peer_reachable', '1 while the peer answers on the pair port.', () =>
      peer ? [sample({}, peer.reachable)] : [],
    ),
  ]
}

function serverMetrics({ virtualServices, table }: DirectorStatus, { ipvs }: Reports) {
  const servers = virtualServices.flatMap(({ name: service, realServers }) =>
    realServers.map((server) => ({ labels: { service, server: server.name }, server })),
  )
  return [
    family('vipair_real_server_healthy', '1 healthy, 0 unhealthy; absent while unknown.', () =>
      servers.flatMap(({ labels, server: { health } }) =>
        health === 'unknown' ? [] : [sample(labels, health === 'healthy')],
      ),
    ),
    family(
      'vipair_real_server_weight',
      'The weight in the kernel; absent while the server is not there.',
      () =>
        servers.flatMap(({ labels, server: { effectiveWeight } }) =>
          effectiveWeight === null ? [] : [sample(labels, effectiveWeight)],
        ),
    ),
    family('vipair_real_server_connections', 'Entries of the connection table.', () =>
      servers.flatMap(({ labels, server }) => [
        sample({ ...labels, state: 'active' }, server.activeConnections),
        sample({ ...labels, state: 'inactive' }, server.inactiveConnections),
      ]),
    ),
    family('vipair_check_duration_seconds', 'How long the last run of a check took.', () =>
      servers.flatMap(({ labels, server: { checks } }) =>
        checks.flatMap(({ subject: check, lastMilliseconds }) =>
          lastMilliseconds === null ? [] : [sample({ ...labels, check }, lastMilliseconds / 1000)],
        ),
      ),
    ),
    ...serviceMetrics(virtualServices),
    ...trafficMetrics(virtualServices, table),
    family('vipair_ipvs_operations_total', "Changes of the kernel's table.", () =>
      Object.entries(ipvs?.operations ?? {}).flatMap(([operation, results]) =>
        counted(results, (result) => ({ operation, result })),
      ),
    ),
    family('vipair_ipvs_drift_repaired_total', 'Changes by somebody else that were undone.', () =>
      ipvs ? [sample({}, ipvs.driftRepaired)] : [],
    ),
  ]
}

function checkMetrics(health: Reports['healthcheck']): readonly MetricFamily[] {
  if (!health) return []
  const { passed, failed, inconclusive } = health
  return [
    histogram('vipair_check_duration_seconds', 'How long checks took.', health.durations),
    histogram('vipair_check_lateness_seconds', 'How long after its time each check began.', health.lateness),
    family('vipair_checks_total', 'Checks that have ended; inconclusive: the fault was here.', () =>
      counted({ passed, failed, inconclusive }, (result) => ({ result })),
    ),
    family('vipair_checks_missed_total', 'Times that a check was due and did not begin.', () => [
      sample({}, health.missedSlots),
    ]),
  ]
}

/** In seconds; `le` is cumulative. */
function histogram(name: string, help: string, { bounds, counts, sum }: HistogramReading): MetricFamily {
  const samples = (): readonly Sample[] => {
    let count = 0
    const buckets = counts.map((each, i) => {
      count += each
      const bound = bounds[i]
      const le = bound === undefined ? '+Inf' : `${bound / 1000}`
      return { suffix: '_bucket', labels: { le }, value: count }
    })
    return [
      ...buckets,
      { suffix: '_sum', labels: {}, value: sum / 1000 },
      { suffix: '_count', labels: {}, value: count },
    ]
  }
  return { name, help, type: 'histogram', samples }
}

type Services = DirectorStatus['virtualServices']

function serviceMetrics(services: Services) {
  const judged = (): readonly (readonly [string, QuorumStatus])[] =>
    services.flatMap(({ name, quorum }) => (quorum ? [[name, quorum] as const] : []))
  return [
    family('vipair_virtual_service_quorum', '1 while the servers that are up weigh enough together.', () =>
      judged().map(([service, { reached }]) => sample({ service }, reached)),
    ),
    family('vipair_virtual_service_panic', '1 while too many have failed at once to be believed.', () =>
      services.map(({ name: service, panic }) => sample({ service }, panic !== null)),
    ),
    family('vipair_virtual_service_weight', 'What the servers that are up weigh together.', () =>
      judged().map(([service, { have }]) => sample({ service }, have)),
    ),
  ]
}

type Counted = readonly [labels: Sample['labels'], traffic: TrafficStatus]

/** Of services and servers; absent until the table was read. */
function trafficMetrics(virtualServices: Services, table: DirectorStatus['table']) {
  const services = (): readonly Counted[] =>
    virtualServices.flatMap(({ name: service, traffic }) =>
      traffic ? [[{ service }, traffic] as const] : [],
    )
  const servers = (): readonly Counted[] =>
    virtualServices.flatMap(({ name: service, realServers }) =>
      realServers.flatMap(({ name: server, traffic }) =>
        traffic ? [[{ service, server }, traffic] as const] : [],
      ),
    )
  const subjects = [
    ['vipair_virtual_service', 'service', services],
    ['vipair_real_server', 'server', servers],
  ] as const
  return [
    ...subjects.flatMap(([name, what, all]) => [
      family(`${name}_connections_total`, `Connections that the ${what} was given.`, () =>
        all().map(([labels, { connections }]) => sample(labels, connections)),
      ),
      family(`${name}_packets_total`, `Packets to and from the ${what}.`, () =>
        all().flatMap(([labels, { inPackets, outPackets }]) => directions(labels, inPackets, outPackets)),
      ),
      family(`${name}_bytes_total`, `Bytes to and from the ${what}.`, () =>
        all().flatMap(([labels, { inBytes, outBytes }]) => directions(labels, inBytes, outBytes)),
      ),
    ]),
    family('vipair_ipvs_table_age_seconds', 'Since the table was read, which the counters are from.', () =>
      table?.readSecondsAgo == null ? [] : [sample({}, table.readSecondsAgo)],
    ),
  ]
}

const directions = (labels: Sample['labels'], received: number, sent: number): readonly Sample[] => [
  sample({ ...labels, direction: 'in' }, received),
  sample({ ...labels, direction: 'out' }, sent),
]

function syncMetrics({ sync }: DirectorStatus) {
  const known = (value: number | null): readonly Sample[] => (value === null ? [] : [sample({}, value)])
  const { messagesSent = 0, messagesReceived = 0 } = sync.messages
  return [
    family('vipair_sync_coverage_ratio', "Share of the Active's connections that the peer holds.", () =>
      known(sync.coverage),
    ),
    family('vipair_sync_connections', 'Mirrored connections.', () => known(sync.connections)),
    family('vipair_sync_lag_seconds', 'Age of the oldest entry that the peer lacks.', () =>
      known(sync.lagSeconds),
    ),
    family('vipair_sync_messages_total', 'Messages of connection sync.', () =>
      sync.role === 'off'
        ? []
        : [sample({ direction: 'sent' }, messagesSent), sample({ direction: 'received' }, messagesReceived)],
    ),
  ]
}

function processMetrics({ processes, warnings, uptimeSeconds }: DirectorStatus) {
  return [
    family(
      'vipair_event_loop_lag_seconds',
      'The longest time within about the last second that a process kept its sockets waiting.',
      () =>
        processes.flatMap(({ name: process, eventLoopLagMs }) =>
          eventLoopLagMs === null ? [] : [sample({ process }, eventLoopLagMs / 1000)],
        ),
    ),
    family('vipair_process_restarts_total', 'Times that a process had to be started again.', () =>
      processes.map(({ name: process, restarts }) => sample({ process }, restarts)),
    ),
    family('vipair_warnings', 'Lines under warnings in the status.', () => [sample({}, warnings.length)]),
    family('vipair_uptime_seconds', 'Since the daemon started.', () => [sample({}, uptimeSeconds)]),
  ]
}

const family = (name: string, help: string, samples: () => readonly Sample[]): MetricFamily => ({
  name,
  help,
  samples,
})

const sample = (labels: Sample['labels'], value: number | boolean): Sample => ({
  labels,
  value: Number(value),
})

const counted = (
  counts: Readonly<Record<string, number>>,
  labels: (key: string) => Sample['labels'],
): readonly Sample[] => Object.entries(counts).map(([key, value]) => sample(labels(key), value))
