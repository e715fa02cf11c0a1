/** Two real daemons: what their parents say to each other goes through the pair session, and back again after trouble. */
import assert from 'node:assert/strict'
import { Pair } from '../directors.js'

describe('the parents of two directors', function () {
  this.timeout(60_000)
  let pair: Pair

  beforeEach(() => {
    pair = new Pair()
  })
  afterEach(() => pair.close())

  it('hear each other, also after a vrrp process or a whole director was killed', async () => {
    await pair.start()
    const { lb1, lb2 } = pair
    const fresh = ({
      peer,
    }: {
      readonly peer: { readonly view: { readonly ageSeconds: number } | null } | null
    }) => (peer?.view?.ageSeconds ?? 99) < 2
    await lb1.untilState('active', fresh)
    await lb2.untilState('backup', fresh)

    process.kill(await lb2.pidOf('vrrp'), 'SIGKILL')
    await lb2.untilState(
      'backup',
      (status) => fresh(status) && status.processes.every(({ pid }) => pid !== null),
    )
    await lb1.untilState('active', fresh)

    await lb2.end('SIGKILL')
    await lb1.untilState('active', ({ peer }) => (peer?.view?.ageSeconds ?? 0) > 3)
    lb2.start()
    await lb2.untilState('backup', fresh)
    const status = await lb1.untilState('active', fresh)
    assert.deepEqual(
      status.warnings.filter((line) => line.includes('judged')),
      [],
    )
    assert.deepEqual(
      lb1.lines.filter((line) => line.includes('dropped a message')),
      [],
    )
  })
})
