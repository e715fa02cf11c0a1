import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/base/bytes.js'
import type { DnsRecord } from '../../src/config/tables/checks/dns.js'
import { decodeAnswer, encodeQuestion } from '../../src/healthcheck/dns-message.js'
import { pointer, questionName, response } from './dns-answers.js'

const question = { id: 0x1234, name: 'www.example.org', record: 'A' } as const
const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text.replaceAll(' ', ''))
  assert.ok(bytes)
  return bytes
}

describe('healthcheck: DNS messages', () => {
  it('a question is as RFC 1035 section 4.1 has it', () => {
    assert.equal(
      toHex(encodeQuestion(question)),
      '123401000001000000000000' + '03777777076578616d706c65036f726700' + '00010001',
    )
    assert.equal(
      toHex(encodeQuestion({ id: 1, name: '.', record: 'NS' })),
      '000101000001000000000000' + '00' + '00020001',
    )
  })

  const types: readonly (readonly [record: DnsRecord, type: number, data: string, text: string])[] = [
    ['A', 1, '0a000050', '10.0.0.80'],
    ['AAAA', 28, '20010db8 00000000 00000000 00000001', '2001:db8::1'],
    ['CNAME', 5, 'c00c', 'www.example.org.'],
    ['NS', 2, '026e73 c010', 'ns.example.org.'],
    ['PTR', 12, '00', '.'],
    ['MX', 15, '000a 026d78 c010', '10 mx.example.org.'],
    ['SRV', 33, '0001 0002 13c4 03736970 c010', '1 2 5060 sip.example.org.'],
    ['TXT', 16, '0568656c6c6f 03225c07', '"hello" "\\"\\\\\\007"'],
    [
      'SOA',
      6,
      'c00c 0161 c010 00000001 00000002 00000003 00000004 00000005',
      'www.example.org. a.example.org. 1 2 3 4 5',
    ],
  ]
  for (const [record, type, data, text] of types) {
    it(`${record}: ${text}`, () => {
      const asked = { ...question, record }
      // One of another type before it: a CNAME on the way, or a signature.
      const message = response(asked, [
        { type: 99, data: hex('00') },
        { type, data: hex(data) },
      ])
      assert.deepEqual(decodeAnswer(message, asked), {
        ok: true,
        value: { rcode: 0, truncated: false, records: [text] },
      })
      for (const wrong of [hex(data).subarray(0, -1), Uint8Array.from([...hex(data), 0])]) {
        if (record === 'TXT' && wrong.length > hex(data).length) continue
        assert.deepEqual(decodeAnswer(response(asked, [{ type, data: wrong }]), asked), {
          ok: false,
          error: 'malformed',
        })
      }
    })
  }

  const address = { type: 1, data: Uint8Array.of(10, 0, 0, 80) }
  const others: readonly (readonly [what: string, message: Uint8Array, outcome: unknown])[] = [
    ['another id', response({ ...question, id: 1 }, [address]), 'foreign'],
    ['another name', response({ ...question, name: 'ftp.example.org' }, [address]), 'foreign'],
    ['another type', response({ ...question, record: 'AAAA' }, [address]), 'foreign'],
    ['the question itself', encodeQuestion(question), 'foreign'],
    ['another operation', response(question, [address], { flags: 0xa180 }), 'foreign'],
    [
      'the name in other letters',
      response({ ...question, name: 'WWW.Example.ORG.' }, [address]),
      ['10.0.0.80'],
    ],
    ['an error without the question', hex('1234 8001 0000 0000 0000 0000'), []],
    ['no question, and no error', hex('1234 8000 0000 0000 0000 0000'), 'malformed'],
    ['cut short', response(question, [], { flags: 0x8380, count: 5 }), []],
    ['fewer records than it says', response(question, [address], { count: 2 }), 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
    ['half a header', hex('1234 8180 0001'), 'malformed'],
    ['a name that points at itself', response(question, [{ ...address, owner: pointer(33) }]), 'malformed'],
    ['a name that points ahead', response(question, [{ ...address, owner: pointer(60) }]), 'malformed'],
    [
      'a label of a kind that nobody knows',
      response(question, [{ ...address, owner: hex('4100') }]),
      'malformed',
    ],
    [
      'a name that is too long',
      response(question, [
        { ...address, owner: Uint8Array.from([...hex(`3f${'61'.repeat(63)}`.repeat(4)), 0]) },
      ]),
      'malformed',
    ],
  ]
  for (const [what, message, outcome] of others) {
    it(what, () => {
      const answer = decodeAnswer(message, question)
      assert.deepEqual(answer.ok ? answer.value.records : answer.error, outcome)
    })
  }

  it('a chain of pointers ends before it costs anything', () => {
    // Each points at the one before: as many hops as a message has room for, and as many names that take them.
    const start = response(question, []).length + 12
    const chain = new Uint8Array(10_000)
    for (let at = 0; at < chain.length; at += 2) chain.set(pointer(at === 0 ? 12 : start + at - 2), at)
    const last = pointer(start + chain.length - 2)
    const message = response(question, [
      { type: 99, data: chain },
      ...Array.from({ length: 3_000 }, () => ({ ...address, owner: last })),
    ])
    assert.deepEqual(decodeAnswer(message, question), { ok: false, error: 'malformed' })
    const near = response(question, [
      { type: 99, data: chain },
      { ...address, owner: pointer(start + 2 * 100) },
    ])
    assert.ok(decodeAnswer(near, question).ok)
  })

  it('whatever arrives is answered, and what is cut off or changed never reads too far', () => {
    const good = response(question, [address, { type: 5, data: questionName }, address])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        decodeAnswer(bytes, question)
        decodeAnswer(Uint8Array.from([...good.subarray(0, 33), ...bytes]), question)
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(
        fc.nat({ max: good.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: good.length }),
        (at, byte, length) => {
          const changed = Uint8Array.from(good)
          changed[at] = byte
          decodeAnswer(changed.subarray(0, length), question)
        },
      ),
      { numRuns: 2_000 },
    )
    for (let length = 0; length < good.length; length++) {
      assert.equal(decodeAnswer(good.subarray(0, length), question).ok, false, `${length}`)
    }
  })
})
