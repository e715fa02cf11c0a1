/** What the parent makes of its children's reports. */
import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import { parseConfig } from '../../src/config/parse.js'
import { healthKey } from '../../src/daemon/health-key.js'
import { maintenanceObstacle } from '../../src/daemon/role-warnings.js'
import { composeStatus, type StatusInput } from '../../src/daemon/status.js'
import type { PairLinkStatus } from '../../src/pair/link.js'
import type { RouterStatus } from '../../src/vrrp/status.js'
import { baseFile } from '../config/base-file.js'
import { known, ms } from '../vrrp/support.js'

const aRouter: RouterStatus = {
  name: 'front',
  vrid: 51,
  state: 'backup',
  reason: 'eth0 is down',
  since: ms(900_000),
  priority: 100,
  effectivePriority: 100,
  addresses: [],
  interface: 'eth0',
  active: undefined,
  holdsBack: undefined,
  handedOverTo: undefined,
  stability: { changes: [], holdDowns: 0, heldUntil: undefined },
  linkFault: undefined,
  transitions: 0,
  advertisements: { sent: 0, unsent: 0, received: 0, discarded: {}, noted: {} },
}

function inputOf(link: Partial<PairLinkStatus>, more: Partial<StatusInput> = {}): StatusInput {
  const parsed = parseConfig(baseFile)
  assert.ok(parsed.ok)
  const { config } = parsed.value
  const [local, peer] = config.directors
  assert.ok(local)
  return {
    config,
    local,
    peer,
    version: '0',
    uptime: millis(60_000),
    now: ms(1_000_000),
    reports: {
      vrrp: {
        routers: [],
        discarded: {},
        warnings: [],
        link: { reachable: true, lastSeenSeconds: 0, keyMatches: true, discarded: {}, ...link },
      },
    },
    health: new Map(),
    overrides: { of: () => undefined, saidAt: () => undefined },
    mirror: undefined,
    traffic: undefined,
    healthSince: new Map(),
    processes: [],
    programWarnings: [],
    hooks: [],
    waitsForTable: false,
    ...more,
  }
}

describe('daemon/status', () => {
  const cases: readonly (readonly [
    title: string,
    link: Partial<PairLinkStatus>,
    text: RegExp | undefined,
  ])[] = [
    ['all is well', {}, undefined],
    [
      'another key',
      { reachable: false, keyMatches: false },
      /^peer lb2 uses a different pair key.*give both/,
    ],
    ['not reachable', { reachable: false }, /^peer lb2 is not reachable on the pair port.*UDP 8849/],
    ['another file', { peerConfigHash: '0123456789abcdef' }, /^peer lb2 runs another configuration .*reload/],
    [
      'another file, but gone',
      { peerConfigHash: '0123456789abcdef', reachable: false },
      /^peer lb2 is not reach/,
    ],
    [
      'one path of two',
      {
        paths: [
          { address: '10.0.0.12', reachable: false, lastSeenSeconds: 9 },
          { address: '10.1.0.12', reachable: true, lastSeenSeconds: 0 },
        ],
      },
      /^the path to lb2 at 10\.0\.0\.12 does not work, another one does: check its cabling/,
    ],
    [
      'what the link throws away',
      { warnings: ['10.0.0.66 is not the peer'] },
      /^10\.0\.0\.66 is not the peer$/,
    ],
  ]
  for (const [title, link, expected] of cases) {
    it(`warns in one line: ${title}`, () => {
      const { warnings } = composeStatus(inputOf(link))
      assert.equal(warnings.length, expected === undefined ? 0 : 1, warnings.join('\n'))
      if (expected) assert.match(warnings[0] ?? '', expected)
    })
  }

  const roles: readonly (readonly [
    title: string,
    router: Partial<RouterStatus>,
    link: Partial<PairLinkStatus>,
    warnings: readonly string[],
  ])[] = [
    ['Active here', { state: 'active', peerState: 'backup' }, {}, []],
    ['Active there', { peerState: 'active' }, {}, []],
    ['nothing known of the peer', {}, {}, []],
    ['an election', { peerState: 'backup', peerStateSince: ms(998_000) }, {}, []],
    [
      'two Backups',
      { peerState: 'backup' },
      {},
      ['front: nobody is Active: this director is Backup, lb2 is Backup'],
    ],
    [
      'fault there',
      { state: 'maintenance', peerState: 'fault', peerStateSince: ms(1_000_000) },
      {},
      ['front: nobody is Active: this director is in maintenance, lb2 is in fault'],
    ],
    ['fault here', { state: 'fault', peerState: 'active' }, {}, ['front is in fault here: eth0 is down']],
    [
      'fault here, nobody there',
      { state: 'fault' },
      { reachable: false },
      [
        'front is in fault here: eth0 is down',
        'front: nobody is known to be Active: this director is in fault, and lb2 is not reachable',
      ],
    ],
  ]
  for (const [title, router, link, expected] of roles) {
    it(`who is Active: ${title}`, () => {
      const input = inputOf(link)
      const vrrp = { ...known(input.reports.vrrp), routers: [{ ...aRouter, ...router }] }
      const { warnings } = composeStatus({ ...input, reports: { vrrp } })
      assert.deepEqual(
        warnings.filter((text) => text.startsWith('front')),
        expected,
      )
    })
  }

  it('maintenance needs somebody who can take over what is Active', () => {
    const lb2 = { name: 'lb2', reachable: true }
    const active = { ...aRouter, state: 'active' as const }
    const obstacle = maintenanceObstacle
    assert.equal(obstacle([{ ...aRouter, peerState: 'fault' }], lb2), undefined)
    assert.equal(obstacle([{ ...active, peerState: 'backup' }], lb2), undefined)
    assert.equal(obstacle([{ ...active, peerState: 'fault' }], lb2), 'front is in fault on lb2')
    assert.match(obstacle([active], { ...lb2, reachable: false }) ?? '', /^lb2 is not reachable/)
    assert.match(obstacle([active], undefined) ?? '', /^there is no other director/)
  })

  it('ages come from the monotonic clock, whatever the date is', () => {
    const key = healthKey('web', '10.0.0.21:80')
    const health = { service: 'web', server: '10.0.0.21:80', health: 'healthy', reason: 'x' } as const
    const { virtualServices } = composeStatus(
      inputOf(
        {},
        {
          health: new Map([[key, { ...health, since: Date.now() + 86_400_000 }]]),
          healthSince: new Map([[key, ms(990_000)]]),
        },
      ),
    )
    assert.equal(virtualServices[0]?.realServers[0]?.sinceSeconds, 10)
  })
})
