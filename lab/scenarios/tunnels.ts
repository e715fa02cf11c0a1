import assert from 'node:assert/strict'
import {
  type DirectorName,
  frontAddress,
  type ServerName,
  serverNames,
  virtualAddress,
} from '../addresses.js'
import { Director } from '../director.js'
import type { Lab } from '../lab.js'
import { built } from '../paths.js'
import type { Scenario } from '../scenario.js'
import { run as shell } from '../shell-command.js'
import { until } from '../wait.js'

const front6 = (host: ServerName | DirectorName | 'client'): string =>
  `2001:db8::${frontAddress(host).split('.')[3]}`
const virtual6 = '2001:db8::100'

/** One kind of tunnel a server, so that a service of all three shows each. */
const kinds: Readonly<Record<ServerName, string>> = {
  rs1: '{ type = "ipip" }',
  rs2: '{ type = "gue", port = 6080, checksum = true }',
  rs3: '{ type = "gre" }',
}

/** What unwraps at each: of IPv4 and of IPv6 in either. */
const devices: Readonly<Record<ServerName, (host: ServerName) => readonly string[]>> = {
  rs1: (host) => plain(host),
  rs2: (host) => [...plain(host), 'fou add port 6080 gue', '-6 fou add port 6080 gue'],
  rs3: (host) => [
    `link add gre4 type gre local ${frontAddress(host)}`,
    `link add gre6 type ip6gre local ${front6(host)}`,
    'link set gre4 up',
    'link set gre6 up',
  ],
}

const plain = (host: ServerName): readonly string[] => [
  `link add in4 type ipip local ${frontAddress(host)}`,
  `link add in64 type sit local ${frontAddress(host)}`,
  `link add in6 type ip6tnl mode any local ${front6(host)} remote ::`,
  'link set in4 up',
  'link set in64 up',
  'link set in6 up',
]

/** The service's address and the servers', each pair of families on a port of its own. */
const services = [
  { name: '4-in-4', address: virtualAddress, port: 7104, of: frontAddress },
  { name: '6-in-6', address: virtual6, port: 7106, of: front6 },
  { name: '4-in-6', address: virtualAddress, port: 7146, of: front6 },
  { name: '6-in-4', address: virtual6, port: 7164, of: frontAddress },
] as const

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)

const file = (): string => {
  const routers = `
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["${virtualAddress}/24"]
[[virtual_router]]
name = "front6"
vrid = 51
addresses = ["fe80::64/64", "${virtual6}/64"]
`
  const service = (
    { name, address, port, of }: (typeof services)[number],
    protocol: 'tcp' | 'udp',
  ): string => `
[[virtual_service]]
name = "${protocol}-${name}"
address = "${bracketed(address)}:${port}"
protocol = "${protocol}"
scheduler = "rr"
forwarding = "tunnel"
check = { type = "none" }
real_servers = [
${serverNames.map((host) => `  { name = "${host}", address = "${bracketed(of(host))}:${port}", tunnel = ${kinds[host]} },`).join('\n')}
]
`
  return routers + services.flatMap((one) => [service(one, 'tcp'), service(one, 'udp')]).join('')
}

async function run(lab: Lab): Promise<void> {
  await shell(['modprobe', '-a', 'ipv6', 'ipip', 'sit', 'ip6_tunnel', 'fou', 'fou6', 'ip_gre', 'ip6_gre'])
  for (const host of ['client', 'lb1', 'lb2', ...serverNames] as const)
    await lab.topology.run(host, ['ip', 'address', 'add', `${front6(host)}/64`, 'dev', 'eth0', 'nodad'])
  for (const host of serverNames) await prepare(lab, host)

  const lb1 = new Director(lab, 'lb1', { routers: file() })
  lb1.start()
  await lb1.untilState('active', 30_000)
  const { virtualServices } = await lb1.until('has every server in the table', 10_000, (status) =>
    status.virtualServices.every(({ realServers }) =>
      realServers.every((one) => one.effectiveWeight === 100),
    ),
  )
  assert.deepEqual(
    virtualServices[0]?.realServers.map(({ forwarding }) => forwarding),
    ['tunnel ipip', 'tunnel gue:6080 checksum', 'tunnel gre'],
  )
  assert.match(await lb1.ipvsTable(), /--tun-type gue --tun-port 6080 --tun-csum/)

  const places = services.map(({ address, port }) => `${address}/${port}`)
  const output = await lab.topology.run('client', [process.execPath, built('lab/ask'), '6', ...places])
  const failed: string[] = []
  for (const line of output.trim().split('\n')) {
    const { place, protocol, answers } = JSON.parse(line)
    const name = services.find(({ address, port }) => `${address}/${port}` === place)?.name
    lab.record(`${protocol} ${name}`, JSON.stringify(answers))
    for (const host of serverNames) if (answers[host] !== 2) failed.push(`${protocol} ${name} ${kinds[host]}`)
  }
  assert.deepEqual(failed, [], 'not answered through')
}

async function prepare(lab: Lab, host: ServerName): Promise<void> {
  const { topology } = lab
  const lines = [`address add ${virtual6}/128 dev lo nodad`, ...devices[host](host)]
  for (const line of lines) await topology.run(host, ['ip', ...line.split(' ')])
  const open = ['all', 'default', 'in4', 'gre4', 'tunl0'].map((name) => `net.ipv4.conf.${name}.rp_filter=0`)
  await topology.run(host, ['sysctl', '-q', '-e', '-w', ...open])
  let ready = false
  const places = services.map(({ address, port }) => `${address}/${port}`)
  topology.spawn(host, 'echo', [process.execPath, built('lab/vip-echo'), host, ...places], {
    onLine: (line) => {
      ready ||= line === 'ready'
    },
  })
  await until(`${host} listens`, 30_000, () => (ready ? true : undefined))
}

export const tunnels: Scenario = {
  name: 'tunnels',
  summary: 'TCP and UDP through IPIP, GUE and GRE, of both families in both, unwrapped by real servers',
  forwarding: 'direct',
  run,
}
