import assert from 'node:assert/strict'
import { connectionRow } from '../../src/base/connection-row.js'
import { decodeTracked } from '../../src/ipvs/full-nat/tracking-codec.js'
import {
  displaced,
  isTranslated,
  planTranslations,
  translationOf,
} from '../../src/ipvs/full-nat/translations.js'
import { ports } from './rulesets.js'
import { end, tracked, translation, wanted } from './tracking-samples.js'

const a = translation('10.0.0.9:5000', '10.0.0.21:8080', 5000)
const b = translation('10.0.0.10:5000', '10.0.0.21:8080', 61_234)
const nothing = { remove: [], create: [], renew: [] }
const never = () => false

describe('translations', () => {
  it('are told to the peer where the source port is not the client’s own', () => {
    const untranslated = { ...tracked(a), source: end('10.0.0.9:5001') }
    assert.deepEqual(displaced([tracked(a), tracked(b), untranslated]), [b])
  })

  it('stay as they are where they are right', () => {
    const plan = planTranslations([wanted(a), wanted(b)], [tracked(a), tracked(b)], () => true)
    assert.deepEqual(plan, nothing)
  })

  it('are made where they are missing', () => {
    const plan = planTranslations([wanted(a), wanted(b)], [tracked(a)], () => true)
    assert.deepEqual(plan, { ...nothing, create: [wanted(b)] })
  })

  it('replace what the same client left, and whoever holds their source port', () => {
    const otherPort = tracked({ ...b, sourcePort: 5000 })
    const plan = planTranslations([wanted(a), wanted(b)], [otherPort], never)
    assert.deepEqual(plan, { ...nothing, remove: [otherPort], create: [wanted(a), wanted(b)] })
  })

  it('replace one that was passed on untranslated, or went to another server', () => {
    const stray = { ...tracked(a), server: end('10.0.0.100:80'), source: end('10.0.0.9:5000') }
    const elsewhere = tracked({ ...b, server: end('10.0.0.22:8080') })
    const plan = planTranslations([wanted(a), wanted(b)], [stray, elsewhere], () => true)
    assert.deepEqual(plan, { ...nothing, remove: [stray, elsewhere], create: [wanted(a), wanted(b)] })
  })

  it('of traffic that passes here keep the source port that they have', () => {
    const chosen = tracked({ ...a, sourcePort: 777 })
    assert.deepEqual(
      planTranslations([wanted(a)], [chosen], () => true),
      nothing,
    )
    assert.deepEqual(planTranslations([wanted(a)], [chosen], never).create, [wanted(a)])
  })

  it('of traffic that passed elsewhere are renewed: their windows are old', () => {
    const plan = planTranslations([wanted(a)], [tracked(a)], never)
    assert.deepEqual(plan, { ...nothing, renew: [wanted(a)] })
  })

  it('are renewed where they would end before the table forgets them', () => {
    const plan = planTranslations([wanted(a), wanted(b)], [tracked(a, 869), tracked(b, 870)], () => true)
    assert.deepEqual(plan, { ...nothing, renew: [wanted(a)] })
  })

  it('are read from the table, but for templates and connections that end', () => {
    const row = (text: string) => {
      const parsed = connectionRow(text)
      return parsed && translationOf(parsed)
    }
    assert.deepEqual(
      row('TCP 0A00000A 1388 0A000064 0050 0A000015 1F90 ESTABLISHED     893'),
      wanted({ ...b, sourcePort: 5000 }, { timeout: 893 }),
    )
    assert.deepEqual(
      row('UDP 0A00000A 1388 0A000064 0050 0A000015 1F90 UDP             299'),
      wanted({ ...b, protocol: 17, sourcePort: 5000 }, { timeout: 299, tcpState: 0 }),
    )
    assert.equal(row('TCP 0A00000A 1388 0A000064 0050 0A000015 1F90 CLOSE            9'), undefined)
    assert.equal(row('TCP 0A00000A 0000 0A000064 0050 0A000015 1F90 NONE            99'), undefined)
    assert.equal(row('Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires'), undefined)
  })

  it('belong to a service by protocol, address and port', () => {
    const web = ports('tcp', '10.0.0.100', 80, 89, 8080)
    assert.ok(isTranslated([web], a))
    assert.ok(!isTranslated([web], { ...a, protocol: 17 }))
    assert.ok(!isTranslated([web], { ...a, virtual: end('10.0.0.100:90') }))
    assert.ok(!isTranslated([web], { ...a, virtual: end('10.0.0.101:80') }))
    assert.ok(isTranslated([ports('tcp', '10.0.0.100', 0, 0, 0)], { ...a, virtual: end('10.0.0.100:90') }))
  })

  it('are not decoded from anything else', () => {
    for (const [bytes, error] of [
      [[], 'truncated'],
      [[1, 0, 0, 0], 'family'],
      [[2, 0, 0, 0], 'protocol'],
      [[2, 0, 0, 0, 8, 0, 1, 0x80, 9, 0, 1, 0x80], 'truncated'],
    ] as const) {
      assert.deepEqual(decodeTracked(Uint8Array.from(bytes)), { ok: false, error })
    }
  })
})
