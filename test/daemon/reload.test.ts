/** Reloads of a running pair: all or nothing, and no election. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Pair, until } from './directors.js'

const group = 'group = "nat"'
const back = (more = ''): string => `
[[virtual_router]]
name = "back"
vrid = 52
addresses = ["10.9.0.200/24"]
${more}`

describe('daemon/reload', function () {
  this.timeout(90_000)

  let pair: Pair

  beforeEach(async () => {
    pair = new Pair()
    await pair.start()
  })

  afterEach(async () => pair.close())

  it('changes a running router without an election, and says what changed', async () => {
    const { lb1, lb2 } = pair
    await pair.startLoad()
    const pids = await Promise.all([lb1, lb2].map((one) => one.pidOf('vrrp')))
    pair.write({
      front: `addresses = ["10.9.0.100/24", "10.9.0.101/24"]
advertisement_interval = "200ms"
priority = { lb1 = 180 }
garp = { count = 2 }
lease = "5s"`,
    })
    const answer = await lb1.command('reload')
    assert.equal(answer.status, 0, answer.error)
    assert.match(answer.out, /^virtual_router front: /)
    assert.match(answer.out, /priority\.lb1 none -> 180/)
    assert.match(answer.out, /advertisement_interval 100ms -> 200ms/)
    assert.deepEqual(lb1.addresses(), ['10.9.0.100/24', '10.9.0.101/24'])
    process.kill(lb2.pid, 'SIGHUP')
    await lb2.untilState('backup', ({ virtualRouters }) => virtualRouters[0]?.addresses.length === 2)
    const agreed = await lb1.untilState('active', ({ peer, configHash }) => peer?.configHash === configHash)
    assert.deepEqual(agreed.warnings, [])
    assert.equal(agreed.virtualRouters[0]?.effectivePriority, 180)
    pair.write({})
    assert.equal((await lb1.post('/v1/reload')).status, 200)
    assert.equal((await lb2.post('/v1/reload')).status, 200)
    await until('the second address is gone', async () => lb1.addresses().length === 1 || undefined)
    assert.deepEqual(await Promise.all([lb1, lb2].map((one) => one.pidOf('vrrp'))), pids)
    for (const one of [lb1, lb2])
      assert.equal(
        one.lines.filter((line) => / vrrp: front: \w+ -> /.test(line)).length,
        one === lb1 ? 2 : 1,
        one.lines.join('\n'),
      )
    assert.equal((await pair.window()).lost, 0)
    const nothing = await lb1.command('reload')
    assert.match(nothing.out, /^nothing changed\n/)
  })

  it('plans what a reload would change, and touches nothing', async () => {
    const { lb1 } = pair
    const before = (await lb1.status())?.configHash
    assert.match((await lb1.command('plan')).out, /\na reload would change nothing\n$/)
    pair.write({
      front: 'addresses = ["10.9.0.100/24", "10.9.0.101/24"]\npriority = { lb1 = 180 }\nvirtual_mac = true',
      more: `${back()}\n[log]\nformat = "json"`,
    })
    const answer = await lb1.command('plan')
    assert.equal(answer.status, 0, answer.error)
    for (const line of [
      '~ virtual_router front: leaves the election and joins it anew; an Active hands over first',
      '\\+   addresses: 10.9.0.101/24',
      '~   priority.lb1: none -> 180',
      '\\+ virtual_router back',
      '! a reload would be refused, this needs a restart: log.format',
    ])
      assert.match(answer.out, new RegExp(`^${line}$`, 'm'))
    const { body } = await lb1.post('/v1/plan')
    assert.deepEqual([body.runningConfigHash, body.needsRestart, body.kernel], [before, ['log.format'], []])
    assert.equal((await lb1.untilState('active')).configHash, before)
    assert.deepEqual(lb1.addresses(), ['10.9.0.100/24'])
    writeFileSync(lb1.configFile, '[[director]]\nname = 7\n')
    const invalid = await lb1.command('plan')
    assert.deepEqual([invalid.status, invalid.error.includes('director[0].name')], [2, true])
  })

  it('refuses a broken file with each problem in its place, and goes on', async () => {
    const { lb1 } = pair
    const before = (await lb1.status())?.configHash
    for (const [text, problem] of [
      ['', '1:1: the file is empty'],
      ['[[director]]\nname = 7\n', 'director[0].name'],
      ['\u0000', '1:1'],
      ['[[director', '1:'],
    ] as const) {
      writeFileSync(lb1.configFile, text)
      const answer = await lb1.command('reload')
      assert.equal(answer.status, 2)
      assert.ok(answer.error.includes(problem), answer.error)
      assert.match(answer.error, /nothing was changed\n$/)
    }
    process.kill(lb1.pid, 'SIGHUP')
    await until(
      'the log has it',
      async () => lb1.lines.some((line) => /reload: .*is not valid/.test(line)) || undefined,
    )
    assert.equal((await lb1.untilState('active')).configHash, before)
  })

  it('refuses what only a restart can change, by name, and applies nothing of the rest', async () => {
    const { lb1 } = pair
    pair.write({ front: 'priority = { lb1 = 7 }', more: '[log]\nformat = "json"\n[control]\nmode = "0600"' })
    const answer = await lb1.post('/v1/reload')
    assert.equal(answer.status, 409)
    assert.deepEqual(answer.body.needsRestart, ['control.mode', 'log.format'])
    const status = await lb1.untilState('active')
    assert.equal(status.virtualRouters[0]?.effectivePriority, 150)
  })

  it('adds and removes a router beside one that is Active, and forms a group of them', async () => {
    const { lb1, lb2 } = pair
    pair.write({ more: back() })
    for (const one of [lb1, lb2]) assert.equal((await one.post('/v1/reload')).status, 200)
    await lb1.untilState('active', ({ virtualRouters }) => virtualRouters.length === 2)
    await lb2.untilState('backup', ({ virtualRouters }) => virtualRouters.length === 2)
    pair.write({ front: group, more: back(group) })
    for (const one of [lb1, lb2]) assert.equal((await one.post('/v1/reload')).status, 200)
    assert.equal((await lb1.post('/v1/handover', { router: 'back', force: true })).status, 200)
    await lb2.untilState('active')
    await lb1.untilState('backup')
    assert.deepEqual([lb1.addresses(), lb2.addresses()], [[], ['10.9.0.100/24', '10.9.0.200/24']])
    pair.write({})
    for (const one of [lb1, lb2]) assert.equal((await one.post('/v1/reload')).status, 200)
    await until('the second address is gone', async () => lb2.addresses().length === 1 || undefined)
    await lb2.untilState('active', ({ virtualRouters }) => virtualRouters.length === 1)
  })
})
