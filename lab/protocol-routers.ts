/** Virtual routers of every protocol that a peer may speak, side by side on one interface. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type DirectorName, frontAddress } from './addresses.js'
import { Director } from './director.js'
import type { Lab } from './lab.js'
import type { LabProcess } from './lab-process.js'
import { busyMachine, until } from './wait.js'

export interface ProtocolRouter {
  readonly name: string
  readonly vrid: number
  readonly version: 2 | 3
  readonly transport: 'multicast' | 'unicast'
  readonly password?: string
  readonly addresses: readonly string[]
  readonly virtualMac?: true
}

export const protocolRouters = {
  version3: {
    name: 'version3',
    vrid: 51,
    version: 3,
    transport: 'multicast',
    addresses: ['10.0.0.100', '10.0.0.101'],
  },
  version2: { name: 'version2', vrid: 52, version: 2, transport: 'multicast', addresses: ['10.0.0.102'] },
  password: {
    name: 'password',
    vrid: 53,
    version: 2,
    transport: 'multicast',
    password: 'secret',
    addresses: ['10.0.0.103'],
  },
  // The vrid of the first one: the families are apart.
  ipv6: {
    name: 'ipv6',
    vrid: 51,
    version: 3,
    transport: 'multicast',
    addresses: ['fe80::100', '2001:db8::100'],
  },
  unicast: { name: 'unicast', vrid: 54, version: 3, transport: 'unicast', addresses: ['10.0.0.104'] },
  virtualMac: {
    name: 'virtual-mac',
    vrid: 55,
    version: 3,
    transport: 'multicast',
    virtualMac: true,
    addresses: ['10.0.0.105'],
  },
  virtualMac6: {
    name: 'virtual-mac6',
    vrid: 55,
    version: 3,
    transport: 'multicast',
    virtualMac: true,
    addresses: ['fe80::105', '2001:db8::105'],
  },
} as const satisfies Record<string, ProtocolRouter>

/** RFC 9568 section 7.3. */
export const virtualMacOf = ({ vrid, addresses }: ProtocolRouter): string =>
  `00:00:5e:00:0${addresses[0]?.includes(':') ? 2 : 1}:${vrid.toString(16)}`

export const prefixLength = (address: string): number => (address.includes(':') ? 64 : 24)

const table = (router: ProtocolRouter): string => `
[[virtual_router]]
name = "${router.name}"
vrid = ${router.vrid}
version = ${router.version}
transport = "${router.transport}"
advertisement_interval = "1s"
preempt = "always"
virtual_mac = ${router.virtualMac ?? false}
addresses = [${router.addresses.map((address) => `"${address}/${prefixLength(address)}"`).join(', ')}]
${router.password === undefined ? '' : `authentication = { type = "simple", password = "${router.password}" }`}
`

/** What is captured: advertisements, ARP and neighbour discovery. The kernel's UDP checksums are the cable's. */
const belowUdp = 'ip proto 112 or ip6 proto 112 or arp or icmp6'

/** vipair on lb1 with these routers. */
export const protocolDirector = (lab: Lab, routers: readonly ProtocolRouter[]): Director =>
  new Director(lab, 'lb1', { routers: routers.map(table).join('') })

/** Waits until the director's own interface has all of the routers' addresses, or none of them. */
export async function untilHolds(
  lab: Lab,
  name: DirectorName,
  routers: readonly ProtocolRouter[],
  wanted: boolean,
  patience: number,
): Promise<void> {
  const addresses = routers.flatMap((router) => router.addresses)
  let held: readonly string[] = []
  await until(
    `${name} holds ${wanted ? 'every' : 'no'} address`,
    patience,
    async () => {
      const each = await Promise.all(addresses.map((address) => lab.topology.holds(name, address)))
      held = addresses.filter((_, i) => each[i])
      return held.length === (wanted ? addresses.length : 0) ? true : undefined
    },
    () => held,
  )
}

/** Every packet of ours in the capture as tcpdump judges it: nothing bad, and something of each router. */
export async function assertPacketsGood(
  lab: Lab,
  capture: LabProcess,
  file: string,
  routers: readonly ProtocolRouter[],
): Promise<void> {
  await capture.stop()
  const read = ['tcpdump', '-n', '-e', '-vvv', '-r', join(lab.artefacts, `${file}.pcap`)]
  const text = await lab.topology.run('lb1', read)
  // A packet's first line begins with its time, the others with white space.
  const packets = text.split(/\n(?=\d)/)
  const bad = packets.filter((packet) => /\bbad\b|wrong|invalid|\(incorrect/i.test(packet))
  assert.deepEqual(bad, [], 'tcpdump finds nothing wrong')
  const linkLocal = await lab.topology.run('lb1', ['ip', '-6', '-o', 'address', 'show', 'dev', 'eth0'])
  const source6 = /inet6 (fe80::\S+)\/64 scope link\s*\\?\s*valid_lft forever/.exec(linkLocal)?.[1] ?? ''
  for (const router of routers) {
    const { name, vrid, version, addresses } = router
    const six = addresses[0]?.includes(':') ?? false
    const source = six ? source6 : frontAddress('lb1')
    const ours = packets.filter(
      (packet) =>
        packet.includes(`${source} >`) && new RegExp(`VRRPv${version}.* vrid ${vrid}\\b`).test(packet),
    )
    lab.record(`advertisements of ${name} seen`, ours.length)
    assert.ok(ours.length > 0, `${name}: no advertisement from ${source} in the capture`)
    const header = six ? /class 0xc0.*hlim 255/ : /tos 0xc0, ttl 255/
    assert.deepEqual(
      ours.filter((packet) => !header.test(packet)),
      [],
      `${name}: ${header}`,
    )
    if (!router.virtualMac) continue
    const mac = virtualMacOf(router)
    const otherwise = ours.filter((packet) => !packet.includes(` ${mac} > `))
    assert.deepEqual(otherwise, [], `${name}: from ${mac}`)
  }
}

/**
 * With a peer on lb2 that is started by `start` with a priority, in both orders: the higher one is Active, the
 * other one Backup, and takes over when the first leaves or dies. `holds` asks what the peer's side has.
 */
export async function meetPeer(
  lab: Lab,
  routers: readonly ProtocolRouter[],
  start: (priority: number) => Promise<{ stop(): Promise<unknown> }>,
  untilPeer: (active: boolean, patience: number) => Promise<void>,
): Promise<void> {
  const patience = 10000 * busyMachine
  const capture = lab.topology.capture('lb1', 'peer', belowUdp)
  const lower = await start(50)
  await untilPeer(true, patience)
  lab.say('the peer is Active while alone')
  const lb1 = protocolDirector(lab, routers)
  lb1.start()
  await lb1.untilState('active', 30000)
  await untilHolds(lab, 'lb1', routers, true, patience)
  await untilPeer(false, patience)
  lab.say('vipair preempts it')
  await lb1.process.kill()
  await untilPeer(true, patience)
  await untilHolds(lab, 'lb1', routers, false, patience)
  lab.say('the peer takes over from a dead vipair, whose leases end')
  await lower.stop()

  const again = protocolDirector(lab, routers)
  again.start()
  await again.untilState('active', 30000)
  const higher = await start(200)
  await again.untilState('backup', 30000)
  await untilPeer(true, patience)
  await untilHolds(lab, 'lb1', routers, false, patience)
  lab.say('a higher peer preempts vipair')
  await higher.stop()
  await again.untilState('active', 30000)
  await untilHolds(lab, 'lb1', routers, true, patience)
  lab.say('vipair takes over when the peer leaves')
  const { virtualRouters } = (await again.status()) ?? { virtualRouters: [] }
  lab.record('reasons', virtualRouters.map(({ name, reason }) => `${name}: ${reason}`).join('; '))
  assert.equal(await again.process.stop(), 0)
  await assertPacketsGood(lab, capture, 'peer', routers)
}
