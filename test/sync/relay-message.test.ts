import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { fromHex } from '../../src/base/bytes.js'
import type { Translation } from '../../src/base/facts.js'
import { decodeRelayMessage, encodeRelayMessage, type RelayMessage } from '../../src/sync/relay-message.js'
import { end as endpoint } from '../ipvs/tracking-samples.js'
import { establishedNatRecord } from '../vectors/kernel-sync.js'

const record = fromHex(establishedNatRecord)
assert.ok(record)
const records = [
  record,
  Buffer.concat([Uint8Array.of(0, 6, 0, 39), record.subarray(4), Uint8Array.of(2, 1, 9)]),
]
const ends4 = { client: '10.0.0.9:5000', virtual: '10.0.0.100:80', server: '10.0.0.21:8080' }
const ends6 = { client: '[fd00::9]:5000', virtual: '[fd00::100]:53', server: '[fd00::21]:53' }
const translations: Translation[] = [ends4, ends6].map(({ client, virtual, server }, i) => ({
  protocol: i === 0 ? 6 : 17,
  client: endpoint(client),
  virtual: endpoint(virtual),
  server: endpoint(server),
  sourcePort: 61_234,
}))
const number = fc.nat(Number.MAX_SAFE_INTEGER)
const syncId = fc.nat(255)
const word = fc.nat(0xffff_ffff)
const plain = { noNullPrototype: true }
const messages: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record(
    { kind: fc.constant('live' as const), syncId, sequence: number, records: fc.subarray(records) },
    plain,
  ),
  fc.record({ kind: fc.constant('request' as const), id: number }, plain),
  fc.record({ kind: fc.constant('flush' as const), id: number, sequence: number }, plain),
  fc.record({ kind: fc.constant('flushed' as const), id: number, missing: number }, plain),
  fc.record({ kind: fc.constant('repair' as const), syncId, records: fc.subarray(records) }, plain),
  fc.record(
    {
      kind: fc.constant('digests' as const),
      round: number,
      seed: word,
      first: fc.nat(0xffff),
      digests: fc.array(fc.record({ count: word, sum: word }, plain), { maxLength: 32 }),
    },
    plain,
  ),
  fc.record(
    { kind: fc.constant('differs' as const), round: number, buckets: fc.array(fc.nat(0xffff)) },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('hashes' as const),
      round: number,
      seed: word,
      bucket: fc.nat(0xffff),
      hashes: fc.array(word),
    },
    plain,
  ),
  fc.record(
    { kind: fc.constant('lacks' as const), round: number, bucket: fc.nat(0xffff), hashes: fc.array(word) },
    plain,
  ),
  fc.record({ kind: fc.constant('rows' as const), syncId, id: number, records: fc.subarray(records) }, plain),
  fc.record({ kind: fc.constant('end' as const), syncId, id: number, rows: number }, plain),
  fc.record(
    {
      kind: fc.constant('sourcePorts' as const),
      syncId,
      id: number,
      part: fc.nat(0xffff),
      parts: fc.nat(0xffff),
      translations: fc.subarray(translations),
    },
    plain,
  ),
)

describe('relay message', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const decoded = decodeRelayMessage(encodeRelayMessage(message))
        assert.ok(decoded.ok)
        assert.equal(JSON.stringify(decoded.value), JSON.stringify(normal(message)))
      }),
    )
  })

  it('answers to any bytes', () => {
    fc.assert(
      fc.property(messages, fc.nat(60), fc.nat(255), fc.uint8Array(), (message, at, value, noise) => {
        const bytes = Uint8Array.from(encodeRelayMessage(message))
        bytes[at % bytes.length] = value
        assert.equal(typeof decodeRelayMessage(bytes).ok, 'boolean')
        assert.equal(typeof decodeRelayMessage(noise).ok, 'boolean')
      }),
    )
  })

  const live = encodeRelayMessage({ kind: 'live', syncId: 2, sequence: 0, records })
  const end = encodeRelayMessage({ kind: 'end', syncId: 2, id: 1, rows: 5 })
  const ports = encodeRelayMessage({ kind: 'sourcePorts', syncId: 2, id: 1, part: 0, parts: 1, translations })
  const digests = encodeRelayMessage({
    kind: 'digests',
    round: 1,
    seed: 2,
    first: 0,
    digests: [{ count: 1, sum: 5 }],
  })
  const changed = (at: number, value: number) => Uint8Array.from(live, (byte, i) => (i === at ? value : byte))
  const refused = [
    ['nothing', new Uint8Array(0), 'truncated'],
    ['half a header', live.subarray(0, 11), 'truncated'],
    ['an end without its number', end.subarray(0, 19), 'truncated'],
    ['an unknown kind', changed(0, 13), 'kind'],
    ['a source port without its connection', ports.subarray(0, ports.length - 1), 'record'],
    ['source ports of no part', ports.subarray(0, 15), 'truncated'],
    ['more records than there are', changed(3, 3), 'record'],
    ['a digest without its sum', digests.subarray(0, digests.length - 1), 'truncated'],
    ['half a record', live.subarray(0, 40), 'record'],
  ] as const
  for (const [name, bytes, problem] of refused) {
    it(`refuses ${name}: ${problem}`, () => {
      assert.deepEqual(decodeRelayMessage(bytes), { ok: false, error: problem })
    })
  }
})

/** With the fields in the decoder's order, and plain bytes for buffers. */
function normal(message: RelayMessage): RelayMessage {
  const plainRecords = 'records' in message ? message.records.map((bytes) => new Uint8Array(bytes)) : []
  switch (message.kind) {
    case 'live':
      return { kind: 'live', syncId: message.syncId, sequence: message.sequence, records: plainRecords }
    case 'rows':
      return { kind: 'rows', syncId: message.syncId, id: message.id, records: plainRecords }
    case 'repair':
      return { kind: 'repair', syncId: message.syncId, records: plainRecords }
    default:
      return message
  }
}
