import { deepEqual, equal, ok } from 'node:assert/strict'
import type { DirectorEvent } from '../../../src/base/events.js'
import { eventLine, readEventLines } from '../../../src/daemon/journal/event-lines.js'
import { sampleEvent } from './samples.js'

describe('daemon/journal/event-lines', () => {
  const three = [1, 2, 3].map((id) => sampleEvent(id))
  const text = three.map(eventLine).join('')

  it('reads what it wrote', () => {
    const before: DirectorEvent = { ...sampleEvent(4), before: 'backup', reason: 'a "b"\n\u2028' }
    deepEqual(readEventLines(text + eventLine(before)), {
      events: [...three, before],
      torn: false,
      foreign: 0,
    })
  })

  it('a writer that died at any byte costs the line that it wrote, and no other', () => {
    const whole = Buffer.byteLength(three.slice(0, 2).map(eventLine).join(''))
    const bytes = Buffer.from(text)
    for (let length = whole; length < bytes.length - 1; length++) {
      const { events, torn, foreign } = readEventLines(bytes.subarray(0, length).toString())
      deepEqual([events.map(({ id }) => id), torn, foreign], [[1, 2], length > whole, 0], `${length} bytes`)
    }
    // All but the line's end.
    deepEqual(readEventLines(text.slice(0, -1)), { events: three, torn: false, foreign: 0 })
  })

  const foreign: Readonly<Record<string, string>> = {
    'not JSON': 'nonsense',
    'zeros of a crash': '\0'.repeat(40),
    'another kind of JSON': '[1]',
    'an unknown type': eventLine(sampleEvent(9)).replace('router.role', 'router.colour').trimEnd(),
    'no generation': eventLine(sampleEvent(9)).replace('"id":9', '"id":"9"').trimEnd(),
    'no date': eventLine({ ...sampleEvent(9), at: 9e15 }).trimEnd(),
    'a generation that was': eventLine(sampleEvent(1)).trimEnd(),
  }
  for (const [name, line] of Object.entries(foreign))
    it(`drops ${name}, and says so`, () => {
      const [first = '', ...rest] = three.map(eventLine)
      const read = readEventLines(`${first}${line}\n${rest.join('')}`)
      deepEqual(read, { events: three, torn: false, foreign: 1 })
    })

  it('a long reason is cut', () => {
    const line = eventLine({ ...sampleEvent(1), reason: 'x'.repeat(100_000) })
    ok(line.length < 1_200)
    equal(readEventLines(line).events.length, 1)
  })
})
