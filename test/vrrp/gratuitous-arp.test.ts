import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import { type ArpError, decodeGratuitousArp, encodeGratuitousArp } from '../../src/vrrp/gratuitous-arp.js'
import { ip } from './support.js'

const mac = Uint8Array.of(2, 0, 0, 0, 0, 7)
const frame = encodeGratuitousArp(mac, ip('10.0.0.100'))

const others: readonly (readonly [what: string, at: number, value: number, error: ArpError])[] = [
  ['IPv4', 12, 0x86, 'not_arp'],
  ['another hardware', 15, 6, 'not_arp'],
  ['a reply', 21, 2, 'not_gratuitous'],
  ['a question for another address', 41, 1, 'not_gratuitous'],
  ['a unicast frame', 0, 0, 'not_gratuitous'],
]

describe('vrrp/gratuitous-arp', () => {
  it('is a broadcast request with the address as sender and target', () => {
    assert.equal(
      toHex(frame),
      'ffffffffffff020000000007080600010800060400010200000000070a0000640000000000000a000064',
    )
  })

  for (const [what, at, value, error] of others) {
    it(`is not ${what}`, () => {
      const changed = frame.slice()
      changed[at] = value
      assert.deepEqual(decodeGratuitousArp(changed), { ok: false, error })
    })
  }

  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (hardware, bytes) => {
          const address = { family: 4 as const, bytes: Uint8Array.from(bytes) }
          const sender = Uint8Array.from(hardware)
          assert.deepEqual(decodeGratuitousArp(encodeGratuitousArp(sender, address)), {
            ok: true,
            value: { mac: sender, address },
          })
        },
      ),
    )
  })

  it('answers to random bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        assert.equal(typeof decodeGratuitousArp(bytes).ok, 'boolean')
      }),
    )
  })
})
