import assert from 'node:assert/strict'
import { virtualAddress } from '../addresses.js'
import { ipvsadmRules } from '../ipvs-table.js'
import { startKeepalived } from '../keepalived.js'
import type { Lab } from '../lab.js'
import { failoverBar } from '../pair-config.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const holder = (name: 'lb1' | 'lb2') => async (): Promise<true | undefined> =>
    (await lab.topology.holds(name, virtualAddress)) ? true : undefined
  for (const name of ['lb1', 'lb2'] as const) {
    await lab.topology.run(name, ['ipvsadm', '-R'], ipvsadmRules(lab.forwarding, 'rr'))
  }
  const active = startKeepalived(lab, 'lb1', 150)
  await until('lb1 holds the address', 10000, holder('lb1'))
  startKeepalived(lab, 'lb2', 100)
  const load = lab.load({ sessions: 1 })
  await load.ready()

  load.mark('cut')
  await lab.topology.cut('lb1')
  await until('lb2 holds the address', 10000, holder('lb2'))
  await load.until('requests are answered again', 5000, ({ elapsed }) => elapsed > 2000)
  const cut = await load.close()
  const theory = failoverBar(100) - 100
  lab.record(
    'cable cut: gap',
    `tcp ${cut.tcp.gap} ms, udp ${cut.udp.gap} ms (in theory ${Math.round(theory)} ms)`,
  )
  lab.record('cable cut: lost', `tcp ${cut.tcp.lost}, udp ${cut.udp.lost}`)
  assert.ok(cut.tcp.gap > 200, `an Active that is cut off must be missed: gap ${cut.tcp.gap} ms`)
  assert.ok(cut.tcp.gap < 2 * theory, `gap ${cut.tcp.gap} ms`)

  await lab.topology.heal('lb1')
  await until('lb2 gives the address back', 10000, async () => ((await holder('lb2')()) ? undefined : true))
  load.mark('kill')
  await active.kill()
  await until('lb2 holds the address again', 10000, holder('lb2'))
  const kill = await load.close()
  // The dead one's kernel goes on forwarding, and nothing takes its address away.
  const holders = (await lab.topology.holds('lb1', virtualAddress)) ? 2 : 1
  lab.record('all processes killed: gap', `tcp ${kill.tcp.gap} ms, udp ${kill.udp.gap} ms`)
  lab.record('all processes killed: directors that hold the address', holders)
}

export const labKeepalived: Scenario = {
  name: 'lab-keepalived',
  summary: 'the lab itself: a keepalived pair fails over, by a cut cable and by kill -9',
  forwarding: 'direct',
  run,
}
