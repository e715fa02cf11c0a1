import { deepEqual } from 'node:assert/strict'
import { normalCheck } from '../../src/config/check.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import type { Json } from '../../src/config/schema.js'
import { baseFile, inserted } from './base-file.js'

/** The check of a file that says so. */
function checkOf(check: string) {
  const parsed = parseConfig(inserted(16, `check = ${check}`))
  if (!parsed.ok) throw new Error(parsed.error.map((problem) => formatProblem('f', problem)).join('\n'))
  return parsed.value.config.virtualServices[0]?.realServers[0]?.checks[0]
}

/** What is said about it, without the place of the check itself. */
function problemsOf(check: string): readonly string[] {
  const parsed = parseConfig(inserted(16, `check = ${check}`))
  const problems = parsed.ok ? parsed.value.warnings : parsed.error
  return problems.map((problem) =>
    formatProblem('f', problem).replace(/^f:17:\d+: virtual_service\[0\]\./, ''),
  )
}

/** As TOML writes it within a line. */
function inline(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key} = ${inline(inner)}`)
    .join(', ')} }`
}

const common = {
  interval: 1000,
  fastInterval: undefined,
  timeout: 1000,
  rise: 2,
  fall: 3,
  address: undefined,
  port: undefined,
  bind: undefined,
}

describe('kinds of checks', () => {
  const good: readonly (readonly [check: string, model: object])[] = [
    ['{ type = "agent", port = 9707 }', { ...common, type: 'agent', port: 9707, send: undefined }],
    [
      '{ type = "agent", port = 9707, send = "state\\n" }',
      { ...common, type: 'agent', port: 9707, send: 'state\n' },
    ],
    ['{ type = "smtp" }', { ...common, type: 'smtp', helo: undefined }],
    ['{ type = "smtp", helo = "lb1.example.org" }', { ...common, type: 'smtp', helo: 'lb1.example.org' }],
    [
      '{ type = "smtp", helo = "[IPv6:2001:db8::1]" }',
      { ...common, type: 'smtp', helo: '[IPv6:2001:db8::1]' },
    ],
    [
      '{ type = "udp", send = "ping" }',
      { ...common, type: 'udp', send: 'ping', expect: undefined, requireReply: true },
    ],
    [
      '{ type = "udp", send = { hex = "00 FF" }, expect = { hex = "01" }, require_reply = false }',
      { ...common, type: 'udp', send: { hex: '00ff' }, expect: { hex: '01' }, requireReply: false },
    ],
    [
      '{ type = "dns", name = "www.example.org" }',
      {
        ...common,
        type: 'dns',
        name: 'www.example.org',
        record: 'A',
        rcode: 'NOERROR',
        expect: undefined,
        transport: 'udp',
      },
    ],
    [
      '{ type = "dns", name = ".", record = "NS", rcode = "REFUSED", expect = "x", transport = "tcp" }',
      { ...common, type: 'dns', name: '.', record: 'NS', rcode: 'REFUSED', expect: 'x', transport: 'tcp' },
    ],
    ['{ type = "grpc" }', { ...common, type: 'grpc', service: '', host: undefined }],
    [
      '{ type = "grpc", service = "shop.v1.Cart", host = "cart" }',
      { ...common, type: 'grpc', service: 'shop.v1.Cart', host: 'cart' },
    ],
    ['{ type = "icmp" }', { ...common, type: 'icmp', size: 56 }],
    ['{ type = "icmp", size = 1472 }', { ...common, type: 'icmp', size: 1472 }],
  ]
  for (const [check, model] of good) it(check, () => deepEqual(checkOf(check), model))

  const bad: readonly (readonly [check: string, problem: string])[] = [
    ['{ type = "agent" }', 'check: "port" is missing, expected an integer from 1 to 65535'],
    [
      '{ type = "agent", port = 9707, agent_send = "x" }',
      'check.agent_send: unknown key, did you mean send?',
    ],
    [
      '{ type = "agent", port = 9707, send = "" }',
      'check.send: "" is not valid, expected text of up to 1,024 characters',
    ],
    ['{ type = "smtp", helo_name = "x" }', 'check.helo_name: unknown key, did you mean helo?'],
    [
      '{ type = "smtp", helo = "x\\r\\nMAIL FROM:<>" }',
      'check.helo: "x\\r\\nMAIL FROM:<>" is not valid, expected a host name, or an address as "[10.0.0.11]"',
    ],
    [
      '{ type = "udp" }',
      'check: "send" is missing, expected text of up to 1,024 characters, or { hex = "00ff" }',
    ],
    [
      '{ type = "udp", send = { hex = "0" } }',
      'check.send.hex: these are not, expected bytes in hexadecimal such as "00ff", up to 1,024 of them',
    ],
    [
      '{ type = "udp", send = {} }',
      'check.send: "hex" is missing, expected bytes in hexadecimal such as "00ff", up to 1,024 of them',
    ],
    [
      '{ type = "udp", send = "x", expect = "(" }',
      'check.expect: Invalid regular expression: /(/: Unterminated group, expected a regular expression',
    ],
    [
      '{ type = "dns" }',
      'check: "name" is missing, expected a domain name such as "www.example.org", or "."',
    ],
    [
      '{ type = "dns", name = "a..b" }',
      'check.name: "a..b" is not valid, expected a domain name such as "www.example.org", or "."',
    ],
    ['{ type = "dns", name = "a", query_type = "A" }', 'check.query_type: unknown key, did you mean record?'],
    [
      '{ type = "dns", name = "a", record = "a" }',
      'check.record: "a" is not one of them, expected "A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", did you mean "A"?',
    ],
    [
      '{ type = "grpc", service = "a b" }',
      'check.service: "a b" is not valid, expected the name of a service such as "shop.v1.Cart"',
    ],
    ['{ type = "grpc", authority = "a" }', 'check.authority: unknown key, did you mean host?'],
    [
      '{ type = "icmp", port = 80 }',
      'check.port: unknown key, did you mean port in [pair] or tunnel or a check?',
    ],
    ['{ type = "icmp", size = 8 }', 'check.size: 8 is out of range, expected an integer from 16 to 65000'],
  ]
  for (const [check, problem] of bad) it(check, () => deepEqual(problemsOf(check), [problem]))

  it('of a host need no port, where a server has none', () => {
    const many = (check: string) =>
      parseConfig(
        `${baseFile.replace('0.100:80"', '0.100:0"').replaceAll(/(\.2\d):80"/g, '$1"')}persistence = "5m"\ncheck = ${check}\n`,
      )
    const problems = (check: string) => {
      const parsed = many(check)
      return parsed.ok ? [] : parsed.error.map(({ message }) => message)
    }
    deepEqual(problems('{ type = "icmp" }'), [])
    deepEqual(problems('{ type = "smtp" }').slice(0, 1), ['no port to check 10.0.0.21 on'])
  })

  it('are the same again when they are written out', () => {
    for (const [check, model] of good) {
      const config = checkOf(check)
      deepEqual(config && checkOf(inline(normalCheck(config))), model)
    }
  })
})
