/**
 * Every kind of service and every errno on a real kernel, judged by ipvsadm. It takes the whole IPVS table of
 * its network namespace; run it as root with `lo` up, IPv6 and the modules of `matrix.ts`. Leaves an empty table.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Netlink } from '../../src/base/ports.js'
import { IpvsClient } from '../../src/ipvs/client.js'
import { sameDestination, sameService } from '../../src/ipvs/compare.js'
import { operationError } from '../../src/ipvs/errors.js'
import type { Table } from '../../src/ipvs/model.js'
import { type Policy, plan } from '../../src/ipvs/plan.js'
import { sentence } from '../../src/ipvs/problems.js'
import { combinations, matrixFile } from './matrix.js'
import { changedFile, matrixChanges } from './matrix-changes.js'
import { tableOf } from './matrix-table.js'
import { refusals, takenInSilence } from './refusals.js'
import { listedThresholds, savedRules } from './saved-rules.js'

type Record = (name: string, value: string | number) => void

const run = promisify(execFile)
const all: Policy = { manage: 'all', ours: new Set() }
const nothing: Table = { services: new Map(), daemons: [] }

const ipvsadm = async (...words: readonly string[]): Promise<string> =>
  (await run('/sbin/ipvsadm', words, { maxBuffer: 2 ** 24 })).stdout

const lines = (text: string): readonly string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))

/** By our own dump, by `ipvsadm -Sn`, and the thresholds, which that loses, by `ipvsadm -Ln --thresholds`. */
async function assertStands(client: IpvsClient, desired: Table): Promise<void> {
  const actual = await client.readTable()
  assert.deepEqual([...actual.services.keys()].sort(), [...desired.services.keys()].sort())
  for (const [id, { service, destinations }] of desired.services) {
    const there = actual.services.get(id)
    assert.ok(there && sameService(there.service, service), id)
    assert.deepEqual([...there.destinations.keys()].sort(), [...destinations.keys()].sort(), id)
    for (const [name, one] of destinations) {
      const found = there.destinations.get(name)
      assert.ok(found && sameDestination(found, one), `${id} ${name}`)
    }
  }
  assert.deepEqual(plan(desired, actual, all), [])
  assertSameLines(lines(await ipvsadm('-Sn')), savedRules(desired))
  const listed = lines(await ipvsadm('-Ln', '--thresholds')).flatMap((line) =>
    /^-> [[\d]/.test(line) ? line.slice('-> '.length) : [],
  )
  assertSameLines(listed, listedThresholds(desired))
}

/** Shows what is too much and what is missing, out of a thousand lines. */
function assertSameLines(actual: readonly string[], wanted: readonly string[]): void {
  const [had, has] = [new Set(wanted), new Set(actual)]
  assert.deepEqual(
    actual.filter((line) => !had.has(line)),
    wanted.filter((line) => !has.has(line)),
  )
  assert.equal(actual.length, wanted.length)
}

export async function exerciseMatrix(netlink: Netlink, family: number, record: Record): Promise<void> {
  const client = new IpvsClient(netlink, family)
  await client.converge(() => nothing, all)
  const desired = tableOf(matrixFile)
  const first = await client.converge(() => desired, all)
  assert.deepEqual(first.failures.map(sentence), [])
  await assertStands(client, desired)
  record('kinds of service', combinations)
  record('operations', first.results.length)
  assert.deepEqual((await client.converge(() => desired, all)).results, [])

  for (const change of matrixChanges) {
    const changed = tableOf(changedFile(matrixFile, change))
    const { results, failures } = await client.converge(() => changed, all)
    assert.deepEqual(failures.map(sentence), [], change.title)
    assert.deepEqual(
      results.map(({ operation }) => operation.kind),
      change.operations,
      change.title,
    )
    const { table } = await client.converge(() => changed, all)
    assert.deepEqual(plan(changed, table, all), [], change.title)
    await client.converge(() => desired, all)
  }
  await assertStands(client, desired)
  record('changes, each touching only what differs', matrixChanges.length)
  await client.converge(() => nothing, all)
}

/** Provokes each errno and prints what an operator is told about it. */
export async function exerciseErrors(netlink: Netlink, family: number, record: Record): Promise<void> {
  const client = new IpvsClient(netlink, family)
  const attempt = async (operations: Parameters<typeof client.apply>[0]) =>
    (await client.apply(operations, { services: new Map(), daemons: [] })).results
  for (const { title, before, operation, code, says } of refusals) {
    await client.converge(() => nothing, all)
    for (const one of await attempt(before)) assert.equal(one.code, 'OK', `${title}: ${one.operation.kind}`)
    const [result] = await attempt([operation])
    assert.equal(result?.code, code, title)
    const said = sentence(operationError(operation, code))
    assert.match(said, says, title)
    record(title, said)
  }
  for (const { title, before, operation } of takenInSilence) {
    await client.converge(() => nothing, all)
    for (const one of await attempt(before)) assert.equal(one.code, 'OK', `${title}: ${one.operation.kind}`)
    const [result] = await attempt([operation])
    record(`refused by vipair check only: ${title}`, `the kernel says ${result?.code}`)
  }
  await client.converge(() => nothing, all)
}
