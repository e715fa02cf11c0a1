import assert from 'node:assert/strict'
import { Flow } from '../../lab/load/flow.js'

describe('load: flow', () => {
  it('reports the longest hole between answers, one that began before the window included', () => {
    const flow = new Flow(1000)
    for (const moment of [1040, 1050, 1400, 1410]) flow.heard(moment)
    assert.equal(flow.report(1415).gap, 350)
    assert.equal(new Flow(1000).report(1500).gap, 500, 'nothing was ever answered')
  })

  it('counts a hole that is still open', () => {
    const flow = new Flow(0)
    flow.heard(10)
    assert.equal(flow.report(900).gap, 890)
  })

  it('counts requests by outcome and by server', () => {
    const flow = new Flow(0)
    for (let request = 0; request < 4; request += 1) flow.sent()
    flow.answered('rs1')
    flow.answered('rs1')
    flow.answered('rs3')
    flow.lost()
    const { sent, answered, lost, perServer } = flow.report(0)
    assert.deepEqual(
      { sent, answered, lost, perServer },
      { sent: 4, answered: 3, lost: 1, perServer: { rs1: 2, rs3: 1 } },
    )
  })
})
