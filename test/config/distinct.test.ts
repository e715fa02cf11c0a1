import { deepEqual, equal } from 'node:assert/strict'
import { normalForm } from '../../src/config/normal.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import type { TableSchema } from '../../src/config/schema.js'
import { checks } from '../../src/config/tables/check.js'
import { virtualServiceTable } from '../../src/config/tables/virtual-service.js'
import { changed, inserted } from './base-file.js'

function read(file: string) {
  const parsed = parseConfig(file)
  if (!parsed.ok) throw new Error(parsed.error.map((problem) => formatProblem('f', problem)).join('\n'))
  return parsed.value.config
}

const hashOf = (file: string): string => read(file).hash
const withCheck = (...keys: readonly string[]): string =>
  inserted(16, `check = { ${keys.filter((key) => key !== '').join(', ')} }`)

const common: Readonly<Record<string, string>> = {
  interval: '"3s"',
  fast_interval: '"500ms"',
  timeout: '"700ms"',
  rise: '4',
  fall: '7',
  address: '"db.example.net"',
  port: '8081',
  bind: '"10.0.0.11"',
}
const encryption: Readonly<Record<string, string>> = {
  sni: '"other.example.org"',
  verify: 'false',
  ca_file: '"/etc/vipair/ca.pem"',
  cert_file: '"/etc/vipair/c.pem", key_file = "/etc/vipair/k.pem"',
  key_file: '"/etc/vipair/k.pem", cert_file = "/etc/vipair/c.pem"',
  expires_within: '"14d"',
}
const request: Readonly<Record<string, string>> = {
  path: '"/healthz"',
  method: '"POST"',
  host: '"www.example.org"',
  headers: '{ "X-Probe" = "vipair" }',
  status: '"200"',
  body: '"ok"',
  body_sha256: `"${'ab'.repeat(32)}"`,
  weight_header: '"X-Weight"',
  proxy_protocol: '2',
}
const program: Readonly<Record<string, string>> = {
  user: '"games"',
  weight_from_exit: 'true',
  command: '["/usr/lib/check", "-v"]',
}
const { bind: _bind, ...withoutBind } = common
const { port: _port, ...withoutPort } = common

/** What each kind needs, and of each of its keys another value than that and than the default. */
const kinds: Readonly<Record<string, { needs: string; others: Readonly<Record<string, string>> }>> = {
  tcp: { needs: '', others: { ...common, send: '"PING"', expect: '"PONG"', through: '"forwarding"' } },
  http: { needs: '', others: { ...common, ...request } },
  https: { needs: '', others: { ...common, ...request, ...encryption, http2: 'true' } },
  tls: { needs: '', others: { ...common, ...encryption, alpn: '["h2"]', proxy_protocol: '1' } },
  icmp: { needs: '', others: { ...withoutPort, size: '1400' } },
  udp: {
    needs: 'send = "ping"',
    others: { ...common, send: '{ hex = "00" }', expect: '"pong"', require_reply: 'false' },
  },
  dns: {
    needs: 'name = "a.example.org"',
    others: {
      ...common,
      name: '"b.example.org"',
      record: '"AAAA"',
      rcode: '"NXDOMAIN"',
      expect: '"x"',
      transport: '"tcp"',
    },
  },
  smtp: { needs: '', others: { ...common, helo: '"lb1.example.org"' } },
  grpc: { needs: '', others: { ...common, service: '"shop"', host: '"shop.example.org"' } },
  agent: { needs: 'port = 9707', others: { ...common, send: '"state"' } },
  script: { needs: 'command = ["/usr/lib/check"]', others: { ...withoutBind, ...program } },
}

const services: Readonly<Record<string, string>> = {
  quorum: '200',
  quorum_hysteresis: '10\nquorum = 100',
  panic_threshold: '0.5',
  slow_start: '"30s"',
  drain_timeout: '"1m"',
  on_down: '"remove"',
  initial: '"down"',
  sorry_server: '"10.0.0.29:80"',
}

const titled = (schemas: readonly TableSchema[], title: string): readonly string[] =>
  schemas.filter((schema) => schema.title === title).flatMap(({ keys }) => keys)

describe('config: two files that differ in one key', () => {
  for (const [type, { needs, others }] of Object.entries(kinds)) {
    it(`of a check of type ${type} have different hashes and checks`, () => {
      const keys = [`a ${type} check`, `an ${type} check`].flatMap((title) =>
        titled(checks.tables ?? [], title),
      )
      // http2 of an http check says only that it is not there.
      const all = keys.filter((key) => key !== 'type' && !(type === 'http' && key === 'http2'))
      deepEqual(Object.keys(others).sort(), all.sort())
      const plain = withCheck(`type = "${type}"`, needs)
      const seen = new Set([hashOf(plain)])
      for (const [key, value] of Object.entries(others)) {
        const rest = needs.startsWith(`${key} `) ? '' : needs
        const file = withCheck(`type = "${type}"`, rest, `${key} = ${value}`)
        const hash = hashOf(file)
        // A certificate and its key are only there together, and mean one thing.
        if (key !== 'key_file') equal(seen.has(hash), false, `${key} is in no hash`)
        seen.add(hash)
      }
    })
  }

  it('of a service have different hashes', () => {
    const known = titled(virtualServiceTable.tables ?? [], '[[virtual_service]]')
    const seen = new Set([hashOf(inserted(16))])
    for (const [key, value] of Object.entries(services)) {
      equal(known.includes(key), true, key)
      const hash = hashOf(inserted(16, `${key} = ${value}`))
      equal(seen.has(hash), false, key)
      seen.add(hash)
    }
  })

  it('in how many processes check have different hashes', () => {
    const files = ['', '[healthcheck]\nprocesses = 2\n', '[healthcheck]\nprocesses = 3\n']
    equal(new Set(files.map((more) => hashOf(`${inserted(16)}${more}`))).size, 3)
  })

  it('but in a key that says its default have the same', () => {
    const plain = hashOf(inserted(16, 'check = { type = "http" }'))
    equal(hashOf(withCheck('type = "http"', 'path = "/"', 'status = "200-399"', 'http2 = false')), plain)
    equal(
      hashOf(changed('real_servers', 'quorum = 1\nquorum_hysteresis = 0\nreal_servers')),
      hashOf(inserted(16)),
    )
    equal(normalForm(read(inserted(16))).virtual_service.length, 1)
  })
})

describe('config: a check of a machine that has a name', () => {
  const checkOf = (...keys: readonly string[]) =>
    read(withCheck('address = "probe.example.net"', ...keys)).virtualServices[0]?.realServers[0]?.checks[0]
  const nameAndHost = (...keys: readonly string[]) => {
    const check = checkOf(...keys)
    if (check?.type !== 'https' && check?.type !== 'grpc') throw new Error('another check')
    return [check.host, check.type === 'https' ? check.sni : undefined]
  }

  it('means the site and the certificate of that name, unless it names a host', () => {
    deepEqual(nameAndHost('type = "https"'), ['probe.example.net', 'probe.example.net'])
    deepEqual(nameAndHost('type = "https"', 'host = "www.example.org"'), ['www.example.org', undefined])
    deepEqual(nameAndHost('type = "https"', 'sni = "a.example.org"'), ['probe.example.net', 'a.example.org'])
    deepEqual(nameAndHost('type = "grpc"'), ['probe.example.net', undefined])
    deepEqual(nameAndHost('type = "grpc"', 'host = "shop"'), ['shop', undefined])
  })
})
