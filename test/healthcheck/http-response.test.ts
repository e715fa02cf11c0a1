import assert from 'node:assert/strict'
import fc from 'fast-check'
import { HttpResponse } from '../../src/healthcheck/http-response.js'
import { answers } from './http-answers.js'

const limit = 16 * 1024

function read(pieces: readonly Uint8Array[]) {
  const response = new HttpResponse('GET', limit, true)
  for (const piece of pieces) response.feed(piece)
  const { status, fault, complete } = response
  return { status, fault, complete, body: fault ? '' : Buffer.concat(response.body).toString('latin1') }
}

describe('healthcheck/http-response', () => {
  it('reads the same however the answer is cut', () => {
    const cases = fc.record({
      bytes: fc.constantFrom(...answers.map(([, text]) => Buffer.from(text, 'latin1'))),
      cuts: fc.array(fc.nat(200), { maxLength: 30 }),
    })
    fc.assert(
      fc.property(cases, ({ bytes, cuts }) => {
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
        const pieces = at.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(at[i], end)))
        assert.deepEqual(read(pieces), read([bytes]))
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes any bytes, keeps no more than it is told to, and never throws', () => {
    const alphabet = fc.constantFrom(
      'HTTP/1.1 ',
      '200',
      ' ',
      '\r\n',
      '\n',
      ':',
      'Content-Length',
      'chunked',
      '5',
      'x',
      '\0',
    )
    const text = fc.array(alphabet, { maxLength: 60 }).map((words) => Buffer.from(words.join(''), 'latin1'))
    const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 500 }))
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 20 }), (pieces) => {
        const { status, complete } = read(pieces)
        if (complete) assert.notEqual(status, undefined)
      }),
      { numRuns: 2_000 },
    )
  })

  it('a line that never ends is refused at the limit', () => {
    const response = new HttpResponse('GET', limit, true)
    response.feed(Buffer.from('HTTP/1.1 200 OK\r\nX: '))
    let fed = 0
    for (; !response.fault; fed += 100) response.feed(Buffer.alloc(100, 'x'))
    assert.equal(response.fault, 'headersTooLong')
    assert.ok(fed <= limit + 100)
  })
})
