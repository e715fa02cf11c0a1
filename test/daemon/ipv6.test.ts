/** Directors that know each other by IPv6 addresses only. */
import { equal, match, ok } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DirectorStatus } from '../../src/base/status.js'
import { createPair } from '../platform/namespace.js'
import { until } from './directors.js'
import { RunningDaemon } from './running.js'

const file = (key: string): string => `
[[director]]
name = "lb1"
address = "2001:db8::1"
[[director]]
name = "lb2"
address = "2001:db8::2"
[pair]
key_file = "${key}"
[[virtual_router]]
name = "six"
vrid = 51
addresses = ["fe80::100/64", "2001:db8::100/64"]
[[virtual_router]]
name = "four"
vrid = 51
addresses = ["10.9.0.100/24"]
`

describe('daemon/ipv6', function () {
  this.timeout(60_000)

  it('over udp: elects, hands over and fails over, for addresses of both families', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vipair-six-'))
    const network = createPair()
    network.left.ip('addr add 2001:db8::1/64 dev left0 nodad')
    network.right.ip('addr add 2001:db8::2/64 dev right0 nodad')
    const key = join(folder, 'pair.key')
    writeFileSync(key, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    const daemons: RunningDaemon[] = []
    const start = (side: 'left' | 'right', name: string): RunningDaemon => {
      const daemon = new RunningDaemon(network[side], name, file(key))
      daemons.push(daemon)
      return daemon
    }
    const are = (daemon: RunningDaemon, state: string, active: string | undefined) =>
      until<DirectorStatus>(`both routers ${state}, following ${active}`, async () => {
        const status = await daemon.status().catch(() => undefined)
        const all = status?.virtualRouters ?? []
        const so = all.length === 2 && all.every((each) => each.state === state && each.active === active)
        return so ? status : undefined
      })
    const held = (side: 'left' | 'right'): number =>
      [...network[side].ip('-o addr show').matchAll(/(fe80::100|2001:db8::100|10\.9\.0\.100)\//g)].length
    try {
      const lb1 = start('left', 'lb1')
      await are(lb1, 'active', 'lb1')
      equal(held('left'), 3)
      const lb2 = start('right', 'lb2')
      const { peer, warnings } = await are(lb2, 'backup', 'lb1')
      ok(peer?.reachable, warnings.join())
      equal(held('right'), 0)
      await lb1.stop()
      const after = await are(lb2, 'active', 'lb2')
      match(after.virtualRouters[0]?.reason ?? '', /asked|handed over|took over|takes over/)
      equal(held('left'), 0)
      equal(held('right'), 3)
    } finally {
      await Promise.all(daemons.map((daemon) => daemon.stop().catch(() => {})))
      network.close()
      rmSync(folder, { recursive: true })
    }
  })
})
