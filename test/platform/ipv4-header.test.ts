import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import { decodeIpv4, encodeIpv4, type Ipv4Problem } from '../../src/platform/ipv4-header.js'
import { ip } from './addresses.js'

const packet = encodeIpv4(ip('10.0.0.11'), ip('224.0.0.18'), 112, Uint8Array.of(0x31, 51, 100))

describe('IPv4 header', () => {
  it('is written with TTL 255 and TOS 0xc0', () => {
    assert.equal(toHex(packet), '45c00017000040 00ff700000 0a00000b e0000012 313364'.replaceAll(' ', ''))
  })

  it('comes back as it was written', () => {
    const decoded = decodeIpv4(packet)
    assert.deepEqual(decoded, {
      ok: true,
      value: {
        payload: Uint8Array.of(0x31, 51, 100),
        source: ip('10.0.0.11'),
        destination: ip('224.0.0.18'),
        ttl: 255,
      },
    })
  })

  const malformed: readonly { name: string; problem: Ipv4Problem; bytes: Uint8Array }[] = [
    { name: 'nothing', problem: 'truncated', bytes: new Uint8Array(0) },
    { name: '19 bytes', problem: 'truncated', bytes: packet.slice(0, 19) },
    { name: 'version 6', problem: 'version', bytes: changed(0, 0x65) },
    { name: 'a header of 16 bytes', problem: 'headerLength', bytes: changed(0, 0x44) },
    { name: 'a header longer than the packet', problem: 'headerLength', bytes: changed(0, 0x46) },
    { name: 'a total length beyond the packet', problem: 'totalLength', bytes: changed(3, 24) },
    { name: 'a total length short of the packet', problem: 'totalLength', bytes: changed(3, 22) },
  ]
  for (const { name, problem, bytes } of malformed) {
    it(`is refused: ${name}`, () => {
      assert.deepEqual(decodeIpv4(bytes), { ok: false, error: problem })
    })
  }

  it('skips options', () => {
    const bytes = Uint8Array.from([...packet.slice(0, 20), 1, 1, 1, 1, ...packet.slice(20)])
    bytes[0] = 0x46
    bytes[3] = bytes.length
    const decoded = decodeIpv4(bytes)
    assert.ok(decoded.ok)
    assert.deepEqual(decoded.value.payload, Uint8Array.of(0x31, 51, 100))
  })

  it('keeps no view of the buffer', () => {
    const bytes = packet.slice()
    const decoded = decodeIpv4(bytes)
    bytes.fill(0)
    assert.ok(decoded.ok)
    assert.deepEqual(decoded.value.source, ip('10.0.0.11'))
    assert.deepEqual(decoded.value.payload, Uint8Array.of(0x31, 51, 100))
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const decoded = decodeIpv4(bytes)
        return decoded.ok ? decoded.value.payload.length <= bytes.length - 20 : decoded.error.length > 0
      }),
    )
  })
})

function changed(at: number, value: number): Uint8Array {
  const bytes = packet.slice()
  bytes[at] = value
  return bytes
}
