import assert from 'node:assert/strict'
import { formatPrefix, parsePrefix } from '../../src/base/ip.js'
import type { AddressState, Links } from '../../src/base/ports.js'
import { parseConfig } from '../../src/config/parse.js'
import { releaseAddresses } from '../../src/daemon/release.js'

const routers = (lease: string) => {
  const parsed = parseConfig(`
[[director]]
name = "lb1"
address = "10.0.0.11"

[[virtual_router]]
name = "front"
vrid = 51
addresses = ["10.0.0.100/24"]
lease = "${lease}"
`)
  assert.ok(parsed.ok)
  return parsed.value.config.virtualRouters
}

/** `lo` is 1, `eth0` 2. */
async function released(lease: string, found: readonly (readonly [number, string, number?])[]) {
  const gone: string[] = []
  const addresses = found.map(([interfaceIndex, text, validSeconds]): AddressState => {
    const prefix = parsePrefix(text)
    assert.ok(prefix)
    return { interfaceIndex, prefix, ...(validSeconds === undefined ? {} : { validSeconds }) }
  })
  const face = (name: string, index: number) => ({ name, index, up: true, mac: new Uint8Array(6), mtu: 1500 })
  const links: Links = {
    read: async () => ({ interfaces: [face('lo', 1), face('eth0', 2)], addresses }),
    release: (index, prefix, done) => {
      gone.push(`${index} ${formatPrefix(prefix)}`)
      done(undefined)
    },
    claim: () => assert.fail('claims nothing'),
    watch: () => assert.fail('watches nothing'),
    close: () => {},
  }
  const told = await releaseAddresses(links, routers(lease))
  assert.equal(told.length, gone.length)
  return gone
}

describe('release', () => {
  it('removes a leased virtual address, and nothing else', async () => {
    assert.deepEqual(
      await released('3s', [
        [2, '10.0.0.11/24'],
        [2, '10.0.0.100/24', 2],
        [2, '10.0.0.101/24', 2],
      ]),
      ['2 10.0.0.100/24'],
    )
  })

  it("leaves a real server's own copy: on lo, or anywhere for ever", async () => {
    assert.deepEqual(
      await released('3s', [
        [1, '10.0.0.100/24', 2],
        [2, '10.0.0.100/24'],
      ]),
      [],
    )
  })

  it('removes an address without end where the router asks for no lease', async () => {
    assert.deepEqual(await released('0s', [[2, '10.0.0.100/24']]), ['2 10.0.0.100/24'])
  })
})
