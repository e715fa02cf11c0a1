/** Every kind of service, from the file's text to the kernel's table, and the changes from one file to the next. */
import assert from 'node:assert/strict'
import { IpvsClient } from '../../src/ipvs/client.js'
import { sameDestination, sameService } from '../../src/ipvs/compare.js'
import type { Table } from '../../src/ipvs/model.js'
import { plan } from '../../src/ipvs/plan.js'
import { FakeKernel, fakeFamily } from './fake-kernel.js'
import { combinations, matrixFile, modules } from './matrix.js'
import { changedFile, matrixChanges } from './matrix-changes.js'
import { tableOf } from './matrix-table.js'

const nothing: Table = { services: new Map(), daemons: [] }
const all = { manage: 'all', ours: new Set<string>() } as const

describe('ipvs services of every kind', () => {
  const desired = tableOf(matrixFile)

  it('reach the kernel, and are what is asked for when they are read back', async () => {
    assert.ok(combinations > 200)
    const kernel = new FakeKernel()
    for (const name of modules) kernel.schedulers.add(name.slice('ip_vs_'.length))
    kernel.engines.add('sip')
    const client = new IpvsClient(kernel, fakeFamily)
    const { failures } = await client.converge(() => desired, all)
    assert.deepEqual(failures, [])
    const actual = await client.readTable()
    assert.equal(actual.services.size, desired.services.size)
    for (const [id, { service, destinations }] of desired.services) {
      const there = actual.services.get(id)
      assert.ok(there && sameService(there.service, service), id)
      for (const [name, one] of destinations) {
        const found = there.destinations.get(name)
        assert.ok(found && sameDestination(found, one), `${id} ${name}`)
      }
    }
    assert.deepEqual(plan(desired, actual, all), [])
    assert.equal(plan(desired, nothing, all).length, kernel.changes.length)
  })

  for (const change of matrixChanges) {
    it(`${change.title} changes nothing else`, () => {
      const operations = plan(tableOf(changedFile(matrixFile, change)), desired, all)
      assert.deepEqual(
        operations.map(({ kind }) => kind),
        change.operations,
      )
    })
  }
})
