import { assertFailover, loadedPair, measureFailover } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  const pair = await loadedPair(lab)
  const report = await measureFailover(lab, pair, 'cut', () => lab.topology.cut('lb1'))
  assertFailover(report)
}

export const cutActive: Scenario = {
  name: 'cut-active',
  summary: "the Active's cable cut: the peer answers in time, all sessions live",
  forwarding: 'direct',
  run,
}
