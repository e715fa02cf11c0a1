import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../src/base/bytes.js'
import {
  decodePeerReport,
  encodePeerReport,
  type PeerReport,
  routersPerReport,
} from '../../src/vrrp/peer-report.js'
import { prio } from './support.js'

const count = fc.integer({ min: 0, max: 65_535 })
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,62}$/)
const plain = { noNullPrototype: true } as const
const router = fc.record(
  {
    name,
    state: fc.constantFrom('initialize' as const, 'backup' as const, 'active' as const, 'fault' as const),
    priority: fc.integer({ min: 0, max: 255 }).map(prio),
    lost: fc.option(name, { nil: undefined }),
  },
  plain,
)
const report: fc.Arbitrary<PeerReport> = fc.record(
  {
    servers: fc.option(fc.record({ healthy: count, unknown: count, total: count }, plain), {
      nil: undefined,
    }),
    routers: fc.array(router, { maxLength: routersPerReport }),
    advertised: fc.boolean(),
  },
  plain,
)

describe('vrrp/peer-report', () => {
  it('is what its diagram says', () => {
    const lost = 'gw'
    const routers = [{ name: 'front', state: 'active', priority: prio(150), lost } as const]
    const bytes = encodePeerReport({
      servers: { healthy: 3, unknown: 1, total: 5 },
      routers,
      advertised: true,
    })
    assert.equal(toHex(bytes), `20010003${'0003000100050001'}05${'66726f6e74'}0296${'026777'}`)
  })

  it('comes out as it went in, and fits one message of the pair link', () => {
    fc.assert(
      fc.property(report, (given) => {
        const bytes = encodePeerReport(given)
        assert.ok(bytes.length <= 1_400)
        assert.deepEqual(decodePeerReport(bytes), { ok: true, value: given })
        if (bytes.length > 12) assert.ok(!decodePeerReport(bytes.subarray(0, bytes.length - 1)).ok)
      }),
    )
  })

  it('anything else is refused or harmless', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodePeerReport(bytes)))
    assert.deepEqual(decodePeerReport(Uint8Array.of(1)), { ok: false, error: 'type' })
    assert.deepEqual(decodePeerReport(Uint8Array.of(0x20, 2)), { ok: false, error: 'version' })
  })
})
