import assert from 'node:assert/strict'
import type { DirectorStatus } from '../../src/base/status.js'
import { millis } from '../../src/base/units.js'
import { expose } from '../../src/daemon/exposition.js'
import { metricsOf } from '../../src/daemon/metrics.js'
import type { Reports } from '../../src/daemon/status.js'
import { TrafficView } from '../../src/daemon/traffic.js'
import { Histogram } from '../../src/healthcheck/histogram.js'
import { Pair } from './directors.js'

const status: DirectorStatus = {
  director: 'lb1',
  version: '1.2.3',
  configHash: 'abcd',
  uptimeSeconds: 12,
  peer: null,
  virtualRouters: [
    {
      name: 'front',
      vrid: 51,
      state: 'active',
      reason: '',
      sinceSeconds: 1,
      priority: 150,
      effectivePriority: 120,
      addresses: ['10.0.0.100/24'],
      active: 'lb1',
      interface: 'eth0',
      advertisements: { sent: 7, received: 1, discarded: { vrid: 2 } },
      tracking: [],
    },
  ],
  advertisements: { discarded: { ttl: 3 } },
  virtualServices: [
    {
      name: 'we"b',
      address: '10.0.0.100:80',
      protocol: 'tcp',
      scheduler: 'wlc',
      schedulerFlags: [],
      onePacket: false,
      forwarding: 'direct',
      persistence: null,
      sorryServer: null,
      draining: [],
      traffic: null,
      quorum: null,
      panic: null,
      realServers: [
        server('rs1', { health: 'healthy', effectiveWeight: 100, activeConnections: 5 }),
        server('rs2', { health: 'unknown', effectiveWeight: null }),
      ],
    },
  ],
  table: null,
  sync: {
    role: 'off',
    coverage: null,
    connections: null,
    lagSeconds: null,
    lastSnapshot: null,
    messages: {},
    discarded: {},
  },
  hooks: [],
  processes: [{ name: 'vrrp', pid: 5, state: 'running', restarts: 2, eventLoopLagMs: 12 }],
  warnings: [],
}

function server(
  name: string,
  what: Partial<DirectorStatus['virtualServices'][number]['realServers'][number]>,
): DirectorStatus['virtualServices'][number]['realServers'][number] {
  return {
    name,
    address: '10.0.0.21:80',
    health: 'unknown',
    reason: '',
    sinceSeconds: 1,
    weight: 100,
    checks: [],
    asked: null,
    effectiveWeight: null,
    forwarding: 'direct',
    peer: null,
    admin: 'enabled',
    adminReason: null,
    suspect: false,
    heldSeconds: null,
    adminDirector: null,
    drainSeconds: null,
    slowStartSeconds: null,
    traffic: null,
    activeConnections: 0,
    inactiveConnections: 0,
    ...what,
  }
}

describe('daemon/metrics', function () {
  this.timeout(60_000)

  it('says what is known, and nothing where nothing is', async () => {
    const took = new Histogram()
    for (const span of [0.4, 3, 3, 60_000]) took.record(span)
    const reports: Reports = {
      healthcheck: {
        servers: [],
        checks: 1,
        running: 0,
        passed: 3,
        failed: 2,
        inconclusive: 1,
        missedSlots: 4,
        maxLateness: 9,
        stalled: 0,
        durations: took.read(),
        lateness: new Histogram().read(),
        warnings: [],
      },
      ipvs: {
        reconciled: true,
        services: [],
        daemons: [],
        operations: { newDest: { OK: 4, EEXIST: 1 } },
        driftRepaired: 6,
        lastDrift: undefined,
        problems: [],
      },
    }
    const { contentType, text } = await expose(metricsOf(status, reports))
    assert.match(contentType, /^text\/plain; version=0\.0\.4/)
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const expected = [
      'vipair_config_info{hash="abcd"} 1',
      'vipair_virtual_router_state{router="front",state="active"} 1',
      'vipair_virtual_router_state{router="front",state="backup"} 0',
      'vipair_virtual_router_effective_priority{router="front"} 120',
      'vipair_virtual_address_owned{router="front",address="10.0.0.100/24"} 1',
      'vipair_advertisements_total{router="front",direction="sent"} 7',
      'vipair_advertisements_discarded_total{router="",reason="ttl"} 3',
      'vipair_advertisements_discarded_total{router="front",reason="vrid"} 2',
      'vipair_real_server_healthy{service="we\\"b",server="rs1"} 1',
      'vipair_real_server_weight{service="we\\"b",server="rs1"} 100',
      'vipair_real_server_connections{service="we\\"b",server="rs1",state="active"} 5',
      'vipair_ipvs_operations_total{operation="newDest",result="EEXIST"} 1',
      'vipair_ipvs_drift_repaired_total 6',
      'vipair_check_duration_seconds_bucket{le="0.0005"} 1',
      'vipair_check_duration_seconds_bucket{le="0.005"} 3',
      'vipair_check_duration_seconds_bucket{le="30"} 3',
      'vipair_check_duration_seconds_bucket{le="+Inf"} 4',
      'vipair_check_duration_seconds_sum 60.0064',
      'vipair_check_duration_seconds_count 4',
      'vipair_check_lateness_seconds_count 0',
      'vipair_checks_total{result="inconclusive"} 1',
      'vipair_checks_missed_total 4',
      'vipair_event_loop_lag_seconds{process="vrrp"} 0.012',
      'vipair_process_restarts_total{process="vrrp"} 2',
    ]
    for (const line of expected) assert.ok(lines.includes(line), `${line}\nin\n${text}`)
    assert.match(text, /# TYPE vipair_check_duration_seconds histogram\n/)
    assert.doesNotMatch(text, /rs2.*healthy|vipair_sync_lag_seconds|vipair_peer_reachable/)
    assert.equal(lines.filter((line) => line.startsWith('vipair_real_server_weight')).length, 1)
  })

  it('counts what the kernel has counted of services and servers, in and out, and says how old that is', async () => {
    const row = (first: number) => Array.from({ length: 10 }, (_, column) => first + column)
    const numbers = Float64Array.from([...row(100), ...row(200)])
    const view = new TrafficView({ at: millis(1), services: [{ name: 'we"b', servers: ['rs1'], numbers }] })
    const [web] = status.virtualServices
    assert.ok(web)
    const there = view.ofServers('we"b')
    const realServers = web.realServers.map((one) => ({ ...one, traffic: there.get(one.name) ?? null }))
    const counted = { ...web, traffic: view.ofService('we"b'), realServers }
    const table = { reconciled: true, readSecondsAgo: 3.5, operations: {}, driftRepaired: 0, lastDrift: null }
    const { text } = await expose(metricsOf({ ...status, virtualServices: [counted], table }, {}))
    for (const line of [
      'vipair_virtual_service_connections_total{service="we\\"b"} 100',
      'vipair_virtual_service_packets_total{service="we\\"b",direction="in"} 101',
      'vipair_virtual_service_bytes_total{service="we\\"b",direction="out"} 104',
      'vipair_real_server_connections_total{service="we\\"b",server="rs1"} 200',
      'vipair_real_server_packets_total{service="we\\"b",server="rs1",direction="out"} 202',
      'vipair_real_server_bytes_total{service="we\\"b",server="rs1",direction="in"} 203',
      'vipair_ipvs_table_age_seconds 3.5',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`)
    assert.doesNotMatch(text, /_total\{.*rs2/)
    assert.equal(counted.traffic?.outByteRate, 109)
  })

  it('answers on the control socket of a running director', async () => {
    const pair = new Pair()
    try {
      await pair.start()
      const { status, text } = await pair.lb1.get('/metrics')
      assert.equal(status, 200)
      assert.match(text, /^vipair_virtual_router_state\{router="front",state="active"\} 1$/m)
      assert.match(text, /^vipair_virtual_router_transitions_total\{router="front"\} [1-9]$/m)
      assert.match(text, /^vipair_event_loop_lag_seconds\{process="vrrp"\} [\d.e-]+$/m)
    } finally {
      await pair.close()
    }
  })
})
