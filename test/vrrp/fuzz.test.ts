/** A million hostile packets into the decoders and the receive path: no exception, no wrong believer, no growth. */
import assert from 'node:assert/strict'
import type { RawPacket } from '../../src/base/ports.js'
import { vrid } from '../../src/base/units.js'
import { encodeAdvertisement } from '../../src/vrrp/packet.js'
import { encodeVersion2 } from '../../src/vrrp/packet-version2.js'
import {
  type Expected,
  receiveFromPeer,
  receivePacket,
  strayReason,
  vrrpGroupOf,
} from '../../src/vrrp/receive.js'
import { front, pairOf } from './pair.js'
import { ip, known, ms, prio } from './support.js'

/** xorshift32: fast enough for a million packets, the same ones each time. */
function randomBits(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

const each = 250_000
const longest = 64

const advertisement = {
  vrid: known(vrid(51)),
  priority: prio(200),
  interval: ms(1000),
  addresses: [ip('10.0.0.100'), ip('10.0.0.101')],
}
const advertisement6 = { ...advertisement, addresses: [ip('fe80::100'), ip('2001:db8::100')] }
const expected: Expected = {
  own: ip('10.0.0.11'),
  peer: undefined,
  version: 3,
  password: undefined,
  interval: ms(1000),
}
const from4 = { source: ip('10.0.0.12'), destination: vrrpGroupOf(4), ttl: 255 }
const from6 = { source: ip('fe80::12'), destination: vrrpGroupOf(6), ttl: 255 }

interface Target {
  readonly name: string
  readonly valid: Uint8Array
  readonly receive: (payload: Uint8Array) => { readonly ok: boolean }
}
const targets: readonly Target[] = [
  {
    name: 'version 3 over IPv4',
    valid: encodeAdvertisement(advertisement, from4),
    receive: (payload) => receivePacket({ ...from4, payload }, expected),
  },
  {
    name: 'version 3 over IPv6',
    valid: encodeAdvertisement(advertisement6, from6),
    receive: (payload) => receivePacket({ ...from6, payload }, { ...expected, own: ip('fe80::11') }),
  },
  {
    name: 'version 2 with a password',
    valid: encodeVersion2(advertisement, 'secret'),
    receive: (payload) =>
      receivePacket({ ...from4, payload }, { ...expected, version: 2, password: 'secret' }),
  },
  {
    name: 'the pair link',
    valid: Uint8Array.from([1, ...encodeAdvertisement(advertisement)]),
    receive: (payload) => receiveFromPeer(payload, ip('10.0.0.12')),
  },
]

/** A valid message with a few bytes changed or cut off, or bytes that were never one. */
function hostile(random: () => number, valid: Uint8Array, buffer: Uint8Array): Uint8Array {
  const bits = random()
  if ((bits & 3) === 0) {
    const length = (bits >>> 2) % longest
    for (let i = 0; i < length; i++) buffer[i] = random()
    return buffer.subarray(0, length)
  }
  buffer.set(valid)
  // One change or three: the sum of sixteen bits catches every single one.
  for (let i = (bits & 4) === 0 ? 1 : 3; i > 0; i--) {
    const draw = random()
    buffer[draw % valid.length] = draw >>> 16
  }
  return buffer.subarray(0, (bits & 8) === 0 ? valid.length : (bits >>> 4) % (valid.length + 1))
}

describe('vrrp/fuzz', function () {
  this.timeout(60_000)

  for (const [i, { name, valid, receive }] of targets.entries()) {
    it(`${name}: ${each} hostile messages`, () => {
      assert.ok(receive(valid).ok)
      const random = randomBits(0x9568 + i)
      const buffer = new Uint8Array(256)
      let believed = 0
      for (let n = 0; n < each; n++) {
        const payload = hostile(random, valid, buffer)
        if (receive(payload).ok) believed++
        strayReason({ ...(i === 1 ? from6 : from4), payload })
      }
      // Unchanged ones, changes that cancel in the sum, and what one in 65,536 has by chance.
      assert.ok(believed < each * 0.02, `${believed} of ${each} were believed`)
    })
  }

  it('a running pair under 20,000 of them keeps its roles and says little', async () => {
    const { first, second, network } = await pairOf({ ...front, transport: 'multicast' })
    const random = randomBits(0x5798)
    const buffer = new Uint8Array(256)
    const valid = encodeAdvertisement({ ...advertisement, priority: prio(1) })
    const packet = (payload: Uint8Array): RawPacket => ({ ...from4, ttl: random() & 1 ? 255 : 64, payload })
    for (let n = 0; n < 20_000; n++) {
      const bytes = hostile(random, valid, buffer)
      // Never a right one: its version is not ours.
      if ((bytes[0] ?? 0) >> 4 === 3) bytes[0] = 0x21
      for (const { host } of [first, second]) host.inject(packet(Uint8Array.from(bytes)))
      if (n % 2_000 === 0) await network.run(20)
    }
    await network.run(1_000)
    const states = [first, second].map(({ runtime }) => runtime.status().routers[0]?.state)
    assert.deepEqual(states, ['active', 'backup'])
    for (const { host } of [first, second])
      assert.ok(host.lines.filter((line) => line.startsWith('warn')).length < 20)
  })
})
