import assert from 'node:assert/strict'
import { type DirectorName, directorNames, pinnedPort, ports, virtualAddress } from '../addresses.js'
import { type Director, startPair } from '../director.js'
import { FullNatSessions, fullNatServers, fullNatServices } from '../full-nat/sessions.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The guest of user-mode Linux has none; what vipair makes of them then comes from iptables. */
async function hasNftables(lab: Lab): Promise<boolean> {
  try {
    await lab.topology.run('client', ['nft', 'add', 'table', 'ip', 'probe'])
    return true
  } catch {
    lab.record('source translated by', 'iptables: this kernel has no nf_tables')
    return false
  }
}

async function translateByHand({ topology }: Lab, name: DirectorName): Promise<void> {
  const iptables = (...words: string[]) => topology.run(name, ['iptables-legacy', ...words])
  const balanced = ['-m', 'conntrack', '--ctorigdst', virtualAddress, '!', '-d', virtualAddress]
  await iptables('-t', 'nat', '-A', 'POSTROUTING', ...balanced, '-j', 'SNAT', '--to-source', virtualAddress)
  for (const protocol of ['tcp', 'udp']) {
    const answers = [
      '-p',
      protocol,
      '--sport',
      `${ports.echo}`,
      '!',
      '--dport',
      `${ports.echo}:${pinnedPort}`,
    ]
    const unknown = ['-d', virtualAddress, '-m', 'conntrack', '--ctstate', 'NEW']
    await iptables('-A', 'INPUT', ...answers, ...unknown, '-j', 'DROP')
  }
}

async function run(lab: Lab): Promise<void> {
  // Not the third: each program costs seconds in a guest that is emulated.
  for (const name of fullNatServers) await lab.server(name)
  if (!(await hasNftables(lab))) for (const name of directorNames) await translateByHand(lab, name)
  const { lb1, lb2 } = await startPair(lab, { services: fullNatServices() })
  const sessions = await FullNatSessions.open(lab, { plain: 8, colliding: 3 })
  const opened = await sessions.proved('every session echoes')
  lab.record('sessions', `${opened.total}, ${opened.otherPorts} with another source port at the server`)
  assert.deepEqual(opened.ended, [])
  assert.ok(opened.otherPorts >= 6, 'no client ports collided')

  const expectAll = async (when: string): Promise<void> => {
    const seen = await sessions.proved(`sessions after ${when}`)
    lab.record(`alive after ${when}`, `${seen.alive} of ${seen.total}`)
    assert.deepEqual(seen.ended, [], when)
  }
  const known = (director: Director, count: number) =>
    director.until(`knows ${count} source ports of its peer's`, 30_000, ({ sync }) => {
      return sync.messages.peerSourcePorts === count
    })
  await known(lb2, opened.otherPorts)
  // The kernel tells its peers of a connection within 3 s, and repeats it after 10.
  await pause(4_000)
  lab.say("lb1's cable is pulled")
  await lab.topology.cut('lb1')
  await lb2.untilState('active', 10_000)
  await expectAll('failover')

  sessions.openPairs(2)
  await expectAll('opening more at lb2')
  await pause(4_000)
  lab.say("lb1's cable is back")
  await lab.topology.heal('lb1')
  await lb1.until('is Active again, and Active alone', 60_000, ({ virtualRouters, peer }) => {
    return virtualRouters.every(({ state }) => state === 'active') && peer?.reachable === true
  })
  await lb2.untilState('backup', 20_000)
  await expectAll('failback')
}

const summary =
  'full NAT on one network: TCP and UDP sessions, with colliding client ports, live through failover and failback'

export const fullNat: Scenario = { name: 'full-nat', summary, forwarding: 'full_nat', run }

/** As operators have it: vipair's own rules do the translation. */
export const fullNatNftables: Scenario = {
  name: 'full-nat-nftables',
  summary: `${summary}, by vipair's nftables`,
  forwarding: 'full_nat',
  flavours: ['host', 'qemu'],
  async run(lab) {
    assert.ok(await hasNftables(lab), 'this kernel has no nf_tables')
    await run(lab)
  },
}
