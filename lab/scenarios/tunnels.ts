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

/** The service's address and the servers', each pair of families on a port of its own. */
const services = [
  { name: 'direct', address: virtualAddress, port: 7100, of: frontAddress },
  { name: '4-in-4', address: virtualAddress, port: 7104, of: frontAddress },
  { name: '6-in-6', address: virtual6, port: 7106, of: front6 },
  { name: '4-in-6', address: virtualAddress, port: 7146, of: front6 },
  { name: '6-in-4', address: virtual6, port: 7164, of: frontAddress },
] as const

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)

const tunnelOf = (service: string, host: ServerName): string =>
  service === 'direct' ? '' : `, tunnel = ${kinds[host]}`

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
forwarding = "${name === 'direct' ? 'direct' : 'tunnel'}"
check = { type = "none" }
real_servers = [
${serverNames.map((host) => `  { name = "${host}", address = "${bracketed(of(host))}:${port}"${tunnelOf(name, host)} },`).join('\n')}
]
`
  return routers + services.flatMap((one) => [service(one, 'tcp'), service(one, 'udp')]).join('')
}

async function run(lab: Lab): Promise<void> {
  await shell(['modprobe', 'ipv6'])
  for (const host of ['client', 'lb1', 'lb2', ...serverNames] as const)
    await lab.topology.run(host, ['ip', 'address', 'add', `${front6(host)}/64`, 'dev', 'eth0', 'nodad'])
  const lb1 = new Director(lab, 'lb1', { routers: file() })
  await Promise.all(serverNames.map((host) => prepare(lab, host, lb1)))
  lb1.start()
  await lb1.untilState('active', 30_000)
  const { virtualServices } = await lb1.until('has every server in the table', 10_000, (status) =>
    status.virtualServices.every(({ realServers }) =>
      realServers.every((one) => one.effectiveWeight === 100),
    ),
  )
  assert.deepEqual(
    virtualServices
      .find(({ name }) => name === 'tcp-4-in-4')
      ?.realServers.map(({ forwarding }) => forwarding),
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
  await lab.topology.run('rs1', lb1.command('real-server', 'tcp-direct', '--server', 'rs1', '--remove'))
  const left = await lab.topology.run('rs1', ['ip', '-brief', 'address', 'show', 'dev', 'lo'])
  assert.ok(!left.includes(virtualAddress), left)
}

/** By `vipair real-server` alone: what the lab gave it for direct routing is taken away first. */
async function prepare(lab: Lab, host: ServerName, director: Director): Promise<void> {
  const { topology } = lab
  await topology.run(host, ['ip', 'address', 'del', `${virtualAddress}/32`, 'dev', 'lo'])
  const silence = ['all', 'eth0'].flatMap((scope) =>
    ['arp_ignore', 'arp_announce'].map((name) => `net.ipv4.conf.${scope}.${name}=0`),
  )
  await topology.run(host, ['sysctl', '-q', '-w', ...silence])
  for (const { name } of services) {
    const words = ['real-server', `tcp-${name}`, '--server', host]
    await topology.run(host, director.command(...words, '--apply'))
  }
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
  summary:
    'TCP and UDP by direct routing, IPIP, GUE and GRE, of both families in both, to servers that real-server made',
  forwarding: 'direct',
  run,
}
