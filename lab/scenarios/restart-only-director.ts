import assert from 'node:assert/strict'
import { Director } from '../director.js'
import { recordWindow, sessionsSettled } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const lb1 = new Director(lab, 'lb1')
  lb1.start()
  await lb1.untilState('active', 30000)
  await lb1.untilHealthy(15000)
  const load = lab.load({ sessions: 60 })
  await load.ready()
  load.mark('restart')
  await lb1.process.stop()
  lb1.start()
  await lb1.untilState('active', 30000)
  const { sessions } = await sessionsSettled(load)
  recordWindow(lab, await load.close())
  assert.equal(sessions.ended, 0, `sessions reset: ${JSON.stringify(sessions.reasons)}`)
}

export const restartOnlyDirector: Scenario = {
  name: 'restart-only-director',
  summary: 'stopping and starting the only director resets no session',
  forwarding: 'direct',
  run,
}
