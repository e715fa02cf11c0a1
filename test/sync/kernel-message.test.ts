import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { fromHex, toHex } from '../../src/base/bytes.js'
import { formatIp, type IpAddress, ipFromBytes } from '../../src/base/ip.js'
import { decodeKernelMessage, encodeKernelMessage } from '../../src/sync/kernel-message.js'
import {
  connectionKey,
  decodeKernelRecord,
  encodeKernelRecord,
  type KernelRecord,
  soundRecordSize,
} from '../../src/sync/kernel-record.js'
import { establishedNatRecord, kernelMessages } from '../vectors/kernel-sync.js'

const bytesOf = (hex: string): Uint8Array => {
  const bytes = fromHex(hex)
  assert.ok(bytes)
  return bytes
}

const messageOf = (datagram: Uint8Array) => {
  const message = decodeKernelMessage(datagram)
  assert.ok(message.ok)
  return message.value
}

const captured = kernelMessages.map(bytesOf)
const records = captured.flatMap((datagram) => messageOf(datagram).records)

const line = (bytes: Uint8Array): string => {
  const record = decodeKernelRecord(bytes)
  assert.ok(record)
  const { protocol, flags, state, timeoutSeconds, clientPort, virtualPort, destinationPort } = record
  const ends = [
    [record.client, clientPort],
    [record.virtual, virtualPort],
    [record.destination, destinationPort],
  ] as const
  const route = ends.map(([ip, port]) => `${formatIp(ip)} ${port}`).join(' > ')
  return `${protocol} 0x${flags.toString(16)} state ${state} ${timeoutSeconds} s ${route}`
}

describe('kernel sync message', () => {
  it('reads what the kernel says', () => {
    assert.deepEqual(
      captured.map(messageOf).map(({ syncId, records }) => [syncId, records.length]),
      [
        [1, 7],
        [1, 5],
        [1, 10],
      ],
    )
    assert.deepEqual(records.slice(0, 10).map(line), [
      '6 0x83 state 1 900 s 10.0.0.1 39536 > 10.0.0.100 80 > 10.0.0.21 80',
      '6 0x0 state 1 900 s 10.0.0.1 39066 > 10.0.0.101 80 > 10.0.0.21 80',
      '6 0x1183 state 0 300 s 10.0.0.1 0 > 10.0.0.102 80 > 10.0.0.21 80',
      '6 0x83 state 1 900 s 10.0.0.1 48742 > 10.0.0.102 80 > 10.0.0.21 80',
      '6 0x1100 state 0 300 s 10.0.0.1 0 > 10.0.0.101 81 > 10.0.0.21 80',
      '6 0x0 state 1 900 s 10.0.0.1 47352 > 10.0.0.101 81 > 10.0.0.21 80',
      '6 0x0 state 1 900 s fd00::1 45504 > fd00::101 80 > fd00::21 80',
      '6 0x0 state 1 900 s 10.0.0.1 39068 > 10.0.0.101 80 > 10.0.0.21 80',
      '17 0x100 state 0 300 s 10.0.0.1 34025 > 10.0.0.101 53 > 10.0.0.21 53',
      '17 0x183 state 0 300 s 10.0.0.1 34025 > 10.0.0.100 53 > 10.0.0.21 53',
    ])
    assert.equal(
      line(bytesOf(establishedNatRecord)),
      '6 0x0 state 1 900 s 10.1.0.10 44196 > 10.1.0.100 80 > 10.2.0.12 8080',
    )
  })

  it('writes what the kernel wrote, byte for byte', () => {
    for (const datagram of captured)
      assert.equal(toHex(encodeKernelMessage(messageOf(datagram))), toHex(datagram))
    for (const bytes of records) {
      const record = decodeKernelRecord(bytes)
      assert.ok(record)
      assert.equal(toHex(encodeKernelRecord(record)), toHex(bytes))
    }
  })

  it('knows a connection again in another state, and a template from its connection', () => {
    const keys = new Set(records.map(connectionKey))
    // Five TCP connections over IPv4, one over IPv6, two of UDP and two templates: later states add nothing.
    assert.equal(keys.size, 10)
  })

  const [first = new Uint8Array(0)] = captured
  const changed = (at: number, value: number) =>
    Uint8Array.from(first, (byte, i) => (i === at ? value : byte))
  const refused = [
    ['nothing', new Uint8Array(0), 'truncated'],
    ['half a header', first.subarray(0, 7), 'truncated'],
    ['version 0', changed(5, 0), 'version'],
    ['a byte less than its size', first.subarray(0, first.length - 1), 'size'],
    ['a byte more than its size', Buffer.concat([first, Uint8Array.of(0)]), 'size'],
    ['more records than there are', changed(4, 8), 'record'],
    ['a record of version 1', changed(10, 0x10), 'record'],
    ['a record shorter than its addresses', changed(11, 0x20), 'record'],
    ['an option that leaves the record', changed(11, 0x27), 'record'],
  ] as const
  for (const [name, datagram, problem] of refused) {
    it(`refuses ${name}: ${problem}`, () => {
      assert.deepEqual(decodeKernelMessage(datagram), { ok: false, error: problem })
    })
  }
})

const ip = (length: number): fc.Arbitrary<IpAddress> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
    const address = ipFromBytes(bytes)
    assert.ok(address)
    return address
  })
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffffffff)
const option = fc
  .tuple(fc.nat(255), fc.uint8Array({ minLength: 1, maxLength: 40 }))
  .map(([type, data]) => Uint8Array.of(type, data.length, ...data))
const recordOf = (length: number): fc.Arbitrary<KernelRecord> =>
  fc.record(
    {
      protocol: fc.nat(255),
      flags: u32,
      state: u16,
      client: ip(length),
      clientPort: u16,
      virtual: ip(length),
      virtualPort: u16,
      destination: ip(length),
      destinationPort: u16,
      fwmark: u32,
      timeoutSeconds: u32,
      options: fc
        .array(option, { maxLength: 3 })
        .map((options) => Uint8Array.from(options.flatMap((o) => [...o]))),
    },
    { noNullPrototype: true },
  )
const anyRecord = fc.oneof(recordOf(4), recordOf(16))

describe('kernel sync record', () => {
  it('decodes what it encodes, options and all', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        assert.deepEqual(decodeKernelRecord(encodeKernelRecord(record)), record)
      }),
    )
  })

  it('travels in messages with others of any size', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.array(anyRecord, { maxLength: 20 }), (syncId, list) => {
        const message = { syncId, records: list.map(encodeKernelRecord) }
        assert.deepEqual(messageOf(Buffer.from(encodeKernelMessage(message))), message)
      }),
    )
  })

  it('answers to any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), fc.nat(255), (bytes, offset, value) => {
        const size = soundRecordSize(bytes, offset)
        assert.ok(size === undefined || offset + size <= bytes.length)
        decodeKernelRecord(bytes)
        decodeKernelMessage(bytes)
        for (const datagram of captured) {
          const damaged = Uint8Array.from(datagram)
          damaged[(offset * 7) % damaged.length] = value
          const message = decodeKernelMessage(damaged)
          if (message.ok) for (const record of message.value.records) assert.ok(decodeKernelRecord(record))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
