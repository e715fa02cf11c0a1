import assert from 'node:assert/strict'
import { frontAddress, virtualAddress } from '../addresses.js'
import { Director } from '../director.js'
import { recordWindow } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

/** Where nobody listens, on any host. */
const closedPort = 9

/** What a client hears who opens a connection: `refused`, or `silence` for two seconds. */
function knock(lab: Lab, address: string): Promise<string> {
  const script = `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${closedPort}' 2>&1; [ $? = 124 ] && echo silence`
  return lab.topology
    .run('client', ['sh', '-c', `${script}; true`])
    .then((said) => (/refused/.test(said) ? 'refused' : said.trim()))
}

async function run(lab: Lab): Promise<void> {
  await lab.servers()
  const lb1 = new Director(lab, 'lb1', { front: 'accept = false\nvirtual_mac = true' })
  lb1.start()
  await lb1.untilState('active', 60000)
  await lb1.untilHealthy(30000)
  const load = lab.load({ sessions: 20 })
  await load.ready()
  load.mark('served')
  assert.equal(await knock(lab, virtualAddress), 'silence', 'what IPVS does not take is dropped')
  assert.equal(await knock(lab, frontAddress('lb1')), 'refused', "the director's own address accepts")
  const window = await load.close()
  recordWindow(lab, window)
  // A request counts as lost after a fraction of a second, and this machine may stand still for longer.
  for (const { sent, answered } of [window.tcp, window.udp])
    assert.ok(sent > 0 && answered >= 0.9 * sent, `services go on: ${answered} of ${sent} answered`)
  assert.equal(window.sessions.ended, 0, JSON.stringify(window.sessions.reasons))
  assert.equal(await lb1.process.stop(), 0)
  assert.equal(await lab.topology.run('lb1', ['nft', 'list', 'tables']), '', 'the rules are gone')
  const left = await lab.topology.run('lb1', ['ip', '-brief', 'link', 'show', 'type', 'macvlan'])
  assert.equal(left, '', 'the interface is gone')
}

export const acceptNothing: Scenario = {
  name: 'accept-nothing',
  summary: 'accept = false and a virtual MAC: services are served, nothing else is accepted on the address',
  forwarding: 'direct',
  // The user-mode kernel has no nftables.
  flavours: ['host', 'qemu'],
  run,
}
