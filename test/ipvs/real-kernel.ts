/**
 * The IPVS feature against a real kernel, judged by ipvsadm. It takes the whole IPVS table of its network
 * namespace: run it in one of its own, as root, with `lo` up, the modules ip_vs, ip_vs_rr, ip_vs_wrr,
 * ip_vs_lc, ip_vs_wlc and ip_vs_sh loaded, and nobody else reconciling. Leaves an empty table.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Clock, KernelModules, Log, Netlink, Nft, Sysctl } from '../../src/base/ports.js'
import { type Millis, millis, type Weight } from '../../src/base/units.js'
import { IpvsClient } from '../../src/ipvs/client.js'
import { sameDestination, sameService } from '../../src/ipvs/compare.js'
import { desiredTable } from '../../src/ipvs/desired.js'
import type { IpvsFact } from '../../src/ipvs/facts.js'
import type { Destination, ObservedTable, Table } from '../../src/ipvs/model.js'
import type { Policy } from '../../src/ipvs/plan.js'
import { plan } from '../../src/ipvs/plan.js'
import { sentence } from '../../src/ipvs/problems.js'
import { startIpvs } from '../../src/ipvs/runtime.js'
import type { SysctlMemory } from '../../src/ipvs/sysctl-keeper.js'
import { server, service } from './configs.js'
import { asTheKernelHasThem, settingOf, verdict } from './fake-machine.js'
import { savedRules } from './saved-rules.js'

export type Record = (name: string, value: string | number) => void

export interface RealMachine {
  readonly clock: Clock
  readonly log: Log
  readonly sysctl: Sysctl
  readonly sysctlMemory: SysctlMemory
  readonly nft: Nft
  readonly modules: KernelModules
}

const run = promisify(execFile)
const all: Policy = { manage: 'all', ours: new Set() }
const declared: Policy = { manage: 'declared', ours: new Set() }
const nothing: Table = { services: new Map(), daemons: [] }
const sync = { transport: 'unicast' } as const

const web = service('web', '10.0.0.100:80', [
  server('10.0.0.21:80'),
  server('10.0.0.22:80', { weight: 50 as Weight }),
  server('10.0.0.23:80'),
])
const api = service('api', '10.0.0.100:8080', [server('10.0.0.21:9000', { forwarding: 'nat' })], {
  scheduler: 'rr',
})
const dns = service('dns', '10.0.0.100:53', [server('10.0.0.31:53')], { protocol: 'udp', scheduler: 'sh' })
const web6 = service('web6', '[2001:db8::100]:443', [server('[2001:db8::21]:443')], {
  scheduler: 'wrr',
  persistence: millis(300_000),
})
const configured = [web, api, dns, web6]

/** What no configuration can say yet, but the codec can: a firewall mark with tunnels and thresholds. */
function withTunnels(table: Table): Table {
  const [example] = [...table.services.values()].flatMap(({ destinations }) => [...destinations.values()])
  assert.ok(example)
  const key = { kind: 'fwmark', family: 4, mark: 7 } as const
  const marked = {
    key,
    scheduler: 'lc',
    flags: 1,
    persistenceSeconds: 60,
    netmask: 0xffffff00,
    engine: undefined,
  }
  const gue: Destination = {
    ...example,
    forwarding: 2,
    upperThreshold: 1000,
    lowerThreshold: 500,
    tunnel: { type: 1, port: example.endpoint.port, flags: 1 },
  }
  const entry = { service: marked, destinations: new Map([['10.0.0.21:80', gue]]) }
  return { ...table, services: new Map([...table.services, ['fwmark 7', entry]]) }
}

const tableWith = (daemons: boolean, actual: Table = nothing): Table =>
  desiredTable(settingOf(configured, { sync, peerId: daemons ? 2 : undefined }), () => 'healthy', actual)

const ipvsadm = async (...words: readonly string[]): Promise<string> =>
  (await run('/sbin/ipvsadm', words)).stdout

async function assertAsIpvsadmSays(table: Table): Promise<void> {
  const lines = (await ipvsadm('-Sn')).trim().split('\n')
  assert.deepEqual(lines.map((line) => line.trim()).sort(), [...savedRules(table)].sort())
}

function assertSame(actual: ObservedTable, desired: Table): void {
  assert.deepEqual([...actual.services.keys()].sort(), [...desired.services.keys()].sort())
  for (const [id, entry] of desired.services) {
    const there = actual.services.get(id)
    assert.ok(there && sameService(there.service, entry.service), id)
    for (const [name, destination] of entry.destinations) {
      const found = there.destinations.get(name)
      assert.ok(found && sameDestination(found, destination), `${id} ${name}`)
    }
  }
}

export async function exerciseRealKernel(netlink: Netlink, family: number, record: Record): Promise<void> {
  const client = new IpvsClient(netlink, family)
  await client.converge(() => nothing, all)

  const desired = withTunnels(tableWith(false))
  const first = await client.converge(() => desired, all)
  assert.deepEqual(first.failures, [])
  record('operations of the first apply', first.results.length)
  const actual = await client.readTable()
  assertSame(actual, desired)
  assert.deepEqual(plan(desired, actual, all), [])
  await assertAsIpvsadmSays(desired)

  const adopted = await new IpvsClient(netlink, family).converge(() => desired, all)
  record('operations after a restart', adopted.results.length)
  assert.equal(adopted.results.length, 0)

  const lighter = tableWith(false)
  const [entry] = lighter.services.values()
  const [id, destination] = [...(entry?.destinations ?? [])][1] ?? []
  assert.ok(entry && id && destination)
  const destinations = new Map(entry.destinations).set(id, { ...destination, weight: 7 })
  const changed = withTunnels({
    ...lighter,
    services: new Map(lighter.services).set('tcp 10.0.0.100:80', { ...entry, destinations }),
  })
  const one = await client.converge(() => changed, all)
  record('operations for one weight', one.results.length)
  assert.deepEqual(
    one.results.map(({ operation, code }) => [operation.kind, code]),
    [['setDest', 'OK']],
  )
  await assertAsIpvsadmSays(changed)

  await ipvsadm('-e', '-t', '10.0.0.100:80', '-r', '10.0.0.21:80', '-g', '-w', '3')
  await ipvsadm('-d', '-u', '10.0.0.100:53', '-r', '10.0.0.31:53')
  await ipvsadm('-E', '-t', '10.0.0.100:8080', '-s', 'wlc')
  await ipvsadm('-A', '-t', '10.0.0.200:80', '-s', 'rr')
  const repaired = await client.converge(() => changed, declared)
  record('operations against drift', repaired.results.length)
  assert.deepEqual(repaired.results.map(({ operation }) => operation.kind).sort(), [
    'newDest',
    'setDest',
    'setService',
  ])
  assert.match(await ipvsadm('-Sn'), /-A -t 10\.0\.0\.200:80 -s rr/)
  await client.converge(() => changed, all)
  await assertAsIpvsadmSays(changed)

  const timeouts = await client.readTimeouts()
  await client.setTimeouts({ tcp: 901, tcpFin: 0, udp: 301 })
  assert.deepEqual(await client.readTimeouts(), { ...timeouts, tcp: 901, udp: 301 })
  await client.setTimeouts(timeouts)

  await exerciseStalePlans(client, changed)
  await exerciseRefusals(client, record)
  await exerciseDaemons(client, record)
  await client.converge(() => nothing, all)
  assert.equal((await ipvsadm('-Sn')).trim(), '')
}

async function exerciseStalePlans(client: IpvsClient, desired: Table): Promise<void> {
  const before = await client.readTable()
  const operations = plan(nothing, before, all)
  await ipvsadm('-D', '-t', '10.0.0.100:80')
  const late = await client.apply(operations, before)
  assert.equal(late.stale, true)
  assert.deepEqual(late.failures, [])
  assert.deepEqual(
    late.results.map(({ code }) => code).filter((code) => code !== 'OK'),
    ['ESRCH'],
  )
  const empty = await client.readTable()
  await ipvsadm('-A', '-t', '10.0.0.100:80', '-s', 'rr')
  const early = await client.apply(plan(desired, empty, all), empty)
  assert.equal(early.stale, true)
  assert.deepEqual(
    early.results.filter(({ code }) => code !== 'OK').map(({ code }) => code),
    ['EEXIST'],
  )
  assert.deepEqual(
    (await client.converge(() => desired, all)).results.map(({ operation }) => operation.kind),
    ['setService'],
  )
}

async function exerciseRefusals(client: IpvsClient, record: Record): Promise<void> {
  const refused = [
    service('a', '10.0.0.100:81', [server('10.0.0.21:81')], { scheduler: 'nope' }),
    service('b', '10.0.0.100:82', [server('224.0.0.1:82'), server('10.0.0.22:82')]),
  ]
  const setting = settingOf(refused, { sync, peerId: undefined })
  const { failures } = await client.converge(() => desiredTable(setting, () => 'healthy', nothing), all)
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['ipvs newService tcp 10.0.0.100:81: ENOENT', 'ipvs newDest 224.0.0.1:82: EINVAL'],
  )
  record('a refusal', failures[0] === undefined ? '' : sentence(failures[0]))
  assert.match(await ipvsadm('-Sn'), /-a -t 10\.0\.0\.100:82 -r 10\.0\.0\.22:82/)
}

async function exerciseDaemons(client: IpvsClient, record: Record): Promise<void> {
  const started = await client.converge(() => tableWith(true), all)
  assert.deepEqual(started.failures, [])
  assert.deepEqual(
    started.results.slice(-2).map(({ operation }) => operation.kind),
    ['newDaemon', 'newDaemon'],
  )
  const text = await ipvsadm('-Ln', '--daemon')
  record('daemons', text.trim().replace(/\s*\n\s*/g, '; '))
  assert.match(text, /master sync daemon \(mcast=lo, syncid=1,/)
  assert.match(text, /backup sync daemon \(mcast=lo, syncid=2,/)
  assert.deepEqual((await client.converge(() => tableWith(true), all)).results, [])
  // A start and a stop in one breath: the stop may go unanswered, and is looked up.
  for (const syncId of [5, 1]) {
    const [master, backup] = tableWith(true).daemons
    assert.ok(master && backup)
    const other: Table = { ...tableWith(true), daemons: [{ ...master, syncId }, backup] }
    const { failures, table } = await client.converge(() => other, all)
    assert.deepEqual(failures, [])
    assert.equal(table.daemons.find(({ role }) => role === 'master')?.syncId, syncId)
  }
}

/** The runtime with everything real: start, a health change, drift, restart, leave. */
export async function exerciseRuntime(
  netlink: Netlink,
  family: number,
  machine: RealMachine,
  record: Record,
): Promise<void> {
  const ipvs = {
    onExit: 'keep',
    manage: 'declared',
    reconcileInterval: millis(500),
    sysctls: {},
    timeouts: asTheKernelHasThem,
  } as const
  const setting = settingOf(configured, { sync, ipvs })
  const facts: IpvsFact[] = []
  const ownership = { read: () => [], write: () => {} }
  const ports = { ...machine, netlink, ownership, onTraffic: () => {}, resolveFamily: async () => family }
  const start = () => startIpvs(ports, setting, (fact) => facts.push(fact))
  const seen = async (type: IpvsFact['type']): Promise<void> => {
    for (let tries = 0; !facts.some((fact) => fact.type === type); tries++) {
      assert.ok(tries < 1000, `no ${type} within 10 s`)
      await pause(machine.clock, millis(10))
    }
  }
  const runtime = start()
  await seen('syncDaemonsStarted')
  const problems = runtime.status().problems
  assert.deepEqual(problems, [])
  assert.equal(machine.sysctl.read('net.ipv4.vs.sync_threshold'), '0 1')

  const members = configured.flatMap((one) =>
    one.realServers.map((each) => verdict(one.name, each.name, 'healthy')),
  )
  runtime.healthChanged(members)
  const before = machine.clock.now()
  runtime.healthChanged([verdict('web', '10.0.0.21:80', 'unhealthy')])
  const client = new IpvsClient(netlink, family)
  const key = [...tableWith(false).services.values()][0]?.service.key
  assert.ok(key)
  const weight = async () => (await client.readDestinations(key)).get('10.0.0.21:80')?.weight
  for (let reads = 0; (await weight()) !== 0; reads++) assert.ok(reads < 3, 'the weight did not follow')
  record('health change to kernel, and read back, ms', round(machine.clock.now() - before))

  await ipvsadm('-e', '-t', '10.0.0.100:80', '-r', '10.0.0.22:80', '-g', '-w', '3')
  await seen('driftRepaired')
  record('drift', facts.flatMap((fact) => (fact.type === 'driftRepaired' ? fact.changes : [])).join('; '))
  await runtime.stop()
  const kept = await ipvsadm('-Sn')
  facts.length = 0
  const again = start()
  await seen('syncDaemonsStarted')
  assert.deepEqual(again.status().operations, {})
  await again.stop()
  assert.equal(await ipvsadm('-Sn'), kept)
  await client.converge(() => nothing, all)
}

/** How long `services` x `servers` take. */
export async function measureRealKernel(
  netlink: Netlink,
  family: number,
  clock: Clock,
  services: number,
  servers: number,
  record: Record,
): Promise<void> {
  const client = new IpvsClient(netlink, family)
  await client.converge(() => nothing, all)
  const list = Array.from({ length: services }, (_, i) =>
    service(
      `s${i}`,
      `10.1.${i >> 8}.${i & 255}:80`,
      Array.from({ length: servers }, (_, j) =>
        server(`10.2.${j >> 8}.${j & 255}:${1000 + i}`, { forwarding: 'nat' }),
      ),
    ),
  )
  const setting = settingOf(list, { sync, peerId: undefined })
  const size = `${services} x ${servers}`
  const timed = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    const before = clock.now()
    const result = await work()
    record(`${size}: ${name}, ms`, round(clock.now() - before))
    return result
  }
  const desired = await timed('desired table', () => desiredTable(setting, () => 'healthy', nothing))
  const operations = await timed('plan', () => plan(desired, nothing, all))
  const empty = await client.readTable()
  const applied = await timed('apply', () => client.apply(operations, empty))
  assert.deepEqual(applied.failures, [])
  const actual = await timed('read', () => client.readTable())
  assert.deepEqual(await timed('plan without difference', () => plan(desired, actual, all)), [])
  await timed('flush', () => client.converge(() => nothing, all))
}

const round = (value: number): number => Math.round(value * 10) / 10

const pause = (clock: Clock, span: Millis): Promise<void> =>
  new Promise((resolve) => clock.at(millis(clock.now() + span), resolve))
