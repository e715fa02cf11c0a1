import { assertFailover, loadedPair, measureFailover, untilSoleHolder } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

/** The lease of the address, plus what the kernel needs to notice. */
const leasePatience = 4500

async function run(lab: Lab): Promise<void> {
  const pair = await loadedPair(lab)
  let sole: Promise<number> | undefined
  const report = await measureFailover(lab, pair, 'kill', async () => {
    await pair.lb1.process.kill()
    sole = untilSoleHolder(lab, 'lb2', leasePatience)
    sole.catch(() => {})
  })
  lab.record('the dead one lost the address after', `${await sole} ms`)
  assertFailover(report)
}

const summary = 'every process of the Active killed with -9: the peer answers in time, all sessions live'

export const killActive: Scenario = { name: 'kill-active', summary, forwarding: 'direct', run }

export const killActiveNat: Scenario = {
  name: 'kill-active-nat',
  summary: `${summary} (NAT)`,
  forwarding: 'nat',
  run,
}
