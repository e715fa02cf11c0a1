/** Virtual services of every kind in the status. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { formatIp, parseIp } from '../../src/base/ip.js'
import { millis } from '../../src/base/units.js'
import { parseConfig } from '../../src/config/parse.js'
import { persistenceOf } from '../../src/daemon/persistence-of.js'
import { serviceStatus } from '../../src/daemon/service-status.js'

const parsed = parseConfig(readFileSync('configs/services.toml'))
assert.ok(parsed.ok)
const { virtualServices } = parsed.value.config
const input = {
  uptime: millis(5000),
  now: millis(0),
  health: new Map(),
  healthSince: new Map(),
  checks: new Map(),
  overrides: { of: () => undefined, saidAt: () => undefined },
  mirror: undefined,
  traffic: undefined,
  inKernel: undefined,
}
const statuses = new Map(virtualServices.map((service) => [service.name, serviceStatus(service, input)]))

describe('services in the status', () => {
  it('have address, protocol and persistence', () => {
    const rows = [...statuses.values()].map(({ address, protocol, persistence }) => [
      address,
      protocol,
      persistence && [persistence.seconds, persistence.netmask, persistence.engine],
    ])
    assert.deepEqual(rows, [
      ['[2001:db8::100]:443', 'tcp', null],
      ['10.0.0.100:50000-50099', 'tcp', [600, 32, null]],
      ['10.0.0.100:0', 'sctp', [300, 24, null]],
      ['10.0.0.100:5060', 'udp', [3600, 32, 'sip']],
      ['fwmark 7', 'any', [300, 32, null]],
      ['10.0.0.100:8080', 'tcp', null],
    ])
  })

  it('say how each server is reached, and whether the sorry server stands in', () => {
    assert.deepEqual(
      statuses.get('far')?.realServers.map(({ address, forwarding }) => [address, forwarding]),
      [
        ['192.0.2.21:8080', 'tunnel gue:6080 checksum'],
        ['192.0.2.22:8080', 'tunnel gre'],
        ['10.0.0.23:8080', 'direct'],
      ],
    )
    assert.equal(statuses.get('far')?.sorryServer, null)
    const [range] = virtualServices.filter(({ name }) => name === 'passive-ftp')
    assert.ok(range)
    const counts = { activeConnections: 1, inactiveConnections: 0 }
    const inKernel = {
      name: range.name,
      address: '',
      inKernel: true,
      realServers: [],
      draining: [],
      quorum: undefined,
      panic: undefined,
      sorryServer: { address: '10.0.0.30', inKernel: true, ...counts },
    }
    assert.deepEqual(serviceStatus(range, { ...input, inKernel }).sorryServer, {
      address: '10.0.0.30',
      forwarding: 'direct',
      active: true,
      ...counts,
    })
  })
})

describe('the persistence of a row of the connection table', () => {
  const of = persistenceOf(virtualServices)
  const cases: readonly (readonly [number, string, number, number | undefined])[] = [
    [6, '10.0.0.100', 50050, 600],
    [6, '10.0.0.100', 50100, undefined],
    [17, '10.0.0.100', 50050, undefined],
    [132, '10.0.0.100', 0, 300],
    [17, '10.0.0.100', 5060, 3600],
    [0, '0.0.0.7', 0, 300],
    [0, '0.0.0.8', 0, undefined],
    [0, '0:7::', 0, undefined],
  ]
  for (const [protocol, text, port, seconds] of cases) {
    it(`${protocol} ${text} ${port}: ${seconds}`, () => {
      const virtual = parseIp(text)
      assert.ok(virtual)
      assert.equal(of(protocol, virtual, port), seconds, formatIp(virtual))
    })
  }
})
