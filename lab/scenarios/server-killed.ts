import assert from 'node:assert/strict'
import { frontAddress } from '../addresses.js'
import { startPair } from '../director.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const checkInterval = 500
const fall = 3

async function run(lab: Lab): Promise<void> {
  const { rs2 } = await lab.servers()
  const { lb1, lb2 } = await startPair(lab, { onDown: 'remove', checkInterval, fall })
  // A busy machine may answer late, which is no loss.
  const load = lab.load({ sessions: 30, timeLimit: 3000 })
  await load.ready()
  const listed = async (): Promise<boolean> => (await lb1.ipvsTable()).includes(`-r ${frontAddress('rs2')}:`)

  load.mark('killed')
  const begun = performance.now()
  await rs2.kill()
  await until('rs2 is out of the table', 10000, async () => ((await listed()) ? undefined : true))
  const removed = Math.round(performance.now() - begun)
  const killed = await load.close()
  lab.record('removed after', `${removed} ms (${fall} checks, one each ${checkInterval} ms)`)
  lab.record('requests lost until then', `tcp ${killed.tcp.lost} of ${killed.tcp.sent}`)
  // The first failing check comes up to an interval after the death, the last `fall - 1` intervals later;
  // as much again for a machine with other work to do.
  assert.ok(removed <= 2 * fall * checkInterval + killed.stall, `removed after ${removed} ms`)
  const { virtualServices } = await lb1.until('says why', 5000, ({ virtualServices }) =>
    virtualServices.every(({ realServers }) => realServers.some(({ health }) => health === 'unhealthy')),
  )
  const reasons = virtualServices.flatMap(({ realServers }) =>
    realServers.filter(({ name }) => name === 'rs2').map(({ reason }) => reason),
  )
  for (const reason of reasons) assert.match(reason, new RegExp(`${fall} of ${fall} failed`))
  lab.record('reason', reasons[0] ?? '')

  load.mark('without')
  await load.until('100 more are answered', 10000, ({ tcp }) => tcp.answered >= 100)
  const without = await load.close()
  assert.equal(without.tcp.lost, 0, 'requests lost with rs2 out of the table')
  assert.equal(without.tcp.perServer.rs2, undefined)

  await lab.server('rs2')
  await lb1.untilHealthy(10000)
  await lb2.untilHealthy(10000)
  await until('rs2 is in the table again', 5000, async () => ((await listed()) ? true : undefined))
  load.mark('returned')
  const returned = await load.until('rs2 answers again', 10000, ({ tcp }) => (tcp.perServer.rs2 ?? 0) > 0)
  assert.equal(returned.tcp.lost, 0, 'requests lost at the return')
}

export const serverKilled: Scenario = {
  name: 'server-killed',
  summary: 'a killed real server leaves the table after `fall` checks and comes back after `rise`',
  forwarding: 'direct',
  run,
}
