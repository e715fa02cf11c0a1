import assert from 'node:assert/strict'
import { serverNames } from '../addresses.js'
import { startPair } from '../director.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function spread(lab: Lab): Promise<void> {
  await lab.servers()
  const { lb1, lb2 } = await startPair(lab, { scheduler: 'rr' })
  assert.equal(await lb1.ipvsTable(), await lb2.ipvsTable(), 'both directors have the same table')
  // A busy machine may answer late, which is no loss.
  const load = lab.load({ sessions: 30, timeLimit: 3000 })
  await load.ready()
  load.mark('spread')
  await load.until(
    '300 requests are answered',
    20000,
    ({ tcp, udp }) => tcp.answered >= 300 && udp.answered >= 100,
  )
  const { tcp, udp, sessions } = await load.close()
  lab.record('tcp', `${tcp.answered} answered, ${tcp.lost} lost, ${JSON.stringify(tcp.perServer)}`)
  lab.record('udp', `${udp.answered} answered, ${udp.lost} lost, ${JSON.stringify(udp.perServer)}`)
  assert.equal(tcp.lost + udp.lost, 0, 'requests lost')
  assert.equal(sessions.ended, 0, 'sessions ended')
  for (const flow of [tcp, udp]) {
    assert.deepEqual(Object.keys(flow.perServer).sort(), [...serverNames])
    for (const count of Object.values(flow.perServer)) {
      assert.ok(Math.abs(count - flow.answered / 3) <= 10, `uneven: ${JSON.stringify(flow.perServer)}`)
    }
  }
}

export const spreadDirect: Scenario = {
  name: 'spread-dr',
  summary: 'traffic spreads evenly over three servers by round robin, direct routing',
  forwarding: 'direct',
  run: spread,
}

export const spreadNat: Scenario = {
  name: 'spread-nat',
  summary: 'traffic spreads evenly over three servers by round robin, NAT',
  forwarding: 'nat',
  run: spread,
}
