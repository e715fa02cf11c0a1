/** Virtual services of every kind, as the rest of the program gets them. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { diff } from '../../src/config/diff.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import {
  formatServerAddress,
  formatServiceAddress,
  parsePorts,
  parseServerAddress,
} from '../../src/config/service-address.js'
import { inserted } from './base-file.js'

const example = readFileSync('configs/services.toml', 'utf8')

function configOf(text: string) {
  const result = parseConfig(text)
  ok(result.ok, result.ok ? '' : result.error.map((problem) => formatProblem('f', problem)).join('\n'))
  deepEqual(result.value.warnings, [])
  return result.value.config
}

const services = new Map(configOf(example).virtualServices.map((service) => [service.name, service]))

function of(name: string): VirtualServiceConfig {
  const service = services.get(name)
  ok(service, name)
  return service
}

describe('kinds of virtual service', () => {
  it('are named by their address or mark', () => {
    deepEqual(
      [...services.values()].map(({ address, protocol }) => [formatServiceAddress(address), protocol]),
      [
        ['[2001:db8::100]:443', 'tcp'],
        ['10.0.0.100:50000-50099', 'tcp'],
        ['10.0.0.100:0', 'sctp'],
        ['10.0.0.100:5060', 'udp'],
        ['fwmark 7', undefined],
        ['10.0.0.100:8080', 'tcp'],
      ],
    )
  })

  it('have flags, thresholds and persistence', () => {
    deepEqual(of('web6').schedulerFlags, ['mh-fallback', 'mh-port'])
    deepEqual(
      of('web6').realServers.map((server) => [server.upperThreshold, server.lowerThreshold]),
      [
        [5000, 4000],
        [0, 0],
      ],
    )
    const { onePacket, persistence, persistenceEngine, persistenceNetmask } = of('sip')
    deepEqual(
      [onePacket, persistence, persistenceEngine, persistenceNetmask],
      [true, 3_600_000, 'sip', undefined],
    )
    equal(of('everything-sctp').persistenceNetmask, 24)
  })

  it('have servers without a port, checked on the port of the check', () => {
    const [first] = of('passive-ftp').realServers
    deepEqual([first?.name, first?.endpoint.port, first?.checks[0]?.port], ['10.0.0.21', 0, 21])
    deepEqual(of('everything-sctp').realServers[0]?.checks, [])
  })

  it('have tunnels of the service and of the server', () => {
    const gue = { type: 'gue', port: 6080, checksum: true }
    const gre = { type: 'gre', port: undefined, checksum: false }
    deepEqual(
      of('far').realServers.map(({ forwarding, tunnel }) => [forwarding, tunnel]),
      [
        ['tunnel', gue],
        ['tunnel', gre],
        ['direct', undefined],
      ],
    )
    deepEqual(of('passive-ftp').sorryServer?.forwarding, 'direct')
  })

  it('take families together in a tunnel while nothing is mirrored', () => {
    const mixed = (text: string) =>
      inserted(16, 'forwarding = "tunnel"', ...(text === '' ? [] : ['[sync]', text])).replace(
        '"10.0.0.21:80"',
        '"[2001:db8::21]:80"',
      )
    equal(parseConfig(mixed('')).ok, false)
    const [server] = configOf(mixed('transport = "off"')).virtualServices[0]?.realServers ?? []
    deepEqual(server?.tunnel, { type: 'ipip', port: undefined, checksum: false })
  })

  it('take a netmask either way, and the whole address for none', () => {
    const netmask = (text: string) => {
      const lines = ['persistence = "5m"', `persistence_netmask = ${text}`]
      return configOf(inserted(16, ...lines)).virtualServices[0]?.persistenceNetmask
    }
    deepEqual(['"255.255.240.0"', '20', '32', '"255.255.255.255"'].map(netmask), [
      20,
      20,
      undefined,
      undefined,
    ])
  })
})

describe('a change of a service', () => {
  const changes: readonly (readonly [string, string, readonly string[]])[] = [
    ['["mh-port", "mh-fallback"]', '["mh-fallback"]', ['scheduler_flags']],
    ['["mh-port", "mh-fallback"]', '["mh-fallback", "mh-port"]', []],
    ['persistence_netmask = 24', 'persistence_netmask = "255.255.0.0"', ['persistence_netmask']],
    ['persistence_netmask = 24', 'persistence_netmask = "255.255.255.0"', []],
    ['lower_threshold = 4000', 'lower_threshold = 3000', ['lower_threshold']],
    ['port = 6080', 'port = 6081', ['tunnel.port']],
    ['sorry_server = "10.0.0.30"', 'sorry_server = "10.0.0.31"', ['sorry_server.address']],
    ['udp = "1m"', 'udp = "2m"', ['timeouts.udp']],
    ['fwmark = 7', 'fwmark = 8', ['fwmark']],
    ['50000-50099', '50000-50098', ['address']],
  ]
  for (const [from, to, keys] of changes) {
    it(`${from} -> ${to}`, () => {
      ok(example.includes(from))
      const entries = diff(configOf(example), configOf(example.replace(from, () => to)))
      deepEqual(
        entries.flatMap((entry) => entry.keys.map(({ key }) => key)),
        keys,
      )
    })
  }
})

describe('addresses of services and servers', () => {
  it('are written as they are read', () => {
    for (const text of ['10.0.0.1:80', '10.0.0.1:80-90', '[2001:db8::1]:0', '[::1]:1-65535'])
      equal(formatServiceAddress(parsePorts(text) ?? { kind: 'fwmark', family: 4, mark: 1 }), text)
    for (const text of ['10.0.0.1', '10.0.0.1:80', '2001:db8::1', '[2001:db8::1]:80']) {
      const server = parseServerAddress(text)
      equal(server && formatServerAddress(server), text)
    }
    for (const text of [
      '10.0.0.1',
      '10.0.0.1:9-8',
      '10.0.0.1:0-9',
      '10.0.0.1:1-65536',
      '10.0.0.1:1-',
      ':1-2',
    ])
      equal(parsePorts(text), undefined, text)
  })

  it('are read or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f.:[\]-]{0,30}$/)), (text) => {
        const ports = parsePorts(text)
        if (ports) deepEqual(parsePorts(formatServiceAddress(ports)), ports)
        const server = parseServerAddress(text)
        if (server) deepEqual(parseServerAddress(formatServerAddress(server)), server)
      }),
    )
  })
})
