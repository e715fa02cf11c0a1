import assert from 'node:assert/strict'
import type { Figures } from '../../bench/failover/cases.js'
import { jobsOf } from '../../bench/failover/jobs.js'
import { type CaseName, parsePlan } from '../../bench/failover/plan.js'
import { report } from '../../bench/failover/report.js'
import type { Measurement } from '../../bench/failover/rows.js'

const measured = (
  program: Measurement['program'],
  name: CaseName,
  interval: number,
  figures: Figures,
): Measurement => ({ program, case: name, interval, load: 0.1, figures, disturbed: false })

const cut = (program: Measurement['program'], interval: number, gap: number): Measurement =>
  measured(program, 'cut', interval, { gapUdp: gap, gapTcp: gap })

describe('bench/failover report', () => {
  const table: readonly (readonly [what: string, measurements: readonly Measurement[], line: RegExp])[] = [
    ['as quick', [cut('keepalived', 100, 300), cut('vipair', 100, 315)], /cut off: gap .*1\.05: met$/m],
    ['slower', [cut('keepalived', 100, 300), cut('vipair', 100, 316)], /cut off: gap .*1\.05: NOT MET$/m],
    ['within a step of the client', [cut('keepalived', 10, 30), cut('vipair', 10, 32)], /gap .*: met$/m],
    ['nothing to compare with', [cut('vipair', 100, 300)], /cut off: gap .*1\.05: not told$/m],
    ['default files', [cut('keepalived', 1000, 3200), cut('vipair', 100, 310)], /ten times faster: met$/m],
    ['a lost request', [measured('vipair', 'stop', 10, { lostTcp: 1 })], /stop: lost .*none: NOT MET$/m],
    ['dark after a heal', [measured('vipair', 'split', 20, { dark: 1 })], /dark .*1 of 1 .*none: NOT MET$/m],
    ['late after a heal', [measured('vipair', 'split', 20, { service: 121 })], /served .*120 ms: NOT MET$/m],
    ['the lease of 3 s', [measured('vipair', 'kill', 100, { both: 2_900 })], /two owners for .*3 s: met$/m],
    ['the lease of 6 s', [measured('vipair', 'kill', 1000, { both: 5_000 })], /two owners for .*6 s: met$/m],
  ]
  for (const [what, measurements, line] of table) {
    it(what, () => {
      const { text, allMet } = report(measurements, [1000, 100, 20, 10])
      assert.match(text, line)
      assert.equal(allMet, !text.includes('NOT MET'))
    })
  }
  it('what could not be measured is no bar that is met', () => {
    const failed = { ...cut('vipair', 100, 0), figures: {}, failure: 'lb1 is not Active' }
    const { text, allMet } = report([failed], [100])
    assert.match(text, /not measured: vipair cut at 100 ms: lb1 is not Active/)
    assert.equal(allMet, false)
  })
})

describe('bench/failover jobs', () => {
  it('by default: 3 of each case and 20 splits of both programs at four intervals', () => {
    const { inTurn, atOnce } = jobsOf(parsePlan([]))
    const count = (name: CaseName): number =>
      [...inTurn, ...atOnce]
        .filter((job) => job.case === name)
        .reduce((sum, { indexes }) => sum + indexes.length, 0)
    assert.deepEqual(
      (['cut', 'stop', 'kill', 'freeze', 'vrrp', 'split'] as const).map(count),
      [24, 24, 24, 24, 24, 160],
    )
    assert.ok(inTurn.every(({ case: name }) => name === 'cut' || name === 'stop'))
  })
  it('one program follows the other', () => {
    const { atOnce } = jobsOf(parsePlan(['--cases', 'split', '--intervals', '100', '--splits', '7']))
    assert.deepEqual(
      atOnce.map(({ program, indexes }) => `${program.name} ${indexes.join()}`),
      ['keepalived 0,1,2,3,4', 'vipair 0,1,2,3,4', 'keepalived 5,6', 'vipair 5,6'],
    )
  })
})
