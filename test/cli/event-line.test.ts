import { equal, ok } from 'node:assert/strict'
import { type DirectorEvent, toldEvent } from '../../src/base/events.js'
import { eventLine } from '../../src/cli/event-line.js'
import { paletteOf, wantsColor } from '../../src/cli/palette.js'

describe('a line of vipair events', () => {
  const event = {
    id: 1,
    at: Date.UTC(2026, 10, 23, 5, 17, 21, 123),
    type: 'router.role',
    subject: 'front',
    state: 'active',
    before: 'backup',
    reason: 'active-down timer',
  } as const
  const line = (changes: Partial<Pick<DirectorEvent, 'reason' | 'before'>>, color = false) =>
    eventLine(toldEvent('lb1', { ...event, ...changes }), paletteOf(color))

  it('has its time, type, subject, change and reason', () => {
    equal(line({}), '2026-11-23 05:17:21.123  router.role      front: backup -> active, active-down timer')
    equal(line({ before: undefined, reason: '' }), '2026-11-23 05:17:21.123  router.role      front: active')
  })

  it('is one line that drives no terminal, whatever a server or a script said', () => {
    equal(
      line({ reason: 'said "\u001b[2J\r\n\u009b"' }).split(', ')[1],
      'said "\\u{1b}[2J\\u{d}\\u{a}\\u{9b}"',
    )
  })

  it('has colours only on a terminal that knows them, for somebody who wants them', () => {
    ok(line({}, true).includes('\u001b[32mactive\u001b[0m'))
    const terminal = { isTTY: true }
    const cases = [
      [terminal, {}, true],
      [terminal, { TERM: 'xterm' }, true],
      [terminal, { TERM: 'dumb' }, false],
      [terminal, { NO_COLOR: '1' }, false],
      [terminal, { NO_COLOR: '' }, true],
      [{}, {}, false],
    ] as const
    for (const [stream, environment, expected] of cases)
      equal(wantsColor(stream, environment), expected, JSON.stringify(environment))
  })
})
