import assert from 'node:assert/strict'
import fc from 'fast-check'
import { IpvsClient } from '../../src/ipvs/client.js'
import { sameDaemon, sameDestination, sameService } from '../../src/ipvs/compare.js'
import type { Table } from '../../src/ipvs/model.js'
import type { Policy } from '../../src/ipvs/plan.js'
import { plan } from '../../src/ipvs/plan.js'
import { table } from './arbitraries.js'
import { FakeKernel, fakeFamily } from './fake-kernel.js'

const all: Policy = { manage: 'all', ours: new Set() }
const declared = (...ours: readonly string[]): Policy => ({ manage: 'declared', ours: new Set(ours) })
const nothing: Table = { services: new Map(), daemons: [] }

function assertSame(actual: Table, desired: Table): void {
  assert.deepEqual([...actual.services.keys()].sort(), [...desired.services.keys()].sort())
  for (const [id, { service, destinations }] of desired.services) {
    const there = actual.services.get(id)
    assert.ok(there && sameService(there.service, service), id)
    assert.deepEqual([...there.destinations.keys()].sort(), [...destinations.keys()].sort(), id)
    for (const [name, destination] of destinations) {
      const found = there.destinations.get(name)
      assert.ok(found && sameDestination(found, destination), `${id} ${name}`)
    }
  }
  assert.equal(actual.daemons.length, desired.daemons.length)
  for (const daemon of desired.daemons) assert.ok(actual.daemons.some((one) => sameDaemon(one, daemon)))
}

const serves = (of: Table, id: string): boolean =>
  [...(of.services.get(id)?.destinations.values() ?? [])].some(({ weight }) => weight > 0)

describe('ipvs plan', () => {
  it('is empty when the table is the desired one', () => {
    fc.assert(fc.property(table, (one) => assert.deepEqual(plan(one, one, all), [])))
  })

  it('brings any table to any other, and no service that keeps a server is without one on the way', async () => {
    await fc.assert(
      fc.asyncProperty(table, table, async (before, desired) => {
        const kernel = new FakeKernel()
        kernel.load(before)
        const keep = [...desired.services.keys()].filter((id) => serves(before, id) && serves(desired, id))
        kernel.onChange = () => {
          for (const id of keep) assert.ok(serves({ services: kernel.services, daemons: [] }, id), id)
        }
        const client = new IpvsClient(kernel, fakeFamily)
        const { failures, table: known } = await client.converge(() => desired, all)
        assert.deepEqual(failures, [])
        const actual = await client.readTable()
        assertSame(actual, desired)
        assertSame(known, desired)
        assert.deepEqual(plan(desired, actual, all), [])
      }),
      { numRuns: 300 },
    )
  })

  it('leaves alone what is foreign, and removes what was ours', () => {
    fc.assert(
      fc.property(table, (actual) => {
        assert.deepEqual(plan(nothing, actual, declared()), [])
        const ids = [...actual.services.keys()]
        const [mine] = ids
        if (mine === undefined) return
        const key = actual.services.get(mine)?.service.key
        assert.deepEqual(plan(nothing, actual, declared(mine)), [{ kind: 'delService', key }])
        assert.equal(plan(nothing, actual, all).length, ids.length + actual.daemons.length)
      }),
    )
  })

  it('starts the sync daemons last, and anew only when they differ', () => {
    const daemon = { role: 'master', interface: 'lo', syncId: 1, maxLength: undefined } as const
    const wanted: Table = { services: new Map(), daemons: [daemon] }
    const running = (syncId: number): Table => ({
      ...nothing,
      daemons: [{ ...daemon, syncId, maxLength: 1472 }],
    })
    const kinds = (actual: Table, policy: Policy, desired: Table = wanted) =>
      plan(desired, actual, policy).map(({ kind }) => kind)
    assert.deepEqual(kinds(nothing, declared()), ['newDaemon'])
    assert.deepEqual(kinds(running(1), declared()), [])
    assert.deepEqual(kinds(running(2), declared()), ['delDaemon', 'newDaemon'])
    assert.deepEqual(kinds(running(2), declared(), nothing), [])
    assert.deepEqual(kinds(running(2), declared('sync master'), nothing), ['delDaemon'])
    fc.assert(
      fc.property(table, table, (desired, actual) => {
        const daemons = plan(desired, actual, all).map((one) => 'daemon' in one)
        assert.deepEqual(daemons, [...daemons].sort())
      }),
    )
  })
})
