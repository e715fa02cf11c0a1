/** What the election hears of the servers. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Health, ServerHealth } from '../../src/base/facts.js'
import { parseConfig } from '../../src/config/parse.js'
import { healthKey } from '../../src/daemon/health-key.js'
import type { PeerVerdict } from '../../src/daemon/peer/view.js'
import { countServers, countShared } from '../../src/daemon/server-counts.js'

const parsed = parseConfig(readFileSync('configs/pair-dr.toml'))
assert.ok(parsed.ok)
const [template] = parsed.value.config.virtualServices
const [aServer] = template?.realServers ?? []
assert.ok(template && aServer)
const names = ['a', 'b', 'c', 'd']
const service = { ...template, name: 'web', realServers: names.map((name) => ({ ...aServer, name })) }

const health = (all: readonly (Health | undefined)[]): ReadonlyMap<string, ServerHealth> =>
  new Map(
    all.flatMap((health, i) =>
      health === undefined
        ? []
        : [
            [
              healthKey('web', names[i] ?? ''),
              { service: 'web', server: names[i] ?? '', health, reason: '', since: 0 },
            ],
          ],
    ),
  )
const peer =
  (all: readonly (Health | undefined)[]) =>
  (_: string, server: string): PeerVerdict | undefined => {
    const found = all[names.indexOf(server)]
    return found && { health: found, reason: '' }
  }

describe('the servers of a director, counted', () => {
  it('each by its health, and as healthy without checks', () => {
    const own = health(['healthy', 'unhealthy', undefined, 'unknown'])
    assert.deepEqual(countServers([service], own), { healthy: 1, unknown: 2, total: 4 })
    const unchecked = { ...service, realServers: service.realServers.map((one) => ({ ...one, checks: [] })) }
    assert.deepEqual(countServers([unchecked], own), { healthy: 4, unknown: 0, total: 4 })
  })

  it('beside the peer, those that both have judged', () => {
    const cases: readonly (readonly [
      own: readonly (Health | undefined)[],
      theirs: readonly (Health | undefined)[],
      counts: readonly [here: number, there: number, of: number],
    ])[] = [
      [
        ['healthy', 'healthy', 'healthy', 'healthy'],
        ['healthy', 'healthy', 'healthy', 'healthy'],
        [4, 4, 4],
      ],
      [
        ['unhealthy', 'healthy', 'healthy', 'healthy'],
        ['healthy', 'healthy', 'healthy', 'healthy'],
        [3, 4, 4],
      ],
      // One that this file has and the peer's has not; one that nobody has judged here yet.
      [
        ['healthy', 'unhealthy', undefined, 'healthy'],
        [undefined, 'healthy', 'healthy', 'unknown'],
        [0, 1, 1],
      ],
      [[], ['healthy'], [0, 0, 0]],
    ]
    for (const [own, theirs, [here, there, total]] of cases)
      assert.deepEqual(countShared([service], health(own), peer(theirs)), {
        own: { healthy: here, unknown: 0, total },
        peer: { healthy: there, unknown: 0, total },
      })
  })
})
