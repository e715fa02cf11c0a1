import assert from 'node:assert/strict'
import { OpError } from '../../src/base/result.js'
import { type Millis, millis, type Weight } from '../../src/base/units.js'
import { IPVS_CMD } from '../../src/ipvs/constants.js'
import { server, service } from './configs.js'
import { asTheKernelHasThem, FakeMachine, settingOf, settled, verdict } from './fake-machine.js'

const id = 'tcp 10.0.0.100:80'
const first = '10.0.0.21:80'
const second = '10.0.0.22:80'
const web = () => service('web', '10.0.0.100:80', [server(first), server(second)])
const both = (weight: number) => ({ [first]: weight, [second]: weight })

describe('ipvs runtime', () => {
  it('builds the table, starts the sync daemons after it, and says so', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    assert.deepEqual(machine.weights(id), both(100))
    const { NEW_SERVICE, NEW_DEST, NEW_DAEMON } = IPVS_CMD
    assert.deepEqual(machine.kernel.changes, [NEW_SERVICE, NEW_DEST, NEW_DEST, NEW_DAEMON, NEW_DAEMON])
    assert.deepEqual(machine.facts, [
      { type: 'reconciled', services: 1, servers: 2, changes: 5, failed: 0 },
      { type: 'syncDaemonsStarted', masterSyncId: 1, backupSyncId: 2 },
    ])
    const [web1] = runtime.status().services
    assert.deepEqual(web1?.realServers[0], {
      name: first,
      address: first,
      health: 'unknown',
      configuredWeight: 100,
      effectiveWeight: 100,
      kernelWeight: 100,
      activeConnections: 0,
      inactiveConnections: 0,
      suspect: false,
      heldLeft: undefined,
      drainLeft: undefined,
      slowStartLeft: undefined,
    })
    assert.deepEqual(runtime.status().operations, {
      newService: { OK: 1 },
      newDest: { OK: 2 },
      newDaemon: { OK: 2 },
    })
  })

  it('converges while it reads and changes the whole table, and at no other time', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    assert.equal(runtime.converging, false)
    const seen: boolean[] = []
    machine.kernel.beforeExchange = () => seen.push(runtime.converging)
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    assert.deepEqual(seen, [false])
    await machine.clock.advance(10_000)
    assert.ok(seen.length > 1 && seen.slice(1).every((one) => one))
    assert.equal(runtime.converging, false)
  })

  it('adopts a table that another run left, whatever weights it had, and starts nothing again', async () => {
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([web()]))
    before.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    await before.stop()
    machine.kernel.changes.length = 0
    machine.facts.length = 0
    const again = await machine.start(settingOf([web()]))
    assert.deepEqual(machine.kernel.changes, [])
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 100 })
    assert.deepEqual(
      machine.facts.map(({ type }) => type),
      ['reconciled', 'syncDaemonsStarted'],
    )
    assert.equal(again.status().services[0]?.realServers[0]?.activeConnections, 3)
  })

  it('follows health with one message and no reading, and keeps a verdict that nobody contradicts', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    const exchanges: number[] = []
    machine.kernel.beforeExchange = (requests) => exchanges.push(requests.length)
    machine.kernel.changes.length = 0
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    assert.deepEqual([exchanges, machine.kernel.changes], [[1], [IPVS_CMD.SET_DEST]])
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 100 })
    runtime.healthChanged([verdict('web', first, 'unknown'), verdict('web', second, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 0, [second]: 100 })
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), both(100))
    assert.deepEqual(machine.kernel.changes, [IPVS_CMD.SET_DEST, IPVS_CMD.SET_DEST])
  })

  it('removes an unhealthy server where on_down says so, and brings it back', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([{ ...web(), onDown: 'remove' }]))
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [second]: 100 })
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), both(100))
  })

  it('finds drift at the next reconcile, names it and repairs it; foreign services stay', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    runtime.healthChanged([verdict('web', first, 'healthy'), verdict('web', second, 'healthy')])
    await settled()
    const entry = machine.kernel.services.get(id)
    const destination = entry?.destinations.get(first)
    assert.ok(entry && destination)
    entry.destinations.set(first, { ...destination, weight: 3 })
    entry.destinations.delete(second)
    machine.kernel.services.set('fwmark 9', {
      service: { ...entry.service, key: { kind: 'fwmark', family: 4, mark: 9 } },
      destinations: new Map(),
    })
    machine.facts.length = 0
    await machine.clock.advance(9_999)
    assert.deepEqual(machine.facts, [])
    await machine.clock.advance(1)
    assert.deepEqual(machine.facts, [
      {
        type: 'driftRepaired',
        changes: [
          'tcp 10.0.0.100:80, 10.0.0.21:80: weight 3 -> 100',
          'tcp 10.0.0.100:80, 10.0.0.22:80 was missing',
        ],
      },
    ])
    assert.deepEqual(machine.weights(id), both(100))
    assert.equal(machine.kernel.services.size, 2)
    assert.equal(runtime.status().driftRepaired, 2)
    assert.equal(runtime.status().lastDrift?.changes.length, 2)
    await machine.clock.advance(10_000)
    assert.equal(machine.facts.length, 1)
  })

  it('takes another configuration: removes what it declared before and touches nothing else', async () => {
    const machine = new FakeMachine()
    const dns = service('dns', '10.0.0.100:53', [server('10.0.0.31:53')], { protocol: 'udp' })
    const runtime = await machine.start(settingOf([web(), dns]))
    machine.kernel.changes.length = 0
    const heavier = { ...web(), realServers: [server(first), server(second, { weight: 7 as Weight })] }
    runtime.healthChanged([verdict('web', second, 'healthy')])
    await settled()
    runtime.configure(settingOf([heavier]))
    await settled()
    assert.deepEqual(machine.kernel.changes, [IPVS_CMD.SET_DEST, IPVS_CMD.DEL_SERVICE])
    assert.deepEqual(machine.weights(id), { [first]: 100, [second]: 7 })
    assert.equal(
      machine.facts.some(({ type }) => type === 'driftRepaired'),
      false,
    )
  })

  it('tells what a setting would change, which is what configuring it then does, and touches nothing', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    const third = '10.0.0.23:80'
    const dns = service('dns', '10.0.0.100:53', [server('10.0.0.31:53')], { protocol: 'udp' })
    const next = settingOf([
      { ...web(), scheduler: 'rr', realServers: [server(first, { weight: 7 as Weight }), server(third)] },
      dns,
    ])
    machine.kernel.changes.length = 0
    const { changes } = await runtime.plan(next)
    assert.deepEqual(changes, [
      { change: 'changed', service: id, server: null, details: ['scheduler wlc -> rr'] },
      { change: 'changed', service: id, server: first, details: ['weight 100 -> 7'] },
      { change: 'added', service: id, server: third, details: ['direct', 'weight 100'] },
      { change: 'added', service: 'udp 10.0.0.100:53', server: null, details: ['wlc'] },
      {
        change: 'added',
        service: 'udp 10.0.0.100:53',
        server: '10.0.0.31:53',
        details: ['direct', 'weight 100'],
      },
      { change: 'removed', service: id, server: second, details: ['direct', 'weight 100'] },
    ])
    assert.deepEqual(machine.kernel.changes, [])
    const exchanges: number[] = []
    machine.kernel.beforeExchange = (requests) => exchanges.push(requests.length)
    runtime.configure(next)
    await settled()
    const { SET_SERVICE, SET_DEST, NEW_DEST, NEW_SERVICE, DEL_DEST } = IPVS_CMD
    assert.deepEqual(machine.kernel.changes, [
      SET_SERVICE,
      SET_DEST,
      NEW_DEST,
      NEW_SERVICE,
      NEW_DEST,
      DEL_DEST,
    ])
    assert.deepEqual(exchanges, [1, 5, 1], 'one of the services was read, and no other')
    assert.deepEqual((await runtime.plan(next)).changes, [])
  })

  it('applies a setting to a table that somebody else changed meanwhile', async () => {
    const machine = new FakeMachine()
    const runtime = await machine.start(settingOf([web()]))
    machine.kernel.services.get(id)?.destinations.delete(first)
    machine.kernel.onChange = () => assert.notDeepEqual(machine.weights(id), {})
    runtime.configure(settingOf([{ ...web(), realServers: [server(first, { weight: 5 as Weight })] }]))
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 5 })
    machine.kernel.onChange = () => {}
    machine.kernel.services.clear()
    runtime.configure(settingOf([web()]))
    await settled()
    assert.deepEqual(machine.weights(id), both(100))
  })

  it('removes what the file lost while no process ran, and leaves alone what was never ours', async () => {
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([web(), service('old', '10.0.0.100:81', [server(first)])]))
    await before.stop()
    const entry = machine.kernel.services.get(id)
    assert.ok(entry)
    machine.kernel.services.set('fwmark 9', {
      service: { ...entry.service, key: { kind: 'fwmark', family: 4, mark: 9 } },
      destinations: new Map(),
    })
    await machine.start(settingOf([web()]))
    assert.deepEqual([...machine.kernel.services.keys()], [id, 'fwmark 9'])
    assert.deepEqual([...machine.owned].sort(), ['sync backup', 'sync master', id])
  })

  it('remembers what is its own before it applies it', async () => {
    const machine = new FakeMachine()
    const owned: (readonly string[])[] = []
    machine.kernel.onChange = () => owned.push(machine.owned)
    await machine.start(settingOf([web()]))
    assert.ok(owned.length > 0 && owned.every((ids) => ids.includes(id)))
  })

  it('forgets the verdict on a name that is another machine now', async () => {
    const machine = new FakeMachine()
    const named = (address: string) => service('web', '10.0.0.100:80', [server(address, { name: 'a' })])
    const runtime = await machine.start(settingOf([named(first)]))
    runtime.healthChanged([verdict('web', 'a', 'unhealthy')])
    await settled()
    runtime.configure(settingOf([named(second)]))
    await settled()
    assert.deepEqual(machine.weights(id), { [second]: 100 })
  })

  it('loads the module and the schedulers that the kernel lacks, and says what it cannot load', async () => {
    const machine = new FakeMachine()
    machine.sysctls.delete('net.ipv4.vs.expire_nodest_conn')
    machine.available.add('ip_vs_sed')
    const odd = (name: string, port: number, scheduler: string) =>
      service(name, `10.0.0.100:${port}`, [server(`10.0.0.21:${port}`)], { scheduler })
    await machine.start(settingOf([odd('a', 80, 'sed'), odd('b', 81, 'nope')]))
    assert.deepEqual(machine.loaded, ['ip_vs', 'ip_vs_sed'])
    assert.deepEqual(machine.weights('tcp 10.0.0.100:80'), { [first]: 100 })
    const failed = machine.facts.filter((fact) => fact.type === 'operationFailed')
    assert.equal(failed.length, 1)
    assert.match(
      failed[0]?.reason ?? '',
      /^ipvs newService tcp 10.0.0.100:81: ENOENT: the kernel has no scheduler "nope"/,
    )
    await machine.clock.advance(10_000)
    assert.equal(machine.facts.filter((fact) => fact.type === 'operationFailed').length, 1)
  })

  it('loads the persistence engine that the kernel lacks', async () => {
    const machine = new FakeMachine()
    machine.available.add('ip_vs_pe_sip')
    const sip = service('sip', '10.0.0.100:5060', [server('10.0.0.21:5060')], {
      protocol: 'udp',
      persistence: millis(60_000),
      persistenceEngine: 'sip',
    })
    await machine.start(settingOf([sip]))
    assert.deepEqual(machine.loaded, ['ip_vs_pe_sip'])
    assert.deepEqual(machine.weights('udp 10.0.0.100:5060'), { '10.0.0.21:5060': 100 })
  })

  it('sets the timeouts that the file names, again when somebody else changes them', async () => {
    const machine = new FakeMachine()
    const timeouts = { tcp: millis(60_000), tcpFin: undefined, udp: millis(5_000) }
    const { ipvs } = settingOf([])
    const setting = settingOf([web()], { ipvs: { ...ipvs, timeouts } })
    const runtime = await machine.start(setting)
    assert.deepEqual(machine.kernel.timeouts, { tcp: 60, tcpFin: 120, udp: 5 })
    assert.ok(machine.lines.includes('timeouts of idle connections: tcp 60 s, udp 5 s'))
    const before = machine.kernel.changes.length
    await machine.clock.advance(10_000)
    assert.equal(machine.kernel.changes.length, before)
    machine.kernel.timeouts = { tcp: 60, tcpFin: 77, udp: 300 }
    await machine.clock.advance(10_000)
    assert.deepEqual(machine.kernel.timeouts, { tcp: 60, tcpFin: 77, udp: 5 })
    runtime.configure(settingOf([web()]))
    await settled()
    assert.deepEqual(machine.kernel.timeouts, { tcp: 60, tcpFin: 77, udp: 5 })
  })

  it('follows health on every port of a range, with one destination each', async () => {
    const machine = new FakeMachine()
    const range = service('range', '10.0.0.100:8000-8002', [server('10.0.0.21'), server('10.0.0.22')])
    const runtime = await machine.start(settingOf([range]))
    const { changes } = machine.kernel
    changes.length = 0
    runtime.healthChanged([
      verdict('range', '10.0.0.21', 'healthy'),
      verdict('range', '10.0.0.22', 'unhealthy'),
    ])
    await settled()
    assert.deepEqual(changes, [IPVS_CMD.SET_DEST, IPVS_CMD.SET_DEST, IPVS_CMD.SET_DEST])
    assert.deepEqual(machine.weights('tcp 10.0.0.100:8001'), { '10.0.0.21:8001': 100, '10.0.0.22:8001': 0 })
    const [status] = runtime.status().services
    assert.deepEqual(
      status?.realServers.map(({ address, kernelWeight, activeConnections }) => [
        address,
        kernelWeight,
        activeConnections,
      ]),
      [
        ['10.0.0.21', 100, 0],
        ['10.0.0.22', 0, 0],
      ],
    )
  })

  it('brings the sorry server in before the last real one goes, and takes it away after one returns', async () => {
    const machine = new FakeMachine()
    const { endpoint, forwarding, tunnel } = server('10.0.0.30:80')
    const sorryServer = { endpoint, forwarding, tunnel }
    const runtime = await machine.start(
      settingOf([service('web', '10.0.0.100:80', [server(first)], { sorryServer })]),
    )
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    machine.kernel.onChange = () => assert.ok(Object.values(machine.weights(id)).some((weight) => weight > 0))
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 0, '10.0.0.30:80': 1 })
    assert.equal(runtime.status().services[0]?.sorryServer?.inKernel, true)
    runtime.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100 })
    assert.equal(runtime.status().services[0]?.sorryServer?.inKernel, false)
  })

  it('adopts a sorry server that stands in for servers that another run removed', async () => {
    const { endpoint, forwarding, tunnel } = server('10.0.0.30:80')
    const config = service('web', '10.0.0.100:80', [server(first)], {
      onDown: 'remove',
      sorryServer: { endpoint, forwarding, tunnel },
    })
    const machine = new FakeMachine()
    const before = await machine.start(settingOf([config]))
    before.healthChanged([verdict('web', first, 'unhealthy')])
    await settled()
    await before.stop()
    machine.kernel.changes.length = 0
    const after = await machine.start(settingOf([config]))
    assert.deepEqual(machine.kernel.changes, [])
    assert.deepEqual(machine.weights(id), { '10.0.0.30:80': 1 })
    after.healthChanged([verdict('web', first, 'healthy')])
    await settled()
    assert.deepEqual(machine.weights(id), { [first]: 100 })
  })

  it('sets what the sync daemons need before they start, where it may', async () => {
    const machine = new FakeMachine()
    let atStart: string | undefined
    machine.kernel.beforeExchange = () => {
      atStart ??= machine.sysctls.get('net.ipv4.vs.sync_threshold')
    }
    await machine.start(settingOf([web()]))
    assert.equal(atStart, '0 1')
    assert.equal(machine.sysctls.get('net.core.rmem_max'), '212992')
    assert.equal(machine.sysctls.get('net.ipv4.vs.sync_sock_size'), '8000000')
    assert.equal(
      machine.facts.some(({ type }) => type === 'operationFailed'),
      false,
    )
    const alone = new FakeMachine()
    await alone.start(settingOf([web()], { peerId: undefined }))
    assert.equal(alone.sysctls.get('net.ipv4.vs.sync_threshold'), '3 50')
    assert.equal(alone.kernel.daemons.size, 0)
  })

  it('tries again, less and less often, while the kernel cannot be read', async () => {
    const machine = new FakeMachine()
    let attempts = 0
    machine.kernel.beforeExchange = () => {
      attempts++
      throw new OpError('exchange', 'netlink 16', 'EPERM')
    }
    await machine.start(settingOf([web()]))
    for (const [span, expected] of [
      [1000, 2],
      [1999, 2],
      [1, 3],
      [4000, 4],
      [8000, 5],
      [10_000, 6],
    ] as const) {
      await machine.clock.advance(span)
      assert.equal(attempts, expected)
    }
    machine.kernel.beforeExchange = () => {}
    await machine.clock.advance(10_000)
    assert.deepEqual(machine.weights(id), both(100))
    assert.deepEqual(
      machine.facts.map(({ type }) => type),
      ['operationFailed', 'reconciled', 'syncDaemonsStarted'],
    )
  })

  it('takes servers of two families at once where an earlier run left the sync daemons running', async () => {
    const machine = new FakeMachine()
    machine.kernel.mirrorsOneFamily = true
    const earlier = await machine.start(settingOf([web()]))
    await earlier.stop()
    const tunnel = { type: 'ipip', port: undefined, checksum: false } as const
    const six = server('[2001:db8::21]:81', { checks: [], forwarding: 'tunnel', tunnel })
    const services = [web(), service('mixed', '10.0.0.100:81', [six])]
    const runtime = await machine.start(settingOf(services, { sync: { transport: 'off' } }))
    assert.deepEqual(machine.weights('tcp 10.0.0.100:81'), { '[2001:db8::21]:81': 100 })
    assert.equal(machine.kernel.daemons.size, 0)
    assert.deepEqual(runtime.status().problems, [])
  })

  it('leaves the table as on_exit says', async () => {
    const kept = new FakeMachine()
    const keeper = await kept.start(settingOf([web()]))
    kept.kernel.changes.length = 0
    await keeper.stop()
    assert.deepEqual([kept.kernel.changes, kept.kernel.daemons.size], [[], 2])
    const ipvs = {
      onExit: 'flush',
      manage: 'declared',
      reconcileInterval: 10_000 as Millis,
      sysctls: {},
      timeouts: asTheKernelHasThem,
    } as const
    const flushed = new FakeMachine()
    const foreign = { key: { kind: 'fwmark', family: 4, mark: 1 }, scheduler: 'rr', flags: 0 } as const
    const service = { ...foreign, persistenceSeconds: 0, netmask: 0xffffffff, engine: undefined }
    flushed.kernel.services.set('fwmark 1', { service, destinations: new Map() })
    const runtime = await flushed.start(settingOf([web()], { ipvs }))
    await runtime.stop()
    assert.deepEqual([...flushed.kernel.services.keys()], ['fwmark 1'])
    assert.equal(flushed.kernel.daemons.size, 0)
    assert.deepEqual(flushed.owned, [], 'what comes back under these names is somebody else’s')
    runtime.healthChanged([verdict('web', first, 'unhealthy')])
    await flushed.clock.advance(millis(60_000))
    assert.deepEqual([...flushed.kernel.services.keys()], ['fwmark 1'])
  })
})
