import { deepEqual, equal } from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import { ServiceManager, takeServiceSettings } from '../../src/daemon/service-manager.js'
import { VirtualClock } from '../sim/virtual-clock.js'

function bench(watchdogMs?: number) {
  const clock = new VirtualClock(1_000)
  const seen = { ready: false, answering: true, line: 'lb1: starting', room: true }
  const heard: string[] = []
  const manager = new ServiceManager({
    clock,
    send: (text) => {
      if (seen.room) heard.push(...text.trimEnd().split('\n'))
      return seen.room
    },
    watchdog: watchdogMs === undefined ? undefined : millis(watchdogMs),
    view: () => ({ ...seen, statusLine: () => seen.line }),
    monotonicUs: () => 42n,
  })
  const take = (): string[] => heard.splice(0)
  return { clock, seen, manager, take }
}

describe('daemon/service-manager', () => {
  it('asks for more time while it starts, and is ready once', () => {
    const { clock, seen, manager, take } = bench()
    manager.start()
    deepEqual(take(), ['EXTEND_TIMEOUT_USEC=30000000', 'STATUS=lb1: starting'])
    clock.runFor(9_000)
    deepEqual(take(), [])
    clock.runFor(1_000)
    deepEqual(take(), ['EXTEND_TIMEOUT_USEC=30000000'])
    Object.assign(seen, { ready: true, line: 'lb1: front ACTIVE' })
    clock.runFor(60_000)
    deepEqual(take(), ['READY=1', 'STATUS=lb1: front ACTIVE'])
  })

  it('asks for no more time while a process is silent', () => {
    const { clock, seen, manager, take } = bench()
    seen.answering = false
    manager.start()
    clock.runFor(60_000)
    deepEqual(take(), ['STATUS=lb1: starting'])
  })

  it('tells a change of the line only', () => {
    const { clock, seen, manager, take } = bench()
    seen.ready = true
    manager.start()
    take()
    clock.runFor(10_000)
    deepEqual(take(), [])
    seen.line = 'lb1: front\nBACKUP'
    clock.runFor(10_000)
    deepEqual(take(), ['STATUS=lb1: front BACKUP'])
  })

  it('feeds the watchdog at half its time while every process answers, and at once when they do again', () => {
    const { clock, seen, manager, take } = bench(20_000)
    seen.ready = true
    manager.start()
    const feeds = (): number => take().filter((word) => word === 'WATCHDOG=1').length
    equal(feeds(), 1)
    clock.runFor(9_000)
    equal(feeds(), 0)
    clock.runFor(1_000)
    equal(feeds(), 1)
    seen.answering = false
    clock.runFor(60_000)
    equal(feeds(), 0)
    seen.answering = true
    clock.runFor(1_000)
    equal(feeds(), 1)
  })

  it('feeds a watchdog of less than its own pace in time', () => {
    const { clock, manager, take } = bench(400)
    manager.start()
    clock.runFor(4_000)
    equal(take().filter((word) => word === 'WATCHDOG=1').length, 21)
  })

  it('frames a reload, and says what it is like afterwards', () => {
    const { clock, seen, manager, take } = bench()
    manager.start()
    take()
    manager.reloading()
    manager.reloaded()
    deepEqual(take(), [], 'not before it is ready: that would make it so')
    seen.ready = true
    clock.runFor(1_000)
    take()
    manager.reloading()
    deepEqual(take(), ['RELOADING=1', 'MONOTONIC_USEC=42'])
    seen.line = 'lb1: front BACKUP'
    clock.runFor(1_000)
    manager.reloaded()
    deepEqual(take(), ['STATUS=lb1: front BACKUP', 'READY=1'])
  })

  it('says that it stops, and nothing after that but that it lives', () => {
    const { clock, seen, manager, take } = bench(2_000)
    seen.ready = true
    manager.start()
    take()
    manager.stopping('SIGTERM: leaving')
    manager.reloaded()
    seen.line = 'other'
    clock.runFor(2_000)
    deepEqual(take(), ['STOPPING=1', 'STATUS=SIGTERM: leaving', 'WATCHDOG=1', 'WATCHDOG=1'])
    manager.close()
    clock.runFor(10_000)
    deepEqual(take(), [])
  })

  it('says what found no room when there is room again', () => {
    const { clock, seen, manager, take } = bench(20_000)
    Object.assign(seen, { ready: true, room: false })
    manager.start()
    clock.runFor(3_000)
    seen.room = true
    clock.runFor(1_000)
    deepEqual(take(), ['READY=1', 'STATUS=lb1: starting'])
  })
})

describe('daemon/service-manager: its environment', () => {
  it('is taken away from the programs that are started', () => {
    const environment = { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '60000000', PATH: '/bin' }
    deepEqual(takeServiceSettings(environment), { socket: '/run/n', watchdog: 60_000 })
    deepEqual(environment, { PATH: '/bin' })
  })

  const cases = [
    { us: '30000000', pid: String(process.pid), watchdog: 30_000 },
    { us: '30000000', pid: '1', watchdog: undefined },
    { us: '0', pid: undefined, watchdog: undefined },
    { us: '-5', pid: undefined, watchdog: undefined },
    { us: 'soon', pid: undefined, watchdog: undefined },
  ]
  for (const { us, pid, watchdog } of cases)
    it(`watches ${watchdog ?? 'nothing'} for ${us} of process ${pid === String(process.pid) ? 'us' : pid}`, () => {
      const environment = { WATCHDOG_USEC: us, ...(pid === undefined ? {} : { WATCHDOG_PID: pid }) }
      equal(takeServiceSettings(environment).watchdog, watchdog)
    })
})
