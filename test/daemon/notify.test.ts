/** A whole daemon under somebody who listens as systemd does. */
import { equal, match, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pair, until } from './directors.js'
import { NotifyListener } from './notify-listener.js'

describe('daemon/notify', function () {
  this.timeout(120_000)
  let directory = ''
  let pair: Pair
  let listener: NotifyListener
  beforeEach(() => {
    pair = new Pair()
    directory = mkdtempSync(join(tmpdir(), 'vipair-notify-'))
    // No abstract one: those belong to a network namespace.
    listener = new NotifyListener(join(directory, 'socket'))
  })
  afterEach(async () => {
    await pair.close()
    listener.close()
    rmSync(directory, { recursive: true })
  })

  it('hears of the start, a reload, a refused one, a frozen process and the end', async () => {
    const { lb1 } = pair
    const hears = (word: string, times = 1): Promise<true> =>
      until(`${times} of ${word}`, async () => (listener.count(word) >= times ? true : undefined))
    lb1.start(['env', `NOTIFY_SOCKET=${listener.path}`, 'WATCHDOG_USEC=4000000'])
    await hears('READY=1')
    const first = await lb1.status()
    ok(first?.virtualRouters.length === 1, 'the election runs when it is ready')
    await lb1.untilState('active')
    await until('the line says so', async () =>
      listener.read().some((word) => /^STATUS=lb1: .*front ACTIVE, peer lb2 unreachable$/.test(word))
        ? true
        : undefined,
    )

    pair.write({ front: 'preempt = "never"' }, lb1)
    process.kill(lb1.pid, 'SIGHUP')
    await hears('READY=1', 2)
    pair.write({ front: 'preempt = "perhaps"' }, lb1)
    process.kill(lb1.pid, 'SIGHUP')
    await hears('READY=1', 3)
    equal(listener.count('RELOADING=1'), 2)
    const stamp = listener.read().find((word) => word.startsWith('MONOTONIC_USEC='))
    match(stamp ?? '', /=\d+$/)
    ok(Number(stamp?.split('=')[1]) <= Number(process.hrtime.bigint() / 1000n))

    const vrrp = await lb1.pidOf('vrrp')
    process.kill(vrrp, 'SIGSTOP')
    let fed = listener.count('WATCHDOG=1')
    let since = performance.now()
    // It is fed each 2 s otherwise.
    await until('the watchdog starves', async () => {
      if (listener.count('WATCHDOG=1') !== fed) {
        fed = listener.count('WATCHDOG=1')
        since = performance.now()
      }
      return performance.now() - since > 4_500 ? true : undefined
    })
    equal((await lb1.status())?.director, 'lb1', 'the main process itself answers')
    process.kill(vrrp, 'SIGCONT')
    await hears('WATCHDOG=1', fed + 1)

    await lb1.end('SIGTERM')
    await hears('STOPPING=1')
    await hears('STATUS=SIGTERM: leaving')
  })

  it('starts all the same when nobody listens', async () => {
    pair.lb1.start(['env', 'NOTIFY_SOCKET=/nowhere/at/all', 'WATCHDOG_USEC=1000000'])
    await pair.lb1.untilState('active')
    equal(await pair.lb1.end('SIGTERM'), 0)
  })
})
