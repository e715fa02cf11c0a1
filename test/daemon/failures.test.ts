/** Processes that die or freeze, on real directors. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Pair, until } from './directors.js'

/** Above the lease: it is over when the director wakes. */
const frozenMs = 4_500

describe('daemon/failures', function () {
  this.timeout(120_000)

  let pair: Pair

  afterEach(async () => pair.close())

  for (const interval of ['1s', '100ms']) {
    it(`vrrp killed on the Active, interval ${interval}: the client hardly notices, and one owner remains`, async () => {
      pair = new Pair({ front: `advertisement_interval = "${interval}"` })
      const { lb1, lb2 } = pair
      await pair.start()
      await pair.startLoad()
      const pid = await lb1.pidOf('vrrp')
      process.kill(pid, 'SIGKILL')
      await until('another vrrp process has its role', async () => {
        const [one, other] = await Promise.all([lb1.status(), lb2.status()])
        const states = [one, other].map((status) => status?.virtualRouters[0]?.state)
        const again = one?.processes.find(({ name }) => name === 'vrrp')?.pid
        return again !== pid &&
          states.filter((state) => state === 'active').length === 1 &&
          !states.includes('initialize')
          ? true
          : undefined
      })
      await until('one owner', async () =>
        lb1.addresses().length + lb2.addresses().length === 1 ? true : undefined,
      )
      const { gap, lost, sent, last } = await pair.window()
      console.log(`      interval ${interval}: gap ${gap} ms, ${lost} of ${sent} lost, ${last} answers`)
      assert.ok(gap <= 500, `gap ${gap} ms, lost ${lost} of ${sent}`)
    })
  }

  it('frozen for longer than its lease: one owner, and it says nothing before it is Backup', async () => {
    pair = new Pair({ front: 'preempt = "never"\ntransport = "multicast"' })
    const { lb1, lb2 } = pair
    await pair.start()
    await pair.startLoad()
    const pid = await lb1.pidOf('vrrp')
    process.kill(pid, 'SIGSTOP')
    const thaw = Date.now() + frozenMs
    await lb2.untilState('active')
    await until('the lease is over', async () => (lb1.addresses().length === 0 ? true : undefined))
    assert.deepEqual(lb2.addresses(), ['10.9.0.100/24'])
    await pair.window()
    await until('the freeze is over', async () => (Date.now() > thaw ? true : undefined))
    // What leaves lb1 from now on: its advertisements and its ARP, but no answers to the client.
    const dump = lb1.namespace.enter(() =>
      spawn('tcpdump', ['-Q', 'out', '-l', '-n', '-i', 'eth0', 'vrrp or arp'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
    const seen: string[] = []
    dump.stdout.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    await once(dump.stderr, 'data')
    process.kill(pid, 'SIGCONT')
    const woken = await lb1.untilState('backup', ({ processes }) =>
      processes.some(({ name, eventLoopLagMs }) => name === 'vrrp' && (eventLoopLagMs ?? 0) > 1_000),
    )
    assert.match(
      woken.virtualRouters[0]?.reason ?? '',
      /^lease ran out \(this process stood still for up to \d+ ms\)/,
    )
    assert.equal((await pair.window()).lost, 0)
    const ended = once(dump, 'exit')
    dump.kill('SIGINT')
    await ended
    const text = seen.join('')
    assert.ok(!/VRRP/.test(text), text)
    assert.ok(!text.includes('10.9.0.100'), text)
    await lb2.untilState('active')
  })
})
