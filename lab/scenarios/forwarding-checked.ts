import assert from 'node:assert/strict'
import type { DirectorStatus } from '../../src/base/status.js'
import {
  directorNames,
  frontAddress,
  type HostName,
  type ServerName,
  serverNames,
  virtualAddress,
} from '../addresses.js'
import { Director } from '../director.js'
import type { Lab } from '../lab.js'
import type { LabProcess } from '../lab-process.js'
import { built } from '../paths.js'
import type { Scenario } from '../scenario.js'
import { run as shell } from '../shell-command.js'
import { until } from '../wait.js'

const front6 = (host: HostName): string => `2001:db8::${frontAddress(host).split('.')[3]}`
const virtual6 = '2001:db8::100'

/** One kind of tunnel a server. */
const kinds: Readonly<Record<ServerName, string>> = {
  rs1: '{ type = "ipip" }',
  rs2: '{ type = "gue", port = 6080, checksum = true }',
  rs3: '{ type = "gre" }',
}

const services = [
  { name: 'direct4', address: virtualAddress, port: 7100, of: frontAddress },
  { name: 'tunnel4', address: virtualAddress, port: 7104, of: frontAddress },
  { name: 'direct6', address: virtual6, port: 7106, of: front6 },
  { name: 'tunnel6', address: virtual6, port: 7166, of: front6 },
] as const

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)

const file = (): string => {
  const service = ({ name, address, port, of }: (typeof services)[number]): string => {
    const tunnelOf = (host: ServerName) => (name.startsWith('tunnel') ? `, tunnel = ${kinds[host]}` : '')
    return `
[[virtual_service]]
name = "${name}"
address = "${bracketed(address)}:${port}"
forwarding = "${name.slice(0, -1)}"
check = { type = "tcp", through = "forwarding", interval = "500ms", timeout = "500ms", fall = 2 }
real_servers = [
${serverNames.map((host) => `  { name = "${host}", address = "${bracketed(of(host))}:${port}"${tunnelOf(host)} },`).join('\n')}
]
`
  }
  return `
[[virtual_router]]
name = "front"
vrid = 51
addresses = ["${virtualAddress}/24"]
group = "both"
[[virtual_router]]
name = "front6"
vrid = 51
addresses = ["fe80::64/64", "${virtual6}/64"]
group = "both"
${services.map(service).join('')}`
}

/** `direct4/rs1` and the like, with the reasons. */
function unhealthy({ virtualServices }: DirectorStatus): ReadonlyMap<string, string> {
  const servers = virtualServices.flatMap(({ name, realServers }) =>
    realServers
      .filter(({ health }) => health !== 'healthy')
      .map((server) => [`${name}/${server.name}`, server.reason] as const),
  )
  return new Map(servers)
}

async function run(lab: Lab): Promise<void> {
  const { topology } = lab
  await shell(['modprobe', 'ipv6'])
  for (const host of ['client', ...directorNames, ...serverNames] as const)
    await topology.run(host, ['ip', 'address', 'add', `${front6(host)}/64`, 'dev', 'eth0', 'nodad'])
  const routers = file()
  const [lb1, lb2] = [new Director(lab, 'lb1', { routers }), new Director(lab, 'lb2', { routers })]
  await Promise.all(serverNames.map((host) => prepare(lab, host, lb1)))
  const echoes = new Map<ServerName, LabProcess>()
  for (const host of serverNames) echoes.set(host, await serve(lab, host))
  lb1.start()
  await lb1.untilState('active', 30_000)
  lb2.start()
  await lb2.untilState('backup', 30_000)

  /** On the Active and on the Backup alike. */
  const both = async (what: string, wrong: readonly string[], reason: RegExp): Promise<void> => {
    for (const director of [lb1, lb2]) {
      const seen = await director.until(what, 20_000, (status) => {
        const found = unhealthy(status)
        return found.size === wrong.length && wrong.every((server) => found.has(server))
      })
      for (const [server, text] of unhealthy(seen)) assert.match(text, reason, `${director.name} ${server}`)
      lab.record(
        `${director.name}: ${what}`,
        [...unhealthy(seen)].map((pair) => pair.join(': '))[0] ?? 'all healthy',
      )
    }
  }
  const names = services.map(({ name }) => name)
  await both('finds all healthy', [], /^$/)
  // The checks are nobody's connections: IPVS has not taken them for a client's.
  for (const director of directorNames) {
    const connections = (await topology.run(director, ['ipvsadm', '-Lcn'])).trim().split('\n').slice(2)
    assert.deepEqual(connections, [], `connections on ${director}`)
  }

  for (const [address, family] of [
    [virtualAddress, 4],
    [virtual6, 6],
  ] as const) {
    const restore = await lose(lab, 'rs1', address)
    const wrong = [`direct${family}/rs1`, `tunnel${family}/rs1`]
    await both(`misses ${address}`, wrong, /no answer within 500 ms: is .* on the server/)
    await restore()
    await both(`finds ${address} again`, [], /^$/)
  }

  const devices = (await devicesOf(lab, 'rs3', 'link', 'show', 'up')).filter((name) => name.includes('gre'))
  for (const device of devices) await topology.run('rs3', ['ip', 'link', 'set', device, 'down'])
  await both('misses the tunnel', ['tunnel4/rs3', 'tunnel6/rs3'], /its gre tunnel up/)
  for (const device of devices) await topology.run('rs3', ['ip', 'link', 'set', device, 'up'])
  await both('finds the tunnel again', [], /^$/)

  await echoes.get('rs2')?.kill()
  const stopped = names.map((name) => `${name}/rs2`)
  await both('finds the service stopped', stopped, /connection refused/)

  const began = await lb2.until('reports', 5_000, () => true)
  await lb1.process.kill()
  const after = await lb2.untilState('active', 30_000)
  const settled = performance.now() + 4_000
  const later = await lb2.until('has checked as the Active', 15_000, () => performance.now() > settled)
  assert.deepEqual([...unhealthy(later).keys()].sort(), [...stopped].sort())
  for (const [i, { realServers }] of later.virtualServices.entries())
    for (const [k, { sinceSeconds }] of realServers.entries())
      assert.ok(
        sinceSeconds > (began.virtualServices[i]?.realServers[k]?.sinceSeconds ?? 0),
        'a verdict changed at the failover',
      )
  assert.equal(after.virtualRouters.length, 2)
  await serve(lab, 'rs2')
  await lb2.until('finds the service again', 20_000, (status) => unhealthy(status).size === 0)
}

/** Devices that ip(8) tells of; what its filter leaves out is an empty object. */
async function devicesOf(
  { topology }: Lab,
  host: ServerName,
  ...words: readonly string[]
): Promise<string[]> {
  const listed = JSON.parse(await topology.run(host, ['ip', '-j', ...words])) as {
    readonly ifname?: string
  }[]
  return listed.flatMap(({ ifname }) => ifname ?? [])
}

/** On `lo` for direct routing, on the tunnel's device for IPv4 in a tunnel. Answers what puts it back. */
async function lose(lab: Lab, host: ServerName, address: string): Promise<() => Promise<void>> {
  const devices = await devicesOf(lab, host, 'address', 'show', 'to', address)
  const length = address.includes(':') ? 128 : 32
  const each = async (verb: string, ...more: readonly string[]): Promise<void> => {
    for (const device of devices)
      await lab.topology.run(host, ['ip', 'address', verb, `${address}/${length}`, 'dev', device, ...more])
  }
  assert.ok(devices.length > 0, `${host} does not have ${address}`)
  await each('del')
  return () => each('add', ...(length === 128 ? ['nodad'] : []))
}

async function serve(lab: Lab, host: ServerName): Promise<LabProcess> {
  let ready = false
  const places = services.map(({ address, port }) => `${address}/${port}`)
  const child = lab.topology.spawn(host, 'echo', [process.execPath, built('lab/vip-echo'), host, ...places], {
    onLine: (line) => {
      ready ||= line === 'ready'
    },
  })
  await until(`${host} listens`, 30_000, () => (ready ? true : undefined))
  return child
}

/** By `vipair real-server` alone: what the lab gave it for direct routing is taken away first. */
async function prepare(lab: Lab, host: ServerName, director: Director): Promise<void> {
  const { topology } = lab
  await topology.run(host, ['ip', 'address', 'del', `${virtualAddress}/32`, 'dev', 'lo'])
  for (const { name } of services)
    await topology.run(host, director.command('real-server', name, '--server', host, '--apply'))
}

export const forwardingChecked: Scenario = {
  name: 'forwarding-checked',
  summary:
    'checks by direct routing, IPIP, GUE and GRE, on the Active and on the Backup: address gone, tunnel down, service stopped',
  forwarding: 'direct',
  run,
}
