import assert from 'node:assert/strict'
import fc from 'fast-check'
import { diff } from '../../src/config/diff.js'
import type { Config } from '../../src/config/model.js'
import { parseConfig } from '../../src/config/parse.js'
import { same, sharing, updated, updateOf } from '../../src/config/share.js'

const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 })
/** By name, so that services come, go, change and change places. */
const file = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), weights), {
    selector: ([name]) => name,
    minLength: 1,
  })
  .map((services) => {
    const parts = services.map(
      ([name, servers]) => `
[[virtual_service]]
name = "${name}"
address = "10.0.0.100:${name.charCodeAt(0)}"
forwarding = "nat"
real_servers = [${servers.map((weight, i) => `{ address = "10.0.0.${i + 1}:80", weight = ${weight} }`).join(', ')}]
`,
    )
    return `[[director]]\nname = "lb1"\naddress = "10.0.0.11"\n${parts.join('')}`
  })

function configOf(text: string): Config {
  const parsed = parseConfig(text)
  assert.ok(parsed.ok, text)
  return parsed.value.config
}

describe('config/share', function () {
  // Many random cases, on a machine that may be busy.
  this.timeout(30_000)

  it('shares what says the same, and only that; it means what the file says', () => {
    fc.assert(
      fc.property(file, file, (old, now) => {
        const [before, after] = [configOf(old), configOf(now)]
        const shared = sharing(before, after)
        assert.deepEqual(shared, after)
        for (const service of shared.virtualServices) {
          const known = before.virtualServices.find(({ name }) => name === service.name)
          const alike = known !== undefined && JSON.stringify(known) === JSON.stringify(service)
          assert.equal(service === known, alike, service.name)
        }
        assert.deepEqual(diff(before, shared), diff(before, after))
      }),
    )
  })

  it('tells another process no more than what changed, and it then has the same', () => {
    fc.assert(
      fc.property(file, file, (old, now) => {
        const before = configOf(old)
        const after = sharing(before, configOf(now))
        const update = updateOf(before.virtualServices, after.virtualServices)
        assert.equal(
          update.changed.length,
          after.virtualServices.filter((one) => !before.virtualServices.includes(one)).length,
        )
        const elsewhere = structuredClone(before.virtualServices)
        assert.deepEqual(updated(elsewhere, structuredClone(update)), after.virtualServices)
      }),
    )
    assert.throws(() => updated([], { names: ['a'], changed: [] }), /without a$/)
  })

  it('compares plain data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        assert.ok(same(a, structuredClone(a)))
        assert.equal(same(a, b), isSame(a, b))
      }),
    )
    assert.ok(same(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
    assert.ok(!same(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
    assert.ok(!same(Uint8Array.of(1), [1]))
    assert.ok(!same({ a: 1 }, { a: 1, b: 2 }))
    assert.ok(same({ a: 1 }, { a: 1, b: undefined }))
  })
})

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}
