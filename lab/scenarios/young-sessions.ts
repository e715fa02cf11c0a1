import assert from 'node:assert/strict'
import { startPair } from '../director.js'
import { sessionsSettled, untilClientUses } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'
import { busyMachine, until } from '../wait.js'

const sessionCount = 50
/** What the contract allows a crash to cost, ms; reports of the load are a quarter of a second apart. */
const lagBar = 250
/** Longer than the peer takes to be Active. */
const silence = 4_000

/**
 * Nothing else passes on this machine, so that nothing but vipair makes the kernel tell what it knows; the
 * sessions say one word each when they open, and the next one long after the Active has died.
 */
async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const { lb1, lb2 } = await startPair(lab)
  await until('lb1 measures how late sessions reach the peer', 20_000 * busyMachine, async () => {
    const lag = (await lb1.status())?.sync.lagSeconds
    return typeof lag === 'number' && lag < 1 ? true : undefined
  })
  const load = lab.load({ sessions: sessionCount, lineEvery: silence, tcpEvery: 0, udpEvery: 0 })
  await load.until('every session is open', 20_000, ({ sessions }) => sessions.alive === sessionCount)
  const told = (await lb1.status())?.sync.lagSeconds
  lab.record('lag just before', `${Math.round((told ?? Number.NaN) * 1000)} ms`)
  await new Promise((resolve) => setTimeout(resolve, lagBar))
  load.mark('cut')
  await lab.topology.cut('lb1')
  await lb2.untilState('active', 10_000)
  await untilClientUses(lab, 'lb2', 5_000)
  const { sessions } = await sessionsSettled(load)
  lab.record('sessions alive', `${sessions.alive} of ${sessions.total} ${JSON.stringify(sessions.reasons)}`)
  assert.equal(sessions.alive, sessionCount)
}

export const youngSessions: Scenario = {
  name: 'young-sessions',
  summary: `sessions that began ${lagBar} ms before the Active's cable is cut live on, on a quiet machine`,
  forwarding: 'direct',
  run,
}
