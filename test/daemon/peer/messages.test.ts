/** What the parents say to each other, byte for byte. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodePeerMessage,
  encodeSummary,
  packHealth,
  packWords,
  type ServerView,
} from '../../../src/daemon/peer/messages.js'
import type { OperatorWord } from '../../../src/daemon/peer/operator-word.js'

const life = '0123456789abcdef'
const name = fc.stringMatching(/^[\w[][\w.:[\]-]{0,62}$/)
const line = fc.stringMatching(/^[ -~]{0,80}$/)
const plain = { noNullPrototype: true } as const
const revision = fc.nat(2 ** 40)

const view: fc.Arbitrary<ServerView> = fc.record(
  {
    service: fc.constantFrom('web', 'mail'),
    server: name,
    health: fc.constantFrom('unknown', 'healthy', 'unhealthy', 'gone'),
    reason: fc.constantFrom('', 'tcp connect: ECONNREFUSED (3 of 3 failed)', 'ü'.repeat(150)),
  },
  plain,
)

const word: fc.Arbitrary<OperatorWord> = fc
  .record(
    {
      service: name,
      server: name,
      action: fc.constantFrom('enable', 'drain', 'quiesce', 'disable', 'weight'),
      weight: fc.nat(65535),
      reason: fc.option(
        line.filter((text) => text !== ''),
        { nil: undefined },
      ),
      counter: fc.nat(2 ** 50),
      director: name,
    },
    plain,
  )
  .map((one) => (one.action === 'weight' ? one : { ...one, weight: undefined }))

const numbered = <T>(all: readonly T[], from: number) => all.map((one, i) => [one, from + 2 * i + 1] as const)

/** Takes messages until all entries are in one. */
function inMessages<T>(
  all: readonly T[],
  from: number,
  pack: (from: number, rest: readonly (readonly [T, number])[]) => { bytes: Uint8Array; count: number },
  read: (bytes: Uint8Array, from: number, to: number) => readonly T[],
): readonly T[] {
  let rest = numbered(all, from)
  let at = from
  const got: T[] = []
  while (rest.length > 0) {
    const { bytes, count } = pack(at, rest)
    assert.ok(bytes.length <= 1400, `${bytes.length} bytes`)
    assert.ok(count > 0)
    const [, to = at] = rest[count - 1] ?? []
    got.push(...read(bytes, at, to))
    at = to
    rest = rest.slice(count)
  }
  return got
}

describe('messages between the parents', () => {
  it('summaries come back as they were', () =>
    fc.assert(
      fc.property(revision, revision, fc.boolean(), (a, b, knows) => {
        const said = {
          life,
          configHash: 'fedcba9876543210',
          knownLife: knows ? '00000000000000ff' : undefined,
          words: { revision: a, has: b },
          health: { revision: b, has: a },
        }
        const heard = decodePeerMessage(encodeSummary(said))
        assert.deepEqual(heard, { ok: true, value: { kind: 'summary', ...said } })
      }),
    ))

  it('servers come back as they were, in as many messages as they need', () =>
    fc.assert(
      fc.property(fc.array(view, { maxLength: 200 }), revision, (all, from) => {
        const got = inMessages(
          all,
          from,
          (at, rest) => packHealth(life, at, rest),
          (bytes, at, to) => {
            const message = decodePeerMessage(bytes)
            assert.ok(message.ok && message.value.kind === 'health')
            assert.deepEqual([message.value.from, message.value.to, message.value.life], [at, to, life])
            return message.value.servers
          },
        )
        assert.deepEqual(got, all)
      }),
    ))

  it('words come back as they were, in as many messages as they need', () =>
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), revision, (all, from) => {
        const got = inMessages(
          all,
          from,
          (at, rest) => packWords(life, at, rest),
          (bytes, at, to) => {
            const message = decodePeerMessage(bytes)
            assert.ok(message.ok && message.value.kind === 'words')
            assert.deepEqual([message.value.from, message.value.to], [at, to])
            return message.value.words
          },
        )
        assert.deepEqual(got, all)
      }),
    ))

  it('take little where many servers are alike', () => {
    const all = Array.from({ length: 100 }, (_, i) => ({
      service: 'web',
      server: `10.0.${i}.21:80`,
      health: 'healthy' as const,
      reason: 'http GET /healthz: status 200 (2 of 2 passed)',
    }))
    const { bytes, count } = packHealth(life, 0, numbered(all, 0))
    assert.ok(count > 90, `${count} servers in one message`)
    assert.ok(bytes.length <= 1400)
  })

  it('a reason that is too long is cut, and made printable', () => {
    const odd = {
      service: 'web',
      server: 'rs1',
      health: 'unhealthy' as const,
      reason: `a\u0007${'ü'.repeat(900)}`,
    }
    const message = decodePeerMessage(packHealth(life, 0, [[odd, 1]]).bytes)
    assert.ok(message.ok && message.value.kind === 'health')
    const [{ reason = '' } = {}] = message.value.servers
    assert.match(reason, /^a\?ü{199}\?*$/)
  })

  it('whatever a file of words may hold, it fits', () => {
    const long = 'x'.repeat(5000)
    const odd: OperatorWord = {
      service: long,
      server: long,
      action: 'drain',
      weight: undefined,
      reason: 'ü'.repeat(5000),
      counter: 1,
      director: long,
    }
    const { bytes, count } = packWords(life, 0, [[odd, 1]])
    assert.ok(count === 1 && bytes.length <= 1400, `${bytes.length} bytes`)
    assert.ok(decodePeerMessage(bytes).ok)
    const view = { service: long, server: long, health: 'healthy' as const, reason: long }
    const packed = packHealth(life, 0, [[view, 1]])
    assert.ok(packed.count === 1 && packed.bytes.length <= 1400, `${packed.bytes.length} bytes`)
  })

  it('whatever arrives is a message or a reason', () => {
    const head = fc.tuple(fc.constantFrom(0x30, 0x31, 0x32, 0x33, 1), fc.constantFrom(1, 1, 1, 2))
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 120 }), ([kind, version], rest) => {
        const message = decodePeerMessage(Uint8Array.of(kind, version, ...rest))
        assert.equal(typeof message.ok, 'boolean')
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(
        fc.array(view, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.nat(255),
        (all, place, byte) => {
          const { bytes } = packHealth(life, 0, numbered(all, 0))
          bytes[place % bytes.length] = byte
          assert.equal(typeof decodePeerMessage(bytes).ok, 'boolean')
          assert.equal(typeof decodePeerMessage(bytes.subarray(0, place % bytes.length)).ok, 'boolean')
        },
      ),
    )
    assert.deepEqual(decodePeerMessage(new Uint8Array(0)), { ok: false, error: 'truncated' })
  })
})
