import assert from 'node:assert/strict'
import fc from 'fast-check'
import { advance } from '../../src/ipvs/advance.js'
import { batches, maxBatch } from '../../src/ipvs/batches.js'
import { IpvsClient } from '../../src/ipvs/client.js'
import { sameDaemon, sameDestination, sameService } from '../../src/ipvs/compare.js'
import type { ObservedTable, Table } from '../../src/ipvs/model.js'
import { isRemoval, type Operation } from '../../src/ipvs/operation.js'
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

/** As a dump would show it. */
function observed(of: Table): ObservedTable {
  const additions = [...of.services.values()].flatMap(({ service, destinations }): Operation[] => [
    { kind: 'newService', service },
    ...[...destinations.values()].map((destination) => ({
      kind: 'newDest' as const,
      key: service.key,
      destination,
    })),
  ])
  return { ...advance({ services: new Map(), daemons: [] }, additions), daemons: of.daemons }
}

const serves = (of: Table, id: string): boolean =>
  [...(of.services.get(id)?.destinations.values() ?? [])].some(({ weight }) => weight > 0)

describe('ipvs plan', function () {
  // Many random cases, on a machine that may be busy.
  this.timeout(30_000)

  it('is empty when the table is the desired one', () => {
    fc.assert(fc.property(table, (one) => assert.deepEqual(plan(one, one, all), [])))
  })

  it('brings any table to any other, and no service that keeps a server is without one on the way', async () => {
    await fc.assert(
      fc.asyncProperty(table, table, async (before, desired) => {
        const kernel = new FakeKernel()
        kernel.engines.add('sip')
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

  it('takes no server away before all that is added stands, and never loses the last that stays in use', () => {
    fc.assert(
      fc.property(table, table, (before, desired) => {
        let state: ObservedTable = observed(before)
        const operations = plan(desired, before, all)
        const firstRemoval = operations.findIndex(isRemoval)
        const additions = operations.filter((one) => !isRemoval(one) && !('daemon' in one))
        if (firstRemoval >= 0)
          assert.deepEqual(operations.slice(0, firstRemoval), additions, 'additions first')
        for (const batch of batches(operations)) {
          assert.ok(batch.length <= maxBatch)
          for (const operation of batch) {
            state = advance(state, [operation])
            for (const [id, entry] of desired.services) {
              for (const [name, { weight }] of entry.destinations) {
                const was = before.services.get(id)?.destinations.get(name)?.weight ?? 0
                const now = state.services.get(id)?.destinations.get(name)?.weight ?? 0
                assert.ok(was === 0 || weight === 0 || now > 0, `${id} ${name} stays in use`)
              }
            }
          }
        }
        assertSame(state, desired)
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
