import assert from 'node:assert/strict'
import { assertFailover, holders, loadedPair, measureFailover } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  const pair = await loadedPair(lab)
  const table = await pair.lb1.ipvsTable()
  let status: number | string = ''
  const report = await measureFailover(lab, pair, 'term', async () => {
    const begun = performance.now()
    status = await pair.lb1.process.stop()
    lab.record('left after', `${Math.round(performance.now() - begun)} ms`)
  })
  assert.equal(status, 0, 'exit status')
  assert.deepEqual(await holders(lab), ['lb2'])
  assert.equal(await pair.lb1.ipvsTable(), table, 'the table stays as it was')
  assertFailover(report)
}

export const termActive: Scenario = {
  name: 'term-active',
  summary: 'SIGTERM to the Active: it resigns and releases, the table stays, all sessions live',
  forwarding: 'direct',
  run,
}
