import { strict as assert } from 'node:assert'
import { createSecretKey } from 'node:crypto'
import { type Millis, millis } from '../../src/base/units.js'
import { deriveStaticKeys, type PairIdentity } from '../../src/pair/derive.js'
import { noConfigHash } from '../../src/pair/hello.js'
import {
  isReachable,
  type PairDiscard,
  type PairEvent,
  type PairParams,
  type PairState,
  pairTimes,
  startPair,
  step,
} from '../../src/pair/session.js'

const message = Buffer.from('advertisement')

/** One side, stepped by hand; what it transmits stays in `sent` until somebody carries it over. */
class Side {
  readonly params: PairParams
  state: PairState
  sent: Uint8Array[] = []
  readonly delivered: string[] = []
  readonly discarded: PairDiscard[] = []
  sessions = 0

  constructor(
    private readonly clock: { now: Millis },
    identity: Partial<PairIdentity> & Pick<PairIdentity, 'localName' | 'peerName'>,
    life = 1,
  ) {
    const key = createSecretKey(Buffer.alloc(32, 1))
    const whole: PairIdentity = { key, pairName: 'p', channel: 'vrrp', ...identity }
    this.params = { identity: whole, keys: deriveStaticKeys(whole), configHash: noConfigHash }
    const secret = new Uint8Array(32).fill(life)
    secret[0] = whole.localName.charCodeAt(2)
    this.state = startPair(secret, clock.now)
  }

  feed(event: PairEvent): this {
    const [state, effects] = step(this.params, this.state, event, this.clock.now)
    this.state = state
    for (const effect of effects) {
      if (effect.type === 'transmit') this.sent.push(effect.datagram)
      if (effect.type === 'deliver') this.delivered.push(Buffer.from(effect.message).toString())
      if (effect.type === 'discard') this.discarded.push(effect.reason)
      if (effect.type === 'established') this.sessions++
    }
    return this
  }

  tick = (): this => this.feed({ type: 'tick' })
  say = (): this => this.feed({ type: 'send', message })
  get = (bytes: Uint8Array, fromPeer = true): this => this.feed({ type: 'datagram', bytes, fromPeer })
  take = (): Uint8Array[] => this.sent.splice(0)
}

/** Carries everything both ways until nobody has anything left to say. */
function settle(a: Side, b: Side): void {
  while (a.sent.length + b.sent.length > 0) {
    for (const bytes of a.take()) b.get(bytes)
    for (const bytes of b.take()) a.get(bytes)
  }
}

function pair() {
  const clock = { now: millis(1000) }
  const wait = (span: number) => {
    clock.now = millis(clock.now + span)
  }
  const lb1 = new Side(clock, { localName: 'lb1', peerName: 'lb2' })
  const lb2 = new Side(clock, { localName: 'lb2', peerName: 'lb1' })
  return { clock, wait, lb1, lb2 }
}

function establishedPair() {
  const made = pair()
  settle(made.lb1.tick(), made.lb2)
  assert.ok(made.lb1.state.current && made.lb2.state.current)
  return made
}

describe('pair session', () => {
  it('is established by three hellos and one empty data frame', () => {
    const { lb1, lb2 } = pair()
    const [offer, ...none] = lb1.tick().take()
    assert.ok(offer && none.length === 0)
    const [answer] = lb2.get(offer).take()
    assert.ok(answer && !lb2.state.current)
    const [confirm] = lb1.get(answer).take()
    assert.ok(confirm && !lb1.state.current)
    const [data] = lb2.get(confirm).take()
    assert.ok(data && lb2.sessions === 1)
    lb1.get(data)
    assert.equal(lb1.sessions, 1)
    assert.deepEqual([...lb1.delivered, ...lb2.delivered], [])
  })

  it('delivers a message once, and counts its repetition', () => {
    const { lb1, lb2 } = establishedPair()
    const [frame] = lb1.say().take()
    assert.ok(frame)
    lb2.get(frame).get(frame)
    assert.deepEqual(lb2.delivered, ['advertisement'])
    assert.deepEqual(lb2.discarded, ['replay'])
  })

  it('says nothing without a session', () => {
    const { lb1 } = pair()
    assert.deepEqual(lb1.say().take(), [])
  })

  it('refuses its own datagrams, reflected', () => {
    const { lb1, lb2 } = establishedPair()
    for (const bytes of lb1.say().take()) lb1.get(bytes)
    assert.deepEqual(lb1.discarded, ['stale_session'])
    const { lb1: fresh } = pair()
    for (const bytes of fresh.tick().take()) fresh.get(bytes)
    assert.deepEqual(fresh.discarded, ['authentication'])
    assert.deepEqual(lb2.delivered, [])
  })

  it('refuses what does not come from the peer before it looks at the key', () => {
    const { lb1, lb2 } = pair()
    for (const bytes of lb1.tick().take()) lb2.get(bytes, false)
    assert.deepEqual(lb2.discarded, ['source'])
    assert.deepEqual(lb2.take(), [])
  })

  const strangers = [
    ['another key', { key: createSecretKey(Buffer.alloc(32, 2)) }, 'key'],
    ['another pair name', { pairName: 'q' }, 'key'],
    ['another channel', { channel: 'sync' }, 'channel'],
    ['another name for itself', { localName: 'lb3' }, 'authentication'],
    ['another name for us', { peerName: 'lb3' }, 'authentication'],
  ] as const
  for (const [name, difference, reason] of strangers) {
    it(`exchanges nothing with ${name}: ${reason}`, () => {
      const { clock, lb2 } = pair()
      const stranger = new Side(clock, { localName: 'lb1', peerName: 'lb2', ...difference })
      for (const bytes of stranger.tick().take()) lb2.get(bytes)
      assert.deepEqual([lb2.discarded, lb2.take()], [[reason], []])
    })
  }

  it('refuses every datagram with one bit changed', () => {
    const { lb1, lb2 } = establishedPair()
    const [frame] = lb1.say().take()
    assert.ok(frame)
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = Uint8Array.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      lb2.get(changed)
    }
    assert.deepEqual(lb2.delivered, [])
    assert.equal(lb2.discarded.length, frame.length * 8)
    lb2.get(frame)
    assert.deepEqual(lb2.delivered, ['advertisement'])
  })

  it('asks again after 200, 400, 800 ms and then each second', () => {
    const { clock, wait, lb1 } = pair()
    const moments: number[] = []
    for (let i = 0; i < 5000; i++) {
      if (lb1.tick().take().length > 0) moments.push(clock.now - 1000)
      wait(1)
    }
    assert.deepEqual(moments, [0, 200, 600, 1400, 2400, 3400, 4400])
  })

  it('asks at once, but not more often than that, when data of a session before its life comes', () => {
    const { clock, wait, lb1, lb2 } = establishedPair()
    const restarted = new Side(clock, { localName: 'lb2', peerName: 'lb1' }, 2)
    restarted.tick()
    wait(5000)
    restarted.tick().take()
    wait(pairTimes.firstHello)
    for (const bytes of [...lb1.say().take(), ...lb1.say().take(), ...lb1.say().take()]) restarted.get(bytes)
    assert.equal(restarted.sent.length, 1)
    assert.deepEqual(restarted.discarded, ['stale_session', 'stale_session', 'stale_session'])
    settle(restarted, lb1)
    assert.equal(lb1.sessions, 2)
    assert.deepEqual(lb2.delivered, [])
  })

  it('keeps the session while old hellos and old data are played to it', () => {
    const { clock, lb1, lb2 } = pair()
    const recorded: Uint8Array[] = []
    for (let life = 1; life <= 6; life++) {
      const old = new Side(clock, { localName: 'lb1', peerName: 'lb2' }, life)
      old.tick()
      while (old.sent.length + lb2.sent.length > 0) {
        for (const bytes of old.take()) {
          recorded.push(bytes)
          lb2.get(bytes)
        }
        for (const bytes of lb2.take()) old.get(bytes)
      }
      old.say()
      for (const bytes of old.take()) {
        recorded.push(bytes)
        lb2.get(bytes)
      }
    }
    settle(lb1.tick(), lb2)
    const delivered = lb2.delivered.length
    const before = lb2.state.current
    for (const bytes of recorded) lb2.get(bytes)
    lb2.take()
    assert.equal(lb2.state.current, before)
    assert.equal(lb2.delivered.length, delivered)
    for (const bytes of lb1.say().take()) lb2.get(bytes)
    assert.equal(lb2.delivered.length, delivered + 1)
  })

  it('is not made to look alive by a confirm that is played again', () => {
    const { wait, lb1, lb2, clock } = pair()
    const [offer] = lb1.tick().take()
    assert.ok(offer)
    const [answer] = lb2.get(offer).take()
    assert.ok(answer)
    const [confirm] = lb1.get(answer).take()
    assert.ok(confirm)
    lb2.get(confirm).take()
    wait(pairTimes.silence)
    lb2.get(confirm)
    assert.equal(lb2.take().length, 1)
    assert.ok(!isReachable(lb2.state, clock.now))
    lb2.get(confirm)
    assert.equal(lb2.take().length, 0)
  })

  it('finishes a handshake although the old session speaks up in the middle of it', () => {
    const { wait, lb1, lb2 } = establishedPair()
    wait(pairTimes.silence)
    const offer = lb1.tick().take()[0]
    assert.ok(offer)
    const answer = lb2.get(offer).take()[0]
    const late = lb2.say().take()[0]
    assert.ok(answer && late)
    const confirm = lb1.get(answer).take()[0]
    assert.ok(confirm)
    lb1.get(late)
    settle(lb2.get(confirm), lb1)
    lb2.say()
    settle(lb1, lb2)
    assert.deepEqual(lb1.delivered, ['advertisement', 'advertisement'])
    assert.equal(lb1.sessions, 2)
  })

  it('asks anew when two lives of the peer answer one offer', () => {
    const { clock, lb1, lb2 } = pair()
    const offer = lb1.tick().take()[0]
    assert.ok(offer)
    const answer = lb2.get(offer).take()[0]
    const restarted = new Side(clock, { localName: 'lb2', peerName: 'lb1' }, 2)
    const second = restarted.get(offer).take()[0]
    assert.ok(answer && second)
    lb1.get(answer).take()
    settle(lb1.get(second), restarted)
    assert.deepEqual([lb1.sessions, restarted.sessions], [1, 1])
    lb1.say()
    settle(lb1, restarted)
    assert.deepEqual(restarted.delivered, ['advertisement'])
  })

  it('answers no more offers than its budget allows, and a flood crowds nobody out', () => {
    const { clock, lb1, lb2 } = pair()
    const old = Array.from(
      { length: 200 },
      (_, i) => new Side(clock, { localName: 'lb1', peerName: 'lb2' }, i + 2),
    )
    for (const side of old) for (const bytes of side.tick().take()) lb2.get(bytes)
    assert.equal(lb2.take().length, 100)
    assert.equal(lb2.discarded.filter((reason) => reason === 'rate').length, 100)
    lb1.tick().take()
    settle(lb2.tick(), lb1)
    assert.deepEqual([lb1.sessions, lb2.sessions], [1, 1])
  })

  it('says something each second, so that both know of each other', () => {
    const { wait, clock, lb1, lb2 } = establishedPair()
    for (let i = 0; i < 100; i++) {
      wait(100)
      settle(lb1.tick(), lb2.tick())
      assert.ok(isReachable(lb1.state, clock.now) && isReachable(lb2.state, clock.now))
    }
    assert.deepEqual([lb1.delivered, lb1.sessions], [[], 1])
    wait(pairTimes.silence)
    assert.ok(!isReachable(lb1.state, clock.now))
  })
})
