import assert from 'node:assert/strict'
import { OpError } from '../../src/base/result.js'
import { batches, maxBatch } from '../../src/ipvs/batches.js'
import { IpvsClient } from '../../src/ipvs/client.js'
import { IPVS_CMD } from '../../src/ipvs/constants.js'
import { desiredTable } from '../../src/ipvs/desired.js'
import type { Daemon, Table } from '../../src/ipvs/model.js'
import type { Policy } from '../../src/ipvs/plan.js'
import { plan } from '../../src/ipvs/plan.js'
import { server, service } from './configs.js'
import { commandOf, FakeKernel, fakeFamily } from './fake-kernel.js'

const policy: Policy = { manage: 'all', ours: new Set() }
const nothing: Table = { services: new Map(), daemons: [] }

function tableOf(services: Parameters<typeof service>[], peerId?: number): Table {
  const sync = { transport: 'unicast' } as const
  const setting = { services: services.map((one) => service(...one)), sync, directorId: 1, peerId }
  return desiredTable(setting, () => 'healthy', nothing)
}

const servers = (count: number) =>
  Array.from({ length: count }, (_, i) => server(`10.0.${i >> 8}.${i & 255}:80`))
const web = (count: number): Table => tableOf([['web', '10.9.0.100:80', servers(count)]])

function setUp(start: Table = nothing) {
  const kernel = new FakeKernel()
  kernel.load(start)
  return { kernel, client: new IpvsClient(kernel, fakeFamily) }
}

const silence = (): never => {
  throw new OpError('exchange', 'netlink 16', 'timeout')
}

describe('ipvs client', () => {
  it('sends many messages at once, no more than a receive buffer can answer', async () => {
    const { kernel, client } = setUp()
    const { results } = await client.converge(() => web(300), policy)
    assert.equal(results.length, 301)
    assert.deepEqual(kernel.batchSizes, [128, 128, 45])
  })

  it('cuts a batch where removals begin, and sends sync daemons alone', () => {
    const before = tableOf([['web', '10.9.0.100:80', servers(2)]])
    const after = tableOf([['new', '10.9.0.101:80', servers(1)]], 2)
    const sizes = batches(plan(after, before, policy)).map((batch) => batch.map(({ kind }) => kind))
    assert.deepEqual(sizes, [['newService', 'newDest'], ['delService'], ['newDaemon'], ['newDaemon']])
    assert.ok(batches(plan(web(1000), nothing, policy)).every(({ length }) => length <= maxBatch))
  })

  it('changes one weight by one message, and nothing where nothing differs', async () => {
    const { kernel, client } = setUp(web(50))
    assert.deepEqual((await client.converge(() => web(50), policy)).planned, [])
    const [entry] = kernel.services.values()
    const [id, first] = [...(entry?.destinations ?? [])][7] ?? []
    assert.ok(entry && id && first)
    entry.destinations.set(id, { ...first, weight: 1 })
    await client.converge(() => web(50), policy)
    assert.deepEqual(kernel.changes, [IPVS_CMD.SET_DEST])
  })

  it('repeats a dump that was interrupted, but not for ever', async () => {
    const { kernel, client } = setUp(web(3))
    kernel.interruptions = 4
    assert.equal((await client.readTable()).services.size, 1)
    kernel.interruptions = 1000
    await assert.rejects(client.readTable(), { message: 'ipvs getService table: interrupted' })
    assert.equal(kernel.interruptions, 995)
  })

  it('reads the connections and counters of each destination', async () => {
    const { client } = setUp(web(1))
    const [entry] = (await client.readTable()).services.values()
    const [destination] = entry?.destinations.values() ?? []
    assert.equal(destination?.activeConnections, 3)
    assert.equal(destination?.inactiveConnections, 2)
    assert.equal(destination?.traffic.connections, 5_000_000_009)
  })

  it('reads and plans again when somebody else was quicker', async () => {
    const { kernel, client } = setUp(web(2))
    let meddled = false
    kernel.beforeExchange = (requests) => {
      const [first] = requests
      if (meddled || first === undefined || commandOf(first) !== IPVS_CMD.NEW_DEST) return
      meddled = true
      kernel.load(web(3))
    }
    const { failures, stale, table } = await client.converge(() => web(4), policy)
    assert.deepEqual([failures, stale], [[], false])
    assert.equal([...table.services.values()][0]?.destinations.size, 4)
    assert.equal([...kernel.services.values()][0]?.destinations.size, 4)
  })

  it('gives up after a few rounds against somebody who undoes every change', async () => {
    const { kernel, client } = setUp(web(2))
    kernel.beforeExchange = (requests) => {
      const [first] = requests
      if (first !== undefined && commandOf(first) === IPVS_CMD.NEW_DEST) kernel.load(nothing)
      else if (first !== undefined && commandOf(first) === IPVS_CMD.GET_SERVICE) kernel.load(web(2))
    }
    const { failures } = await client.converge(() => web(4), policy)
    assert.deepEqual(
      failures.map(({ message }) => message),
      ['ipvs converge table: unstable'],
    )
  })

  it('looks at the table after a silence, and does not do twice what took effect', async () => {
    const daemon = (syncId: number): Daemon => ({
      role: 'master',
      interface: 'lo',
      syncId,
      maxLength: undefined,
    })
    const { kernel, client } = setUp({ ...nothing, daemons: [daemon(9)] })
    let silent = 1
    kernel.afterExchange = ([first]) => {
      if (first !== undefined && commandOf(first) === IPVS_CMD.DEL_DAEMON && silent-- > 0) silence()
    }
    const wanted = { ...nothing, daemons: [daemon(1)] }
    const { failures } = await client.converge(() => wanted, policy)
    assert.deepEqual(failures, [])
    assert.deepEqual(kernel.changes, [IPVS_CMD.DEL_DAEMON, IPVS_CMD.NEW_DAEMON])
    assert.equal(kernel.daemons.get('master')?.syncId, 1)
  })

  it('says what the kernel refused, with cause and cure, and applies the rest', async () => {
    const { kernel, client } = setUp()
    const wanted = tableOf([
      ['bad', '10.9.0.100:80', servers(2), { scheduler: 'nope' }],
      ['odd', '10.9.0.101:80', [server('224.0.0.1:80'), server('10.0.0.1:80')]],
    ])
    const { failures, results } = await client.converge(() => wanted, policy)
    assert.deepEqual(
      failures.map(({ message }) => message),
      ['ipvs newService tcp 10.9.0.100:80: ENOENT', 'ipvs newDest 224.0.0.1:80: EINVAL'],
    )
    const [missing] = failures
    assert.match(String(missing?.cause), /no scheduler "nope" for tcp .*: load it with modprobe ip_vs_nope/)
    assert.deepEqual(
      results.map(({ code }) => code),
      ['ENOENT', 'ESRCH', 'ESRCH', 'OK', 'EINVAL', 'OK'],
    )
    assert.deepEqual(
      [...(kernel.services.get('tcp 10.9.0.101:80')?.destinations.keys() ?? [])],
      ['10.0.0.1:80'],
    )
  })

  it('keeps the last server when its replacement was refused, and lets the others go', async () => {
    const two = tableOf([['web', '10.9.0.100:80', [server('10.0.0.1:80'), server('10.0.0.2:80')]]])
    const { kernel, client } = setUp(two)
    const wanted = tableOf([['web', '10.9.0.100:80', [server('224.0.0.1:80')]]])
    const { results } = await client.converge(() => wanted, policy)
    assert.deepEqual(results.map(({ code }) => code).sort(), ['EINVAL', 'OK', 'skipped'])
    assert.deepEqual(
      [...(kernel.services.get('tcp 10.9.0.100:80')?.destinations.keys() ?? [])],
      ['10.0.0.2:80'],
    )
  })
})
