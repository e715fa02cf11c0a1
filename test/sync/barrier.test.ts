import { strict as assert } from 'node:assert'
import type { Millis } from '../../src/base/units.js'
import { Barriers } from '../../src/sync/barrier.js'
import { Markers } from '../../src/sync/markers.js'
import type { Flush, Flushed } from '../../src/sync/relay-message.js'
import { VirtualClock } from '../sim/virtual-clock.js'

/** A kernel that tells of connections when it is asked to. */
class Kernel {
  opened = 0
  private readonly waiting: number[] = []

  readonly port = {
    open: (then: (clientPort: number) => void) => {
      const port = 40_000 + this.opened++
      this.waiting.push(port)
      then(port)
    },
    close: () => {},
  }

  tellAll(markers: Markers): void {
    for (const port of this.waiting.splice(0)) markers.returned(port)
  }
}

function markersOf(wanted = true) {
  const clock = new VirtualClock()
  const kernel = new Kernel()
  const markers = new Markers({ clock, port: kernel.port, wanted: () => wanted })
  return { clock, kernel, markers }
}

describe('sync/markers', () => {
  it('come each 100 ms while there is somebody to tell', () => {
    for (const [wanted, count] of [
      [true, 11],
      [false, 0],
    ] as const) {
      const { clock, kernel, markers } = markersOf(wanted)
      markers.start()
      clock.runFor(1_000)
      assert.equal(kernel.opened, count)
      markers.stop()
      clock.runFor(1_000)
      assert.equal(kernel.opened, count)
    }
  })

  it('the lag is that of the latest one that came back', () => {
    const { clock, kernel, markers } = markersOf()
    markers.start()
    assert.equal(markers.lag, undefined)
    clock.runFor(50)
    kernel.tellAll(markers)
    assert.equal(markers.lag, 50)
    clock.runFor(450)
    assert.equal(markers.lag, 500)
    kernel.tellAll(markers)
    assert.equal(markers.lag, 0)
    markers.returned(1)
    assert.equal(markers.lag, 0)
  })

  it('a barrier waits for one that was begun after it', () => {
    const { clock, kernel, markers } = markersOf()
    markers.start()
    clock.runFor(10)
    const passed: string[] = []
    markers.barrier(() => passed.push('first'))
    markers.returned(40_000)
    assert.deepEqual(passed, [])
    kernel.tellAll(markers)
    assert.deepEqual(passed, ['first'])
  })
})

/** Two directors' barriers; what one sends the other gets, unless it is lost. */
function ends(told: (then: () => void) => void = (then) => then()) {
  const clock = new VirtualClock()
  const there = { messages: 0, waiting: 0 }
  const sent: (Flush | Flushed)[] = []
  let lost = 0
  const lose = (count: number) => {
    lost = count
  }
  const carry = (to: () => Barriers) => (message: Flush | Flushed) => {
    sent.push(message)
    if (lost > 0) lost--
    else to().receive(message)
  }
  const one: Barriers = new Barriers({
    clock,
    send: carry(() => two),
    told,
    flush: () => 5,
    heard: () => ({ messages: 0, waiting: 0 }),
  })
  const two: Barriers = new Barriers({
    clock,
    send: carry(() => one),
    told,
    flush: () => 0,
    heard: () => there,
  })
  return { clock, one, two, there, sent, lose }
}

describe('sync/barrier', () => {
  it('passes when the peer has heard everything and its kernel has it', () => {
    const { clock, one, there } = ends()
    let missing: number | undefined
    one.ask((count) => {
      missing = count
    })
    clock.runFor(20)
    there.messages = 5
    there.waiting = 2
    clock.runFor(20)
    assert.equal(missing, undefined)
    there.waiting = 0
    clock.runFor(8)
    assert.equal(missing, 0)
  })

  it('what never came is counted after a while', () => {
    const { clock, one, there } = ends()
    const answers: [missing: number, at: Millis][] = []
    there.messages = 3
    one.ask((missing) => answers.push([missing, clock.now()]))
    clock.runFor(2_000)
    assert.deepEqual(
      answers.map(([missing]) => missing),
      [2],
    )
    assert.ok((answers[0]?.[1] ?? 0) >= 250)
  })

  it('a lost question and a lost answer are asked for again, and nobody is told twice', () => {
    const { clock, one, there, lose, sent } = ends()
    there.messages = 5
    let passed = 0
    lose(3)
    one.ask(() => passed++)
    clock.runFor(1_000)
    assert.equal(passed, 1)
    assert.ok(sent.length >= 4)
    const { length } = sent
    clock.runFor(10_000)
    assert.equal(sent.length, length)
  })

  it('is given up when nobody answers', () => {
    const { clock, one, lose, sent } = ends()
    lose(1_000)
    let passed = 0
    one.ask(() => passed++)
    clock.runFor(60_000)
    assert.equal(passed, 0)
    assert.ok(sent.length < 30)
  })

  it('begins when the kernel has told, and does nothing once stopped', () => {
    const waiting: (() => void)[] = []
    const { clock, one, sent } = ends((then) => waiting.push(then))
    one.ask(() => assert.fail('passed'))
    clock.runFor(1_000)
    assert.deepEqual(sent, [])
    one.stop()
    for (const then of waiting) then()
    clock.runFor(1_000)
    assert.deepEqual(sent, [])
  })
})
