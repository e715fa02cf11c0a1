import assert from 'node:assert/strict'
import { millis } from '../../src/base/units.js'
import { CheckShares, processesNeeded, shareOf } from '../../src/daemon/check-shares.js'
import { httpCheck, ip, server, service, tcpCheck } from '../healthcheck/samples.js'

const addresses = Array.from({ length: 2_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`)
const services = (checks = [tcpCheck()]) =>
  Array.from({ length: 20 }, (_, i) =>
    service(
      `web${i}`,
      addresses.slice(i * 100, i * 100 + 100).map((address) => server(`${address}:80`, checks)),
    ),
  )

describe('daemon/check-shares', () => {
  it('spreads servers evenly, and one process more takes its share from all and moves nothing else', () => {
    for (const processes of [2, 3, 4, 7]) {
      const counts = new Array<number>(processes + 1).fill(0)
      for (const address of addresses) {
        const [before, after] = [shareOf(ip(address), processes), shareOf(ip(address), processes + 1)]
        assert.ok(before === after || after === processes, `${address} moved between old processes`)
        counts[after] = (counts[after] ?? 0) + 1
      }
      const fair = addresses.length / counts.length
      for (const count of counts) assert.ok(Math.abs(count - fair) < fair / 4, counts.join(' '))
    }
  })

  it('gives every server to one process, whatever its services and ports', () => {
    const all = [
      ...services(),
      service('other', [server('10.1.0.7:8080', [tcpCheck()]), server('10.1.0.8:8080', [tcpCheck()])]),
    ]
    const shares = new CheckShares(3).of(all)
    const where = new Map<string, Set<number>>()
    for (const [process, share] of shares.entries())
      for (const { realServers } of share)
        for (const { endpoint } of realServers) {
          const address = endpoint.address.bytes.join('.')
          where.set(address, (where.get(address) ?? new Set()).add(process))
        }
    assert.equal(where.size, addresses.length)
    assert.ok([...where.values()].every((processes) => processes.size === 1))
  })

  it('gives the same objects for what did not change', () => {
    const all = services()
    const shares = new CheckShares(2)
    const [before = []] = shares.of(all)
    const [after = []] = shares.of([...all.slice(0, 3), service('new', []), ...all.slice(4)])
    assert.deepEqual(
      after.filter((slice) => !before.includes(slice)),
      [],
    )
    assert.deepEqual(new CheckShares(1).of(all), [all])
  })

  it('asks for as many processes as the checks need and the machine has', () => {
    const quick = (interval: number) => [tcpCheck({ interval: millis(interval) })]
    assert.equal(processesNeeded(services(quick(10_000)), 8), 1)
    // 2,000 checks each 100 ms: 20,000 a second.
    assert.equal(processesNeeded(services(quick(100)), 8), 4)
    assert.equal(processesNeeded(services(quick(100)), 3), 2)
    assert.equal(processesNeeded(services(quick(100)), 1), 1)
    assert.equal(processesNeeded(services([]), 8), 1)
    assert.equal(processesNeeded([service('web', [server('10.0.0.1:80', [httpCheck()])])], 8), 1)
  })
})
