import assert from 'node:assert/strict'
import { holders, loadedPair, measureFailover, measureTakeOver } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

/** The incumbent resets every session here: the returning director knows none of them. */
async function run(lab: Lab): Promise<void> {
  const { lb1, lb2, load } = await loadedPair(lab)
  await measureFailover(lab, { lb1, lb2, load }, 'failover', () => lb1.process.kill())

  const { sessions } = await measureTakeOver(lab, load, lb1, 'failback', () => lb1.start(), 60000)
  const back = await lb1.untilState('active', 5000)
  lab.record('took back because', back.virtualRouters[0]?.reason ?? '')
  lab.record('held then', back.sync.lastSnapshot ?? 'nothing')
  assert.notEqual(back.sync.lastSnapshot, null, 'took back without a snapshot')
  assert.deepEqual(await holders(lab), ['lb1'])
  assert.equal(sessions.alive, sessions.total, `sessions lost: ${JSON.stringify(sessions.reasons)}`)
}

const summary = 'the killed director returns, gets the sessions, takes back, and every one of them lives'

export const failback: Scenario = { name: 'failback', summary, forwarding: 'direct', run }

export const failbackNat: Scenario = {
  name: 'failback-nat',
  summary: `${summary} (NAT)`,
  forwarding: 'nat',
  run,
}
