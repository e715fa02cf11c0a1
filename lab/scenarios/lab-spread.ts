import assert from 'node:assert/strict'
import { natGateway, serverNames, virtualAddress } from '../addresses.js'
import { ipvsadmRules } from '../ipvs-table.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

/** The lab itself, without vipair: a table made by hand spreads traffic evenly. */
async function spread(lab: Lab): Promise<void> {
  await lab.servers()
  const { topology } = lab
  await topology.run('lb1', ['ipvsadm', '-R'], ipvsadmRules(lab.forwarding, 'rr'))
  for (const address of [virtualAddress, natGateway]) {
    await topology.run('lb1', ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0'])
  }
  // A busy machine may answer late, which is no loss.
  const load = lab.load({ sessions: 30, timeLimit: 3000 })
  await load.ready()
  load.mark('spread')
  await load.until(
    '300 requests are answered',
    20000,
    ({ tcp, udp }) => tcp.answered >= 300 && udp.answered >= 100,
  )
  const { tcp, udp, sessions, stall } = await load.close()
  lab.record('tcp', `${tcp.answered} answered, ${tcp.lost} lost, longest gap ${tcp.gap} ms`)
  lab.record('udp', `${udp.answered} answered, ${udp.lost} lost, longest gap ${udp.gap} ms`)
  lab.record("load's own stall", `${stall} ms`)
  assert.equal(tcp.lost, 0, 'TCP requests lost')
  assert.equal(udp.lost, 0, 'UDP requests lost')
  assert.equal(sessions.ended, 0, 'sessions ended')
  for (const flow of [tcp, udp]) {
    assert.deepEqual(Object.keys(flow.perServer).sort(), [...serverNames])
    for (const count of Object.values(flow.perServer)) {
      // Round robin is exact; requests still under way at either edge of the window are not.
      assert.ok(Math.abs(count - flow.answered / 3) <= 10, `uneven: ${JSON.stringify(flow.perServer)}`)
    }
  }
  assert.deepEqual(sessions.perServer, { rs1: 10, rs2: 10, rs3: 10 })
}

export const labSpreadDirect: Scenario = {
  name: 'lab-spread-dr',
  summary: 'the lab itself: a table made with ipvsadm spreads traffic over three servers, direct routing',
  forwarding: 'direct',
  run: spread,
}

export const labSpreadNat: Scenario = {
  name: 'lab-spread-nat',
  summary: 'the lab itself: the same by NAT, answers through the floating gateway',
  forwarding: 'nat',
  run: spread,
}
