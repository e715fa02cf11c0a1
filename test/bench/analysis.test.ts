import assert from 'node:assert/strict'
import { cutInTwo, heldBy, longestGap, lost, steadySince, summary } from '../../bench/failover/analysis.js'
import type { HoldLine, Request } from '../../bench/failover/lines.js'

/** One request each 10 ms from 0, answered after 1 ms, but for those sent in [100, 150). */
const requests: readonly Request[] = Array.from({ length: 30 }, (_, i) => {
  const sentAt = i * 10
  return sentAt >= 100 && sentAt < 150
    ? { kind: 'udp', sentAt }
    : { kind: 'udp', sentAt, answeredAt: sentAt + 1, by: 'lb1' }
})
const all = { from: 0, to: 295 }

describe('bench/analysis', () => {
  it('the gap is the longest hole between two answers', () => {
    assert.equal(longestGap(requests, 'udp', all), 60)
    assert.equal(longestGap(requests, 'udp', { from: 200, to: 295 }), 10)
  })

  it('a hole that is open at the end of the window counts as far as it goes', () => {
    assert.equal(longestGap(requests, 'udp', { from: 50, to: 140 }), 49)
  })

  it('what was sent in the window and not answered is lost, by kind', () => {
    assert.equal(lost(requests, 'udp', all), 5)
    assert.equal(lost(requests, 'udp', { from: 0, to: 120 }), 2)
    assert.equal(lost(requests, 'tcp', all), 0)
  })

  it('a connection that was reset by the other director is cut in two, not lost', () => {
    const reset: Request[] = [
      { kind: 'tcp', sentAt: 10, reset: true },
      { kind: 'tcp', sentAt: 20 },
      { kind: 'tcp', sentAt: 30, answeredAt: 31, by: 'lb2' },
    ]
    assert.equal(lost(reset, 'tcp', all), 1)
    assert.equal(cutInTwo(reset, all), 1)
  })

  it('service is steady from the first request after the last lost one', () => {
    assert.equal(steadySince(requests, all), 150)
    assert.equal(steadySince(requests, { from: 160, to: 295 }), 160)
    assert.equal(steadySince(requests, { from: 0, to: 130 }), undefined)
  })

  it('two owners are counted for as long as both hold the address', () => {
    const lb1: HoldLine[] = [
      { at: 0, holds: true },
      { at: 300, holds: false },
    ]
    const lb2: HoldLine[] = [
      { at: 0, holds: false },
      { at: 120, holds: true },
    ]
    assert.equal(heldBy(2, [lb1, lb2], { from: 0, to: 1_000 }), 180)
    assert.equal(heldBy(1, [lb1, lb2], { from: 0, to: 1_000 }), 820)
    assert.equal(heldBy(0, [lb1, lb2], { from: 0, to: 1_000 }), 0)
  })

  it('the median of an even number of runs is between the two in the middle', () => {
    assert.deepEqual(summary([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 })
    assert.deepEqual(summary([7]), { median: 7, min: 7, max: 7 })
    assert.equal(summary([]), undefined)
  })
})
