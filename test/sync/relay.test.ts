import { strict as assert } from 'node:assert'
import { fromHex, toHex } from '../../src/base/bytes.js'
import { type Millis, millis } from '../../src/base/units.js'
import { decodeKernelMessage, encodeKernelMessage } from '../../src/sync/kernel-message.js'
import {
  lostMessages,
  type RelayDiscard,
  type RelayEvent,
  type RelayState,
  relayDeadline,
  relayLimits,
  startRelay,
  step,
} from '../../src/sync/relay.js'
import { decodeRelayMessage, type LiveRecords } from '../../src/sync/relay-message.js'
import { establishedNatRecord, kernelMessages } from '../vectors/kernel-sync.js'

const bytesOf = (hex: string): Uint8Array => {
  const bytes = fromHex(hex)
  assert.ok(bytes)
  return bytes
}

const record = bytesOf(establishedNatRecord)
/** `count` different connections, told by the client's port. */
const recordsOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const copy = Uint8Array.from(record)
    copy[10] = i >> 8
    copy[11] = i & 0xff
    return copy
  })

const liveOf = (bytes: Uint8Array): LiveRecords => {
  const message = decodeRelayMessage(bytes)
  assert.ok(message.ok && message.value.kind === 'live')
  return message.value
}

class Relay {
  state: RelayState
  now: Millis = millis(1000)
  readonly sent: Uint8Array[] = []
  readonly injected: Uint8Array[] = []
  readonly discarded: RelayDiscard[] = []

  constructor(
    readonly syncId: number,
    readonly peerSyncId: number,
  ) {
    this.state = startRelay(this.now)
  }

  feed(event: RelayEvent): this {
    const params = { syncId: this.syncId, peerSyncId: this.peerSyncId }
    const [state, effects] = step(params, this.state, event, this.now)
    this.state = state
    for (const effect of effects) {
      if (effect.type === 'send') this.sent.push(effect.message)
      if (effect.type === 'inject') this.injected.push(effect.datagram)
      if (effect.type === 'discard') this.discarded.push(effect.reason)
    }
    return this
  }

  kernelSays = (syncId: number, records: readonly Uint8Array[]): this =>
    this.feed({ type: 'kernelDatagram', bytes: encodeKernelMessage({ syncId, records }) })
  peerSays = (sequence: number, records: readonly Uint8Array[]): this =>
    this.feed({ type: 'live', message: { kind: 'live', syncId: this.peerSyncId, sequence, records } })

  /** Ticks as the runtime would, until nothing waits or `span` has passed. */
  wait(span: number): this {
    const end = this.now + span
    for (;;) {
      const deadline = relayDeadline(this.state, this.now)
      if (deadline === undefined || deadline > end) break
      this.now = deadline
      this.feed({ type: 'tick' })
    }
    this.now = millis(end)
    return this
  }
}

describe('relay', () => {
  it('brings what one kernel says to the other one, record for record', () => {
    const [one, two] = [new Relay(1, 2), new Relay(2, 1)]
    two.feed({ type: 'kernelReady' })
    for (const hex of kernelMessages) one.feed({ type: 'kernelDatagram', bytes: bytesOf(hex) })
    one.wait(relayLimits.batchDelay)
    for (const bytes of one.sent) two.feed({ type: 'live', message: liveOf(bytes) })
    const texts = (datagrams: readonly Uint8Array[]) =>
      datagrams.flatMap((datagram) => {
        const message = decodeKernelMessage(datagram)
        assert.ok(message.ok && message.value.syncId === 1)
        return message.value.records.map(toHex)
      })
    assert.deepEqual(texts(two.injected), texts(kernelMessages.map(bytesOf)))
    assert.equal(one.sent.length, 1)
    assert.deepEqual([...one.discarded, ...two.discarded], [])
  })

  it('sends after 20 ms, or as soon as a message is full, and never more than 1,300 bytes', () => {
    const relay = new Relay(1, 2)
    relay.kernelSays(1, recordsOf(2)).wait(19)
    assert.equal(relay.sent.length, 0)
    relay.wait(1)
    assert.equal(relay.sent.length, 1)
    relay.kernelSays(1, recordsOf(255))
    assert.equal(relay.sent.length, 8)
    relay.wait(20)
    const messages = relay.sent.map((bytes) => {
      assert.ok(bytes.length <= relayLimits.messageLength)
      return liveOf(bytes)
    })
    assert.deepEqual(
      messages.map((message) => message.sequence),
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    )
    assert.equal(messages.flatMap((message) => message.records).length, 257)
    assert.equal(relayDeadline(relay.state, relay.now), undefined)
  })

  it('does not carry back what it injected, nor what is neither director’s', () => {
    const relay = new Relay(1, 2).kernelSays(2, [record]).kernelSays(3, [record]).wait(100)
    assert.deepEqual([relay.sent, relay.discarded], [[], ['kernel_sync_id']])
  })

  it('injects nothing before the kernel’s daemons run, and then everything', () => {
    const relay = new Relay(1, 2).peerSays(0, [record])
    assert.equal(relay.injected.length, 0)
    assert.equal(relayDeadline(relay.state, relay.now), undefined)
    relay.feed({ type: 'kernelReady' })
    assert.equal(relay.injected.length, 1)
  })

  it('injects no faster than the kernel can take, in order, and loses nothing by that', () => {
    const relay = new Relay(1, 2).feed({ type: 'kernelReady' })
    const list = recordsOf(1000)
    for (const [i, one] of list.entries()) relay.peerSays(i, [one])
    assert.equal(relay.injected.length, 32)
    relay.wait(50)
    assert.ok(relay.injected.length > 150 && relay.injected.length < 300)
    relay.wait(1000)
    assert.deepEqual(
      relay.injected.map((bytes) => toHex(bytes.subarray(8))),
      list.map(toHex),
    )
    assert.equal(relayDeadline(relay.state, relay.now), undefined)
  })

  it('bounds what waits, and counts what it drops', () => {
    const relay = new Relay(1, 2)
    for (let i = 0; i < relayLimits.queueLength + 5; i++) relay.peerSays(i, [record])
    assert.equal(relay.state.queue.length, relayLimits.queueLength)
    assert.deepEqual(relay.discarded, new Array(5).fill('overflow'))
  })

  it('counts what never came, through reordering and new sessions', () => {
    const relay = new Relay(1, 2)
    for (const sequence of [0, 3, 1]) relay.peerSays(sequence, [record])
    assert.equal(lostMessages(relay.state), 1)
    relay.peerSays(2, [record])
    assert.equal(lostMessages(relay.state), 0)
    relay.peerSays(9, [record])
    assert.equal(lostMessages(relay.state), 5)
    relay.feed({ type: 'sessionBegan' })
    assert.equal(lostMessages(relay.state), 5)
    relay.peerSays(1, [record])
    assert.equal(lostMessages(relay.state), 6)
  })

  it('starts its own sequence again with a session', () => {
    const relay = new Relay(1, 2).kernelSays(1, [record]).wait(20)
    relay.feed({ type: 'sessionBegan' }).kernelSays(1, [record]).wait(20)
    const sequences = relay.sent.map((bytes) => liveOf(bytes).sequence)
    assert.deepEqual(sequences, [0, 0])
  })

  it('puts a snapshot into the kernel under the peer’s id, and counts it as no live message', () => {
    const relay = new Relay(1, 2).feed({ type: 'kernelReady' }).feed({ type: 'rows', records: [record] })
    const [datagram = new Uint8Array(0)] = relay.injected
    assert.deepEqual(decodeKernelMessage(datagram), { ok: true, value: { syncId: 2, records: [record] } })
    assert.equal(relay.state.heard, 0)
  })

  it('drops noise on lo', () => {
    const relay = new Relay(1, 2).feed({ type: 'kernelDatagram', bytes: new Uint8Array(3) }).wait(100)
    assert.deepEqual([relay.discarded, relay.sent], [['kernel_truncated'], []])
  })

  it('drops a record that no message can hold, and keeps its neighbours', () => {
    const option = Uint8Array.of(0x42, 255, ...new Uint8Array(255))
    const long = Buffer.concat([record, option, option, option, option, option])
    long.writeUInt16BE(long.length, 2)
    const relay = new Relay(1, 2).kernelSays(1, [record, long, record]).wait(20)
    assert.deepEqual(relay.discarded, ['kernel_oversize'])
    assert.equal(relay.sent.length, 1)
  })
})
