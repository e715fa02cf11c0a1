import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { fromHex } from '../../../src/base/bytes.js'
import { type Millis, millis } from '../../../src/base/units.js'
import {
  type AuditMessage,
  type AuditState,
  auditDeadline,
  auditTimes,
  type Coverage,
  coverageOf,
  startAudit,
  stepAudit,
} from '../../../src/sync/coverage/audit.js'
import { Mirror } from '../../../src/sync/coverage/mirror.js'
import { connectionKey } from '../../../src/sync/kernel-record.js'
import { decodeRelayMessage, encodeRelayMessage, type RelayMessage } from '../../../src/sync/relay-message.js'
import { SeededRandom } from '../../sim/random.js'
import { establishedNatRecord } from '../../vectors/kernel-sync.js'

/** Established, for 900 s. Client ports and addresses tell them apart. */
const session = (n: number): Uint8Array => {
  const bytes = fromHex(establishedNatRecord)
  assert.ok(bytes)
  bytes[10] = (n >> 8) & 0xff
  bytes[11] = n & 0xff
  bytes[25] = n >> 16
  return bytes
}

interface End {
  readonly mirror: Mirror
  state: AuditState
  repaired: number
}

/** Two directors and what lies between them. */
class Pair {
  now: Millis = millis(1_000)
  readonly one = this.end()
  readonly two = this.end()
  messages = 0
  longest = 0

  constructor(
    private readonly random: SeededRandom,
    private readonly loss = 0,
  ) {}

  private end(): End {
    return { mirror: new Mirror(100_000), state: startAudit(millis(1_000)), repaired: 0 }
  }

  run(span: number): this {
    const end = this.now + span
    for (;;) {
      const due = [this.one, this.two].sort((a, b) => auditDeadline(a.state) - auditDeadline(b.state))[0]
      if (!due || auditDeadline(due.state) > end) break
      this.now = millis(Math.max(this.now, auditDeadline(due.state)))
      this.feed(due, { type: 'tick' })
    }
    this.now = millis(end)
    return this
  }

  private feed(end: End, event: Parameters<typeof stepAudit>[2]): void {
    const [state, effects] = stepAudit(end.mirror, end.state, event, this.now, () =>
      this.random.integer(0, 2 ** 32 - 1),
    )
    end.state = state
    const other = end === this.one ? this.two : this.one
    for (const effect of effects) {
      if (effect.type === 'send') this.carry(other, effect.message)
      else {
        end.repaired += effect.records.length
        if (!this.random.chance(this.loss))
          for (const record of effect.records) other.mirror.note(record, this.now)
      }
    }
  }

  /** As bytes, and not always. */
  private carry(to: End, message: RelayMessage): void {
    this.messages++
    const bytes = encodeRelayMessage(message)
    this.longest = Math.max(this.longest, bytes.length)
    if (this.random.chance(this.loss)) return
    const decoded = decodeRelayMessage(bytes)
    assert.ok(decoded.ok)
    this.feed(to, { type: 'message', message: decoded.value as AuditMessage })
  }
}

const held = (pair: Pair): Coverage => coverageOf(pair.one.state)

describe('sync/coverage audit', () => {
  it('is not known before every bucket was asked about, then exact', () => {
    const pair = new Pair(new SeededRandom(1))
    for (let n = 0; n < 1_000; n++) {
      pair.one.mirror.note(session(n), pair.now)
      if (n % 10 !== 0) pair.two.mirror.note(session(n), pair.now)
    }
    pair.run(auditTimes.young + 400)
    assert.equal(held(pair).share, undefined)
    const before = pair.two.mirror.size
    assert.equal(before > 900 && before < 1_000, true, 'the first buckets are mended already')
    pair.run(3_000)
    assert.deepEqual([pair.two.mirror.size, pair.one.repaired], [1_000, 100])
    pair.run(3_000)
    assert.deepEqual(held(pair), { share: 1, sessions: 1_000, lacking: 0 })
    assert.equal(pair.one.state.lackingSince, undefined)
  })

  it('an empty table is covered; what the peer has beyond ours comes from it', () => {
    const pair = new Pair(new SeededRandom(2))
    for (let n = 0; n < 50; n++) pair.two.mirror.note(session(n), pair.now)
    pair.run(5_000)
    assert.deepEqual(held(pair), { share: 1, sessions: 50, lacking: 0 })
    assert.equal(pair.one.repaired, 0)
    assert.equal(pair.two.repaired, 50)
  })

  it('names the share that lacks while repairs do not arrive', () => {
    const pair = new Pair(new SeededRandom(3))
    for (let n = 0; n < 2_000; n++) pair.one.mirror.note(session(n), pair.now)
    // The peer's table is full.
    Object.defineProperty(pair.two.mirror, 'limit', { value: 500 })
    pair.run(10_000)
    assert.deepEqual(held(pair), { share: 0.25, sessions: 2_000, lacking: 1_500 })
    assert.ok(pair.one.state.lackingSince !== undefined)
  })

  it('does not count what may still be on its way', () => {
    const pair = new Pair(new SeededRandom(4))
    for (let n = 0; n < 300; n++) {
      pair.one.mirror.note(session(n), pair.now)
      pair.run(20)
      const late = n - 30
      if (late >= 0) pair.two.mirror.note(session(late), pair.now)
    }
    assert.equal(held(pair).lacking, 0)
    assert.equal(pair.one.repaired, 0)
  })

  it('forgets sessions when they end by themselves', () => {
    const pair = new Pair(new SeededRandom(5))
    pair.one.mirror.note(session(1), pair.now)
    assert.equal(pair.one.mirror.size, 1)
    pair.now = millis(pair.now + 900_001)
    pair.run(3_000)
    assert.equal(pair.one.mirror.size, 0)
    assert.equal(pair.two.mirror.size, 0)
  })

  it('asks about a large bucket in parts, in messages that fit, and mends all of it', function () {
    this.timeout(30_000)
    const pair = new Pair(new SeededRandom(6))
    for (let n = 0; n < 90_000; n++) pair.one.mirror.note(session(n), pair.now)
    pair.run(10_000)
    assert.ok(pair.longest <= 1_300, `${pair.longest} bytes`)
    const { share = 0 } = held(pair)
    assert.ok(share > 0.9, `${share}`)
    pair.run(20_000)
    assert.deepEqual(held(pair), { share: 1, sessions: 90_000, lacking: 0 })
  })

  it('whatever is lost on the way, both hold everything in the end', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(fc.nat(), fc.nat(400), fc.nat(400), fc.integer({ min: 0, max: 25 }), (seed, a, b, loss) => {
        const pair = new Pair(new SeededRandom(seed), loss / 100)
        for (let n = 0; n < a; n++) pair.one.mirror.note(session(n), pair.now)
        for (let n = 0; n < b; n++) pair.two.mirror.note(session(n + 200), pair.now)
        pair.run(400_000)
        const union = new Set([...Array(a).keys(), ...Array.from({ length: b }, (_, n) => n + 200)]).size
        assert.deepEqual([pair.one.mirror.size, pair.two.mirror.size], [union, union])
      }),
      { numRuns: 30 },
    )
  })

  it('answers that nobody asked for change nothing', () => {
    const mirror = new Mirror(10)
    mirror.note(session(1), millis(0))
    const state = startAudit(millis(0))
    for (const message of [
      { kind: 'differs', round: 0, buckets: [1, 2, 70_000] },
      { kind: 'lacks', round: 0, bucket: 65_535, hashes: [1] },
    ] as const)
      assert.deepEqual(
        stepAudit(mirror, state, { type: 'message', message }, millis(5), () => 1),
        [state, []],
      )
    const question: AuditMessage = { kind: 'hashes', round: 9, seed: 3, bucket: 65_535, hashes: [7] }
    const [, effects] = stepAudit(mirror, state, { type: 'message', message: question }, millis(5), () => 1)
    assert.deepEqual(effects, [
      { type: 'send', message: { kind: 'lacks', round: 9, bucket: 65_535, hashes: [7] } },
    ])
  })
})

describe('sync/coverage mirror', () => {
  it('keeps no more than its limit, and counts what it refuses', () => {
    const mirror = new Mirror(2)
    assert.deepEqual(
      [1, 2, 3, 1].map((n) => mirror.note(session(n), millis(0))),
      [true, true, false, true],
    )
    assert.deepEqual([mirror.size, mirror.refused], [2, 1])
    mirror.forget(connectionKey(session(1)))
    assert.equal(mirror.note(session(3), millis(0)), true)
  })

  it('spreads sessions evenly, so that no client chooses its bucket', () => {
    const mirror = new Mirror(100_000)
    for (let n = 0; n < 25_600; n++) mirror.note(session(n), millis(0))
    for (let bucket = 0; bucket < 256; bucket++) {
      const { length } = mirror.bucket(bucket, millis(1))
      assert.ok(length > 50 && length < 170, `${bucket}: ${length}`)
    }
  })
})
