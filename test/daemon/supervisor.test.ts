import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Log } from '../../src/base/ports.js'
import { SupervisedChild } from '../../src/daemon/supervisor.js'
import { SystemClock } from '../../src/platform/clock.js'
import { Reactor } from '../../src/platform/reactor.js'
import type { FromEcho, ToEcho } from './fixtures/echo-child.js'

describe('a supervised child', () => {
  let reactor: Reactor
  let child: SupervisedChild<ToEcho, FromEcho>
  let heard: EventEmitter
  let lines: string[]

  beforeEach(() => {
    reactor = Reactor.open()
    heard = new EventEmitter()
    lines = []
    const note = (message: string): void => void lines.push(message)
    const log: Log = { error: note, warn: note, info: note, debug: note }
    child = new SupervisedChild<ToEcho, FromEcho>({
      name: 'echo',
      module: new URL('./fixtures/echo-child.js', import.meta.url),
      log,
      logConfig: { level: 'error', format: 'text' },
      clock: new SystemClock(reactor),
      types: { ready: true, stopped: true, status: true, said: true },
      fds: [],
      onMessage: (message) => void heard.emit(message.type, message),
      onDeath: () => void heard.emit('death'),
    })
  })

  afterEach(async () => {
    await child.stop()
    reactor.close()
  })

  it('is ready, hears, answers, and reports its status behind each fact', async () => {
    const ready = once(heard, 'ready')
    child.start()
    await ready
    const said = once(heard, 'said')
    const status = once(heard, 'status')
    child.send({ type: 'say', text: 'hello' })
    assert.deepEqual((await said)[0], { type: 'said', text: 'hello' })
    const [report] = await status
    assert.deepEqual(report.status, { pid: child.pid })
    assert.ok(report.eventLoopLagMs >= 0)
  })

  it('is started again when it dies, with the exit status in the log', async () => {
    const ready = once(heard, 'ready')
    child.start()
    await ready
    const first = child.pid
    const death = once(heard, 'death')
    const again = once(heard, 'ready')
    child.send({ type: 'die' })
    await death
    await again
    assert.notEqual(child.pid, first)
    assert.equal(child.supervision.restarts, 1)
    assert.match(lines.join('\n'), /echo exited with status 3; starting it again in 0 ms/)
  })

  it('is ended and rebuilt when it sends what nobody knows', async () => {
    const ready = once(heard, 'ready')
    child.start()
    await ready
    const again = once(heard, 'ready')
    child.send({ type: 'babble' })
    await again
    assert.match(lines.join('\n'), /unknown message from echo: {"type":"nonsense"}/)
    assert.equal(child.supervision.restarts, 1)
  })

  it('leaves in good order and is not started again', async () => {
    const ready = once(heard, 'ready')
    child.start()
    await ready
    const said = once(heard, 'said')
    const stopped = once(heard, 'stopped')
    await child.stop()
    assert.deepEqual((await said)[0], { type: 'said', text: 'leaving' })
    await stopped
    assert.equal(child.pid, undefined)
    assert.equal(child.send({ type: 'say' }), false)
  })

  it('is ended when it stays silent for many of the parent’s ticks, and only then', async () => {
    const ready = once(heard, 'ready')
    child.start()
    await ready
    const frozen = child.pid
    assert.ok(frozen)
    process.kill(frozen, 'SIGSTOP')
    for (let tick = 0; tick < 15; tick++) child.tick()
    assert.equal(child.pid, frozen)
    const again = once(heard, 'ready')
    child.tick()
    await again
    assert.notEqual(child.pid, frozen)
    assert.match(lines.join('\n'), /silent for 15 s/)
  })
})
