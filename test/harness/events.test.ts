import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { parseLabEvent } from '../../lab/events.js'
import { onLines } from '../../lab/lines.js'

describe('lab: lines and events', () => {
  it('tells events from what a program printed', () => {
    const event = { type: 'record', name: 'gap', value: '3 ms' }
    assert.deepEqual(parseLabEvent(JSON.stringify(event)), event)
    for (const line of ['', 'hello', '{"type":"rec', '{"other":1}'])
      assert.equal(parseLabEvent(line), undefined)
  })

  it('joins lines that arrive in pieces', async () => {
    const stream = new PassThrough()
    const lines: string[] = []
    onLines(stream, (line) => lines.push(line))
    for (const piece of ['one\ntw', 'o', '\n\nthree']) stream.write(piece)
    stream.end()
    await new Promise((resolve) => stream.once('end', resolve))
    assert.deepEqual(lines, ['one', 'two', ''])
  })
})
