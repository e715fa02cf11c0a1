import assert from 'node:assert/strict'
import { holders, loadedPair, recordWindow, sessionsSettled } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

/** The incumbent resets every session here: the returning director knows none of them. */
async function run(lab: Lab): Promise<void> {
  const { lb1, lb2, load } = await loadedPair(lab)
  load.mark('failover')
  await lb1.process.kill()
  await lb2.untilState('active', 10000)
  await sessionsSettled(load)
  await load.close()

  load.mark('failback')
  lb1.start()
  const back = await lb1.untilState('active', 60000)
  lab.record('took back because', back.virtualRouters[0]?.reason ?? '')
  lab.record('held then', back.sync.lastSnapshot ?? 'nothing')
  assert.notEqual(back.sync.lastSnapshot, null, 'took back without a snapshot')
  await sessionsSettled(load)
  const report = await load.close()
  recordWindow(lab, report)
  assert.deepEqual(await holders(lab), ['lb1'])
  assert.equal(report.sessions.ended, 0, `sessions lost: ${JSON.stringify(report.sessions.reasons)}`)
}

const summary = 'the killed director returns, gets the sessions, takes back, and every one of them lives'

export const failback: Scenario = { name: 'failback', summary, forwarding: 'direct', run }

export const failbackNat: Scenario = {
  name: 'failback-nat',
  summary: `${summary} (NAT)`,
  forwarding: 'nat',
  run,
}
