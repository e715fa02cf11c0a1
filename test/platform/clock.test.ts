import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { millis, after as plus } from '../../src/base/units.js'
import { SystemClock } from '../../src/platform/clock.js'
import { openDatagramSocket } from '../../src/platform/datagram-socket.js'
import { Reactor } from '../../src/platform/reactor.js'
import { ip } from './addresses.js'

describe('clock', function () {
  this.timeout(20_000)
  const reactor = Reactor.open()
  const clock = new SystemClock(reactor)
  after(() => reactor.close())

  it('never fires before the deadline, whose fraction counts', async () => {
    for (const span of [0.3, 1.7, 3.999]) {
      const deadline = plus(clock.now(), millis(span))
      const fired = await new Promise<number>((resolve) => {
        clock.at(deadline, () => resolve(clock.now()))
      })
      assert.ok(fired >= deadline, `${deadline - fired} ms early`)
    }
  })

  it('counts the time for which the machine was suspended, unlike Node', () => {
    // A time namespace moves the clock that goes on in a suspend, and leaves the other one alone.
    const module = (path: string) =>
      JSON.stringify(new URL(`../../src/platform/${path}`, import.meta.url).href)
    const program = `
      import { SystemClock } from ${module('clock.js')}
      const [seconds] = process.hrtime()
      console.log(new SystemClock(undefined).now() / 1000 - seconds)
    `
    const difference = (...prefix: readonly string[]): number => {
      const [command = '', ...rest] = [...prefix, process.execPath, '--input-type=module', '-e', program]
      const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 20_000 })
      assert.equal(status, 0, stderr)
      return Number(stdout)
    }
    const more = difference('unshare', '--time', '--boottime', '3600') - difference()
    assert.ok(Math.abs(more - 3600) < 10, `${more} s`)
  })

  it('does not fire once cancelled', async () => {
    let fired = false
    const timer = clock.at(clock.now(), () => {
      fired = true
    })
    timer.cancel()
    await new Promise<void>((resolve) => {
      clock.at(plus(clock.now(), millis(5)), resolve)
    })
    assert.equal(fired, false)
  })

  it('lets a late timer see every datagram that waited before it', async () => {
    const waiting = 200 // more than libuv reads in one turn of the loop
    let received = 0
    const receiver = openDatagramSocket(
      reactor,
      { family: 4, address: ip('127.0.0.1'), receiveBufferBytes: 1 << 20 },
      { onDatagram: () => received++, onError: (error) => assert.fail(error) },
    )
    const sender = createSocket('udp4')
    sender.bind(0, '127.0.0.1')
    await once(sender, 'listening')
    const seen = await new Promise<{ atOnce: number; afterInput: number }>((resolve) => {
      clock.at(plus(clock.now(), millis(20)), () => {
        const atOnce = received
        clock.afterPendingInput(() => resolve({ atOnce, afterInput: received }))
      })
      for (let i = 0; i < waiting; i++) sender.send('late', receiver.port, '127.0.0.1')
      // The process stands still, as in a collector's pause, until the timer is overdue.
      setImmediate(() => {
        const end = clock.now() + 60
        while (clock.now() < end);
      })
    })
    sender.close()
    receiver.close()
    assert.ok(seen.atOnce < waiting, 'the timer ran before the datagrams were read')
    assert.equal(seen.afterInput, waiting)
  })
})
