import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { VirtualServiceStatus } from '../../src/base/status.js'
import { millis } from '../../src/base/units.js'
import { parseConfig } from '../../src/config/parse.js'
import { serviceStatus } from '../../src/daemon/service-status.js'
import { serviceWarnings } from '../../src/daemon/service-warnings.js'

const parsed = parseConfig(readFileSync('configs/services.toml'))
assert.ok(parsed.ok)
const [config] = parsed.value.config.virtualServices
assert.ok(config)
const [one] = config.realServers
assert.ok(one)
const quiet: VirtualServiceStatus = serviceStatus(config, {
  uptime: millis(5000),
  now: millis(0),
  health: new Map(),
  healthSince: new Map(),
  checks: new Map(),
  overrides: { of: () => undefined, saidAt: () => undefined },
  mirror: undefined,
  traffic: undefined,
  inKernel: undefined,
})
const lost = { needed: 200, hysteresis: 0, have: 100, reached: false, sinceSeconds: 1 }

describe('warnings of services', () => {
  const cases: readonly {
    title: string
    change: Partial<VirtualServiceStatus>
    warnings: readonly RegExp[]
  }[] = [
    { title: 'none before anybody has looked', change: {}, warnings: [] },
    {
      title: 'none while the quorum is reached',
      change: { quorum: { ...lost, reached: true } },
      warnings: [],
    },
    {
      title: 'no quorum',
      change: { quorum: lost, sorryServer: null },
      warnings: [/: no quorum: the servers that are up weigh 100, 200 needed; they serve on$/],
    },
    {
      title: 'nobody at all',
      change: { quorum: { ...lost, have: 0 }, sorryServer: null },
      warnings: [/weigh 0, 200 needed; nobody serves$/],
    },
    {
      title: 'panic, with the reason of the first',
      change: { panic: { sinceSeconds: 1, secondsLeft: 99.5, suspects: [one.name, 'x'] } },
      warnings: [
        /: PANIC: 2 servers failed at once and are served on, believed in 100 s: .*no verdict yet\)$/,
      ],
    },
    {
      title: 'panic of all',
      change: { panic: { sinceSeconds: 1, secondsLeft: null, suspects: [one.name, 'x'] } },
      warnings: [/ are served on: look at the check and the network, or disable those that are dead/],
    },
  ]
  for (const { title, change, warnings } of cases)
    it(title, () => {
      const found = serviceWarnings([{ ...quiet, ...change }])
      assert.equal(found.length, warnings.length)
      for (const [i, warning] of warnings.entries()) assert.match(found[i] ?? '', warning)
    })

  it('a whole rack is one line more than twenty', () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ ...quiet, name: `web${i}`, quorum: lost }))
    const found = serviceWarnings(many)
    assert.equal(found.length, 21)
    assert.equal(found.at(-1), '280 more services have a warning')
  })
})
