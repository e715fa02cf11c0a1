import { equal } from 'node:assert/strict'
import type { DirectorStatus } from '../../src/base/status.js'
import { statusLine } from '../../src/daemon/status-line.js'

const processes = [{ name: 'vrrp', pid: 1, state: 'running', restarts: 0, eventLoopLagMs: 0 }]
const routers = [{ name: 'front', state: 'active' }]
const services = [{ realServers: [{ health: 'healthy' }, { health: 'unhealthy' }] }]
const peer = { name: 'lb2', reachable: true }
/** Only what the line is made of. */
const lineOf = (parts: object): string =>
  statusLine({
    director: 'lb1',
    peer: null,
    virtualRouters: routers,
    virtualServices: [],
    processes,
    warnings: [],
    ...parts,
  } as unknown as DirectorStatus)

describe('daemon/status-line', () => {
  const cases: readonly { parts: object; line: string }[] = [
    { parts: {}, line: 'lb1: front ACTIVE' },
    {
      parts: { peer, virtualServices: services },
      line: 'lb1: front ACTIVE, peer lb2 reachable, 1 of 2 servers healthy',
    },
    {
      parts: { virtualServices: [{ realServers: [{ health: 'unknown' }, { health: 'healthy' }] }] },
      line: 'lb1: front ACTIVE, 1 of 2 servers healthy (1 not known yet)',
    },
    { parts: { warnings: ['key differs'] }, line: 'lb1: ! key differs; front ACTIVE' },
    {
      parts: { warnings: ['one', 'two'], processes: [{ name: 'sync', state: 'waiting', restarts: 4 }] },
      line: 'lb1: ! one (and 2 more); front ACTIVE',
    },
    { parts: { warnings: ['x'.repeat(200)] }, line: `lb1: ! ${'x'.repeat(120)}…; front ACTIVE` },
  ]
  for (const { parts, line } of cases) it(line.slice(0, 60), () => equal(lineOf(parts), line))
})
