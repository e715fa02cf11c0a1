import assert from 'node:assert/strict'
import type { DirectorStatus, RealServerStatus } from '../../src/base/status.js'
import { formatAge, renderStatus } from '../../src/cli/status.js'

const server = (name: string, over: Partial<RealServerStatus> = {}): RealServerStatus => ({
  name,
  address: `${name}:80`,
  health: 'healthy',
  reason: 'http GET /healthz: status 200 (2 of 2 passed)',
  sinceSeconds: 61,
  weight: 100,
  checks: [],
  asked: null,
  effectiveWeight: 100,
  forwarding: 'direct',
  peer: { health: 'healthy', reason: 'http GET /healthz: status 204 (2 of 2 passed)' },
  admin: 'enabled',
  adminReason: null,
  suspect: false,
  heldSeconds: null,
  adminDirector: null,
  drainSeconds: null,
  slowStartSeconds: null,
  traffic: null,
  activeConnections: 12,
  inactiveConnections: 3,
  ...over,
})

const status: DirectorStatus = {
  director: 'lb1',
  version: '0.1.0',
  configHash: '0123456789abcdef',
  uptimeSeconds: 4000,
  peer: {
    name: 'lb2',
    reachable: true,
    lastSeenSeconds: 0.1,
    configHash: null,
    keyMatches: true,
    paths: [],
    discarded: {},
    view: { ageSeconds: 0.4, unknown: 0, healthy: 2, unhealthy: 0, differing: 1 },
  },
  virtualRouters: [
    {
      name: 'front',
      vrid: 51,
      state: 'active',
      reason: 'active-down timer (lb2 silent for 412 ms)',
      sinceSeconds: 3990,
      priority: 150,
      effectivePriority: 150,
      addresses: ['10.0.0.100/24'],
      active: 'lb1',
      interface: 'eth0',
      advertisements: { sent: 10, received: 0, discarded: {} },
      tracking: [],
    },
  ],
  advertisements: { discarded: {} },
  virtualServices: [
    {
      name: 'web',
      address: '10.0.0.100:80',
      protocol: 'tcp',
      scheduler: 'wlc',
      schedulerFlags: [],
      onePacket: false,
      forwarding: 'direct',
      persistence: null,
      realServers: [
        server('10.0.0.21:80'),
        server('10.0.0.22:80', {
          health: 'unhealthy',
          reason: 'http GET /healthz: status 503, expected 200-399 (3 of 3 failed)',
          effectiveWeight: 0,
        }),
      ],
      sorryServer: null,
      draining: [],
      traffic: null,
      quorum: null,
      panic: null,
    },
  ],
  sync: {
    role: 'relaying',
    coverage: null,
    connections: null,
    lagSeconds: null,
    lastSnapshot: null,
    messages: { messagesSent: 5, messagesReceived: 7, lost: 0 },
    discarded: {},
  },
  hooks: [],
  processes: [{ name: 'vrrp', pid: 1, state: 'running', restarts: 0, eventLoopLagMs: 0 }],
  table: null,
  warnings: [],
}

describe('vipair status', () => {
  it('fits 80 columns without colours', () => {
    const lines = renderStatus(status, { width: 80, color: false })
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    )
    assert.ok(!lines.join('\n').includes('\u001b'))
  })

  it('says who is Active and why', () => {
    const text = renderStatus(status, { width: 80, color: false }).join('\n')
    assert.match(text, /router front ACTIVE for 67 min\n {2}active-down timer \(lb2 silent for 412 ms\)/)
  })

  it('of several checks of an unhealthy server names each', () => {
    const check = (subject: string, health: 'healthy' | 'unhealthy', lastReason: string) => {
      return {
        subject,
        health,
        reason: `${subject}: ${lastReason} (3 of 3)`,
        lastReason,
        lastMilliseconds: 1,
      }
    }
    const checks = [
      check('tcp 10.0.0.21:80', 'healthy', 'connected'),
      check('http GET /', 'unhealthy', 'status 503'),
    ]
    const realServers = [server('10.0.0.21:80', { health: 'unhealthy', checks })]
    const [web] = status.virtualServices
    assert.ok(web)
    const shown = { ...status, virtualServices: [{ ...web, realServers }] }
    const text = renderStatus(shown, { width: 80, color: false }).join('\n')
    assert.match(text, /\n {4}\+ tcp 10\.0\.0\.21:80: connected\n {4}- http GET \/: status 503 \(3 of 3\)\n/)
  })

  it('shows what is judged of a service and of a server', () => {
    const [web] = status.virtualServices
    assert.ok(web)
    const quorum = { needed: 200, hysteresis: 50, have: 100, reached: false, sinceSeconds: 3 }
    const panic = { sinceSeconds: 4, secondsLeft: 100, suspects: ['a', 'b'] }
    const asked = { weight: 75, by: 'agent 10.0.0.21:9000: up 75%' }
    const realServers = [
      server('a', { health: 'unhealthy', suspect: true }),
      server('b', { heldSeconds: 20 }),
      server('c', { asked }),
    ]
    const shown = { ...status, virtualServices: [{ ...web, realServers, quorum, panic }] }
    const lines = renderStatus(shown, { width: 80, color: false })
    for (const line of [
      '  PANIC for 4.0 s: 2 failed at once, served on, believed in 100 s',
      '  NO QUORUM for 3.0 s: weight 100 up, 200 needed (hysteresis 50)',
      '    served on: too many failed at once to believe it',
      '    held down for changing too often, 20 s left if it stays up',
      '    weight 75 asked for: agent 10.0.0.21:9000: up 75%',
    ])
      assert.ok(lines.includes(line), `${line} in ${lines.join('\n')}`)
    const reached = { ...quorum, reached: true, have: 300, hysteresis: 0 }
    const calm = { ...status, virtualServices: [{ ...web, quorum: reached }] }
    assert.ok(renderStatus(calm, { width: 80, color: false }).includes('  quorum: weight 300 up, 200 needed'))
  })

  it('puts an unhealthy server first, with its reason', () => {
    const lines = renderStatus(status, { width: 80, color: false })
    const bad = lines.findIndex((line) => line.includes('10.0.0.22:80'))
    const good = lines.findIndex((line) => line.includes('10.0.0.21:80'))
    assert.ok(bad > 0 && bad < good)
    assert.match(lines[bad + 1] ?? '', /status 503/)
    assert.match(lines.join('\n'), /1 of 2 healthy/)
  })

  it('shows both views side by side, with both reasons where they differ, and how old the other one is', () => {
    const lines = renderStatus(status, { width: 80, color: false })
    assert.match(
      lines.join('\n'),
      /^peer lb2 reachable, heard 0\.1 s ago, its view of the servers 0\.4 s old$/m,
    )
    const bad = lines.findIndex((line) => line.includes('10.0.0.22:80'))
    assert.match(lines[bad] ?? '', /unhealthy {2}healthy /)
    assert.match(
      lines.slice(bad + 1, bad + 4).join('\n'),
      /status 503[\s\S]*lb2: http GET \/healthz: status 204/,
    )
    const alone = renderStatus({ ...status, peer: null }, { width: 80, color: false })
    assert.ok(!alone.join('\n').includes('lb2: '))
    assert.ok(alone.some((line) => /health {5}weight/.test(line)))
  })

  it('puts warnings and missing processes at the top', () => {
    const lines = renderStatus(
      {
        ...status,
        warnings: ['peer lb2 uses a different pair key'],
        processes: [{ name: 'sync', pid: null, state: 'waiting', restarts: 4, eventLoopLagMs: null }],
      },
      { width: 80, color: false },
    )
    assert.deepEqual(lines.slice(1, 3), [
      '! peer lb2 uses a different pair key',
      '! process sync is not running (4 restarts)',
    ])
  })

  it('says ages in two digits', () => {
    assert.deepEqual([0.04, 9.9, 45, 600, 10_000, 700_000].map(formatAge), [
      '0.0 s',
      '9.9 s',
      '45 s',
      '10 min',
      '3 h',
      '8 d',
    ])
  })

  it('says what is special about a service, and how its servers differ', () => {
    const [web] = status.virtualServices
    assert.ok(web)
    const shops = {
      ...web,
      name: 'shops',
      address: 'fwmark6 7',
      protocol: 'any',
      scheduler: 'sh',
      schedulerFlags: ['sh-fallback', 'sh-port'],
      forwarding: 'tunnel',
      persistence: { seconds: 300, netmask: 64, engine: 'sip' },
      realServers: [
        server('2001:db8::21', { forwarding: 'tunnel gue:6080 checksum' }),
        server('2001:db8::22', { forwarding: 'nat' }),
      ],
      sorryServer: {
        address: '2001:db8::30',
        forwarding: 'direct',
        active: true,
        activeConnections: 2,
        inactiveConnections: 0,
      },
    }
    const lines = renderStatus({ ...status, virtualServices: [shops] }, { width: 80, color: false })
    const start = lines.findIndex((line) => line.startsWith('service'))
    assert.deepEqual(lines.slice(start, start + 9), [
      'service shops fwmark6 7 sh tunnel 2 of 2 healthy',
      '  sh-fallback, sh-port, persistent for 5 min a /64 by sip',
      '  server        health     lb2        weight  active  inactive  since',
      '  2001:db8::21  healthy    healthy       100      12         3  61 s',
      '    tunnel gue:6080 checksum',
      '  2001:db8::22  healthy    healthy       100      12         3  61 s',
      '    nat',
      '  sorry server 2001:db8::30 direct, STANDS IN',
      '',
    ])
  })

  it('says what an operator asked, and what takes its time', () => {
    const [web] = status.virtualServices
    assert.ok(web)
    const busy: DirectorStatus['virtualServices'][number] = {
      ...web,
      realServers: [
        server('rs1', { admin: 'drain', adminReason: 'new disk', effectiveWeight: 0, drainSeconds: 12 }),
        server('rs2', { admin: 'drain', effectiveWeight: null }),
        server('rs3', { admin: 'weight', weight: 100, effectiveWeight: 7 }),
        server('rs4', { effectiveWeight: 37, slowStartSeconds: 6 }),
      ],
      draining: [{ address: '10.0.0.29:80', activeConnections: 2, inactiveConnections: 1, secondsLeft: 20 }],
    }
    const lines = renderStatus({ ...status, virtualServices: [busy] }, { width: 80, color: false })
    const about = lines.map((line) => line.trim())
    for (const line of [
      'drain by the operator (new disk), 12 s left',
      'drain by the operator, drained',
      'weight by the operator',
      'starts slowly, 6.0 s to its full weight',
      '10.0.0.29:80 is not in the file and drains: 2 active, 1 inactive, 20 s left',
    ])
      assert.ok(about.includes(line), `${line} in\n${lines.join('\n')}`)
    assert.ok(lines.every((line) => line.length <= 80))
  })
})
