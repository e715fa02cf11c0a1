/** Planned moves of real directors, with a client that counts what it loses. */
import assert from 'node:assert/strict'
import { Pair, until } from './directors.js'

describe('daemon/handover', function () {
  this.timeout(90_000)

  let pair: Pair

  afterEach(async () => pair.close())

  for (const [transport, interval] of [
    ['udp', '100ms'],
    ['multicast', '1s'],
  ] as const) {
    it(`${transport}, ${interval}: there and back, nothing is lost`, async () => {
      pair = new Pair({
        front: `transport = "${transport}"\nadvertisement_interval = "${interval}"\npreempt = "always"`,
      })
      const { lb1, lb2 } = pair
      await pair.start()
      await pair.startLoad()
      const there = await lb1.command('handover')
      assert.deepEqual([there.status, there.out], [0, 'front: handed over to lb2\n'], there.error)
      await lb2.untilState('active')
      const status = await lb1.untilState('backup')
      assert.equal(
        status.virtualRouters[0]?.reason,
        'handed over to lb2; holds back: until lb2 goes or hands back',
      )
      const first = await pair.windowsUntil('lb2')
      assert.equal(first.lost, 0, `gap ${first.gap} ms of ${first.sent}`)
      assert.deepEqual([lb1.addresses(), lb2.addresses()], [[], ['10.9.0.100/24']])

      assert.equal((await lb2.post('/v1/handover', { router: 'front' })).status, 200)
      await lb1.untilState('active')
      await lb2.untilState('backup')
      const second = await pair.windowsUntil('lb1')
      assert.equal(second.lost, 0, `gap ${second.gap} ms of ${second.sent}`)
    })
  }

  it('SIGTERM loses nothing, and the way back by preemption neither', async () => {
    pair = new Pair()
    const { lb1, lb2 } = pair
    await pair.start()
    await pair.startLoad()
    assert.equal(await lb1.end('SIGTERM'), 0)
    const first = await pair.windowsUntil('lb2')
    assert.equal(first.lost, 0, `gap ${first.gap} ms of ${first.sent}`)
    assert.deepEqual(lb1.addresses(), [])
    lb1.start()
    await lb1.untilState('active')
    await lb2.untilState('backup')
    await pair.windowsUntil('lb1')
  })

  it('is refused with its reason and status 1, and nothing moves', async () => {
    pair = new Pair()
    const { lb1, lb2 } = pair
    await pair.start()
    const wrong = await lb2.command('handover', 'front')
    assert.deepEqual([wrong.status, wrong.error], [1, 'vipair: front: front is not Active here (Backup)\n'])
    const none = await lb2.command('handover')
    assert.deepEqual([none.status, none.error], [1, 'vipair: no virtual router is Active here\n'])
    await lb2.end('SIGKILL')
    await until('lb2 is missed', async () => ((await lb1.status())?.peer?.reachable ? undefined : true))
    const lonely = await lb1.command('handover', '--force')
    assert.deepEqual(
      [lonely.status, lonely.error],
      [1, 'vipair: front: the peer is not reachable over the pair link\n'],
    )
    await lb1.untilState('active')
    await lb1.end('SIGTERM')
    assert.equal((await lb1.command('handover')).status, 3)
  })

  it('maintenance stays out, also over a restart, until it is over', async () => {
    pair = new Pair()
    const { lb1, lb2 } = pair
    await pair.start()
    await pair.startLoad()
    const on = await lb1.command('maintenance', 'on', '--reason', 'new disk')
    assert.deepEqual([on.status, on.out], [0, 'front: handed over to lb2\nin maintenance\n'], on.error)
    const status = await lb1.untilState('maintenance')
    assert.equal(status.virtualRouters[0]?.reason, 'new disk')
    assert.equal((await pair.window()).lost, 0)
    assert.equal((await lb1.command('reload')).status, 0)
    await lb1.end('SIGTERM')
    lb1.start()
    await lb1.untilState('maintenance')
    await lb2.untilState('active')
    assert.equal((await lb1.command('maintenance', 'off')).status, 0)
    await lb1.untilState('active')
  })

  it('maintenance is refused when nobody could take over, unless forced; nobody Active is a warning', async () => {
    pair = new Pair()
    const { lb1, lb2 } = pair
    await pair.start()
    const warned = (director: typeof lb1, text: RegExp) =>
      until(`${director.name} warns ${text}`, async () =>
        (await director.status())?.warnings.some((warning) => text.test(warning)) ? true : undefined,
      )
    await lb2.end('SIGKILL')
    await until('lb2 is missed', async () => ((await lb1.status())?.peer?.reachable ? undefined : true))
    const refused = await lb1.command('maintenance', 'on')
    assert.deepEqual(
      [refused.status, refused.error],
      [
        1,
        'vipair: lb2 is not reachable over the pair link and cannot take over; force it to step down all the same\n',
      ],
    )
    await lb1.untilState('active')
    assert.equal((await lb1.command('maintenance', 'on', '--force')).status, 0)
    await lb1.untilState('maintenance')
    await warned(
      lb1,
      /^front: nobody is known to be Active: this director is in maintenance, and lb2 is not reach/,
    )
    lb2.start()
    await lb2.untilState('active')
    assert.equal((await lb1.command('maintenance', 'on')).status, 0, 'nothing is Active here')
    assert.equal((await lb2.command('maintenance', 'on', '--force')).status, 0)
    for (const director of [lb1, lb2])
      await warned(director, /^front: nobody is Active: this director is in maint/)
  })

  it('the socket takes only what it knows', async () => {
    pair = new Pair()
    const { lb1 } = pair
    await pair.start()
    const refused = async (path: string, body: string): Promise<string> => {
      const answer = await lb1.ask('POST', path, body)
      assert.equal(answer.status, 400, path)
      return String(answer.body.error)
    }
    assert.equal(await refused('/v1/handover', '[]'), 'the body is not a JSON object')
    assert.equal(await refused('/v1/handover', '{'), 'the body is not JSON')
    assert.equal(await refused('/v1/handover', '{"router":1}'), 'router: 1 does not fit')
    assert.equal(await refused('/v1/handover', '{"rooter":"x"}'), 'unknown field "rooter"')
    assert.equal(await refused('/v1/maintenance', '{}'), 'on: true or false is needed')
    assert.equal(await refused('/v1/reload', `"${'x'.repeat(70_000)}"`), 'the body exceeds 65536 bytes')
    assert.equal((await lb1.ask('POST', '/v1/status', '{}')).status, 404)
    assert.equal((await lb1.ask('POST', '/constructor', '{}')).status, 404)
    await lb1.untilState('active')
  })
})
