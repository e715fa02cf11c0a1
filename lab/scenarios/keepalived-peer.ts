import assert from 'node:assert/strict'
import { virtualAddress } from '../addresses.js'
import { Director } from '../director.js'
import { holders, untilSoleHolder } from '../failover.js'
import { startKeepalived } from '../keepalived.js'
import type { Lab } from '../lab.js'
import { defaultPriority } from '../pair-config.js'
import type { Scenario } from '../scenario.js'
import { until } from '../wait.js'

const vipair = (lab: Lab): Director => new Director(lab, 'lb1', { transport: 'multicast', preempt: 'always' })

async function wins(lab: Lab): Promise<void> {
  const rival = startKeepalived(lab, 'lb2', defaultPriority.lb1 - 100)
  await until('keepalived is Active while alone', 10000, async () =>
    (await lab.topology.holds('lb2', virtualAddress)) ? true : undefined,
  )
  const lb1 = vipair(lab)
  lb1.start()
  await lb1.untilState('active', 30000)
  lab.record('agreed after', `${await untilSoleHolder(lab, 'lb1', 5000)} ms`)
  assert.ok(rival.running)
  await lb1.process.kill()
  lab.record(
    'keepalived took over, vipair lost its lease after',
    `${await untilSoleHolder(lab, 'lb2', 6000)} ms`,
  )
}

async function loses(lab: Lab): Promise<void> {
  const lb1 = vipair(lab)
  lb1.start()
  await lb1.untilState('active', 30000)
  const rival = startKeepalived(lab, 'lb2', defaultPriority.lb1 + 50)
  await until('keepalived holds the address', 10000, async () =>
    (await lab.topology.holds('lb2', virtualAddress)) ? true : undefined,
  )
  await lb1.untilState('backup', 10000)
  lab.record('agreed after', `${await untilSoleHolder(lab, 'lb2', 5000)} ms`)
  await rival.stop()
  await lb1.untilState('active', 10000)
  assert.deepEqual(await holders(lab), ['lb1'], 'after keepalived has left')
}

export const keepalivedPeerLower: Scenario = {
  name: 'keepalived-peer-lower',
  summary: 'with a keepalived of lower priority on the wire, vipair is the one Active',
  forwarding: 'direct',
  run: wins,
}

export const keepalivedPeerHigher: Scenario = {
  name: 'keepalived-peer-higher',
  summary: 'with a keepalived of higher priority on the wire, vipair is Backup until that leaves',
  forwarding: 'direct',
  run: loses,
}
