import assert from 'node:assert/strict'
import { assertFailover, holders, loadedPair, measureFailover, untilSoleHolder } from '../failover.js'
import type { Lab } from '../lab.js'
import type { Scenario } from '../scenario.js'

async function run(lab: Lab): Promise<void> {
  // Without preemption the woken director has no reason ever to hold the address again.
  const pair = await loadedPair(lab, { preempt: 'never' })
  let sole: Promise<number> | undefined
  const report = await measureFailover(lab, pair, 'freeze', () => {
    pair.lb1.process.freeze()
    sole = untilSoleHolder(lab, 'lb2', 4500)
    sole.catch(() => {})
  })
  lab.record('the frozen one lost the address after', `${await sole} ms`)

  pair.load.mark('thaw')
  pair.lb1.process.thaw()
  await pair.lb1.untilState('backup', 10000)
  await pair.load.until('3 s have passed', 10000, ({ elapsed }) => elapsed > 3000)
  assert.deepEqual(await holders(lab), ['lb2'], 'after waking')
  await pair.lb2.untilState('active', 1000)
  const { tcp } = await pair.load.close()
  lab.record('waking: longest gap', `${tcp.gap} ms, lost ${tcp.lost}`)
  assertFailover(report)
}

export const freezeActive: Scenario = {
  name: 'freeze-active',
  summary: 'SIGSTOP to every process of the Active: the kernel drops its lease, it wakes as Backup',
  forwarding: 'direct',
  run,
}
