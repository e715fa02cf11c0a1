/** One daemon a runtime directory, whatever somebody removes from it. */
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Pair } from './directors.js'

describe('daemon/second daemon', function () {
  this.timeout(60_000)

  let pair: Pair
  beforeEach(() => {
    pair = new Pair()
  })
  afterEach(async () => pair.close())

  it('is refused with the pid of the first, also when every file there is gone, and changes nothing', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    const { pid } = lb1
    const text = new RegExp(`: process ${pid} runs a director in ${lb1.runtimeDir} already: stop it, or give`)
    const first = await lb1.command('run')
    assert.equal(first.status, 1)
    assert.match(first.error, text)
    await lb1.untilState('active')
    for (const name of readdirSync(lb1.runtimeDir)) rmSync(join(lb1.runtimeDir, name))
    const second = await lb1.command('run')
    assert.equal(second.status, 1)
    assert.match(second.error, text)
    assert.deepEqual(lb1.addresses(), ['10.9.0.100/24'])
  })

  it('starts at once where the first was killed', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    await lb1.end('SIGKILL')
    lb1.start()
    await lb1.untilState('active')
  })

  it('vipair release is refused while it runs, unless forced, and not when it is dead', async () => {
    const { lb1 } = pair
    lb1.start()
    await lb1.untilState('active')
    const refused = await lb1.command('release')
    assert.equal(refused.status, 1)
    assert.match(refused.error, new RegExp(`process ${lb1.pid} runs a director in .*nothing was released`))
    assert.deepEqual(lb1.addresses(), ['10.9.0.100/24'])
    const forced = await lb1.command('release', '--force')
    assert.deepEqual([forced.status, forced.out], [0, 'released 10.9.0.100/24 from eth0\n'])
    await lb1.end('SIGKILL')
    assert.equal((await lb1.command('release')).status, 0)
  })
})
