import assert from 'node:assert/strict'
import type { DirectorStatus } from '../../src/base/status.js'
import { expose } from '../../src/daemon/exposition.js'
import { metricsOf } from '../../src/daemon/metrics.js'
import type { Reports } from '../../src/daemon/status.js'
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
      quorum: null,
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
    effectiveWeight: null,
    forwarding: 'direct',
    admin: 'enabled',
    activeConnections: 0,
    inactiveConnections: 0,
    ...what,
  }
}

describe('daemon/metrics', function () {
  this.timeout(60_000)

  it('says what is known, and nothing where nothing is', async () => {
    const reports: Reports = {
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
      'vipair_event_loop_lag_seconds{process="vrrp"} 0.012',
      'vipair_process_restarts_total{process="vrrp"} 2',
    ]
    for (const line of expected) assert.ok(lines.includes(line), `${line}\nin\n${text}`)
    assert.doesNotMatch(text, /rs2.*healthy|vipair_sync_lag_seconds|vipair_peer_reachable/)
    assert.equal(lines.filter((line) => line.startsWith('vipair_real_server_weight')).length, 1)
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
