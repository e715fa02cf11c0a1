/** Files that are wrong, and every line that is said about each: `line:column: path: …`. */

import { badChecks } from './bad-checks.js'
import { ofRoles } from './bad-files-of-roles.js'
import { badServices } from './bad-services.js'
import { baseFile, changed, inserted } from './base-file.js'

export interface BadFile {
  readonly title: string
  readonly text: string | Uint8Array
  readonly problems: readonly string[]
}

const bad = (title: string, text: string | Uint8Array, ...problems: string[]): BadFile => ({
  title,
  text,
  problems,
})

/** A line of `[[virtual_router]]`, which becomes line 13. */
const router = (title: string, line: string, ...problems: string[]): BadFile =>
  bad(title, inserted(12, line), ...problems)

/** A line of `[[virtual_service]]`, which becomes line 17. */
const service = (title: string, line: string, ...problems: string[]): BadFile =>
  bad(title, inserted(16, line), ...problems)

/** Lines after the last table, from line 17. */
const tail = (title: string, lines: readonly string[], ...problems: string[]): BadFile =>
  bad(title, inserted(16, ...lines), ...problems)

/** What a check can be, as a problem lists it. */
const checkTypes =
  '"tcp", "http", "https", "tls", "icmp", "grpc", "dns", "udp", "smtp", "agent", "script", "none"'

const bytes = (before: string, ...middle: number[]): Uint8Array =>
  Buffer.concat([Buffer.from(before), Buffer.from(middle), Buffer.from('\n')])

/** Of version 2, whose interval is a second where it is left out. */
const shortLease =
  '9:1: virtual_router[0]: warning: a lease of 3s may end before the peer takes over: after a crash nobody would own the addresses, expected at least six times the advertisement_interval of 1s'

const notText: readonly BadFile[] = [
  bad('empty', '', '1:1: the file is empty, expected at least one [[director]]'),
  bad('only white space', ' \n\t\r\n', '1:1: the file is empty, expected at least one [[director]]'),
  bad('only a byte order mark', '\ufeff', '1:1: the file is empty, expected at least one [[director]]'),
  bad(
    'only comments',
    '# nothing\n',
    '1:1: "director" is missing, expected [[director]]',
    '1:1: there is nothing to do, expected at least one [[virtual_router]] or [[virtual_service]]',
  ),
  bad(
    'binary',
    bytes('\x7fELF\x02\x01', 0, 0, 0xff),
    '1:7: a NUL byte: this is not a text file, expected TOML in UTF-8',
  ),
  bad('not UTF-8', bytes('# ok\n# caf', 0xe9), '2:6: a byte that is not UTF-8, expected TOML in UTF-8'),
  bad(
    'not UTF-8 behind a real replacement character',
    bytes('\ufeff# \ufffd ', 0xc3),
    '1:5: a byte that is not UTF-8, expected TOML in UTF-8',
  ),
  bad(
    'UTF-16',
    Buffer.from('[pair]', 'utf16le'),
    '1:2: a NUL byte: this is not a text file, expected TOML in UTF-8',
  ),
  bad(
    'too large',
    new Uint8Array(4 * 1024 * 1024 + 1).fill(0x23),
    '1:1: the file has 4194305 bytes, expected at most 4194304 (4 MiB)',
  ),
]

const syntax: readonly BadFile[] = [
  bad(
    'a word without quotes',
    inserted(16, 'scheduler = wlc # weighted'),
    '17:13: unexpected "w", expected a value, did you mean "wlc"?',
  ),
  bad(
    'a duration without quotes',
    inserted(12, 'lease = 3s'),
    '13:10: unexpected "s", expected a value, did you mean "3s"?',
  ),
  bad(
    'a value is missing',
    changed('vrid = 51', 'vrid ='),
    '11:7: unexpected end of the line, expected a value: "text", a number, true, false, [list] or { table }',
  ),
  bad(
    'a string that is not closed',
    changed('"front"', '"front'),
    '10:14: unexpected end of the line, expected the closing quote on the same line',
  ),
  bad(
    'a header that is not closed',
    changed('[pair]', '[pair'),
    '7:6: unexpected end of the line, expected "," or "]"',
  ),
  bad(
    'a list that is not closed',
    changed('"10.0.0.22:80"]', '"10.0.0.22:80"'),
    '17:1: unexpected end of the file, expected "," or "]"',
  ),
  bad('no equals sign', changed('vrid = 51', 'vrid 51'), '11:6: unexpected "5", expected "=" after the key'),
  bad(
    "another program's file",
    'vrrp_instance front {\n  virtual_router_id 51\n}\n',
    '1:15: unexpected "f", expected "=" after the key',
  ),
  bad(
    'two keys on one line',
    changed('vrid = 51', 'vrid = 51 lease = "3s"'),
    '11:11: unexpected "l", expected the end of the line',
  ),
  bad('an unknown escape', changed('"front"', '"fr\\qont"'), '10:11: invalid escape sequence'),
  bad(
    'two syntax errors, and a wrong value between them',
    changed('name = "front"\nvrid = 51', 'name = front\nvrid = 300\npreempt = always'),
    '10:8: unexpected "f", expected a value, did you mean "front"?',
    '11:8: virtual_router[0].vrid: 300 is out of range, expected an integer from 1 to 255',
    '12:11: unexpected "a", expected a value, did you mean "always"?',
  ),
  tail(
    'nested without end',
    ['[control]', `group = ${'['.repeat(100_000)}`],
    '18:509: maximum nesting depth of 500 exceeded',
  ),
  bad('a key twice', inserted(11, 'vrid = 52'), '12:1: vrid is defined a second time'),
  bad('a table twice', inserted(8, '[pair]', 'port = 1'), '9:1: pair is defined a second time'),
  bad(
    'a list in two ways',
    inserted(16, '[[virtual_service.real_servers]]', 'address = "10.0.0.23:80"'),
    '17:1: virtual_service.real_servers is defined a second time',
  ),
]

const keys: readonly BadFile[] = [
  router(
    'a misspelt key',
    'advertisment_interval = "1s"',
    '13:1: virtual_router[0].advertisment_interval: unknown key, did you mean advertisement_interval?',
  ),
  router(
    'camel case',
    'preemptDelay = "1s"',
    '13:1: virtual_router[0].preemptDelay: unknown key, did you mean preempt_delay?',
  ),
  router(
    "keepalived's word",
    'advert_int = 1',
    '13:1: virtual_router[0].advert_int: unknown key, did you mean advertisement_interval?',
  ),
  router(
    'a key of another table',
    'scheduler = "rr"',
    '13:1: virtual_router[0].scheduler: unknown key, did you mean scheduler in [[virtual_service]]?',
  ),
  router('a key that resembles nothing', 'colour = "red"', '13:1: virtual_router[0].colour: unknown key'),
  router(
    'a key with an escape sequence',
    '"\\u001b[31m" = 1',
    '13:1: virtual_router[0]."\\u001b[31m": unknown key',
  ),
  router('__proto__', '__proto__ = 1', '13:1: virtual_router[0].__proto__: unknown key'),
  router('constructor', 'constructor = 1', '13:1: virtual_router[0].constructor: unknown key'),
  bad(
    'an unknown table',
    inserted(16, '[virtual_servise]'),
    '17:1: virtual_servise: unknown key, did you mean virtual_service?',
  ),
  bad(
    'an unknown key above every table',
    `port = 1\n${baseFile}`,
    '1:1: port: unknown key, did you mean port in [pair] or tunnel or a check?',
  ),
  bad(
    'one bracket too few',
    changed('[[virtual_router]]', '[virtual_router]'),
    '9:1: virtual_router: this is a table, expected [[virtual_router]], did you mean [[virtual_router]]?',
  ),
  bad(
    'one bracket too many',
    changed('[pair]', '[[pair]]'),
    '7:1: pair: this is a list of tables, expected a table, did you mean [pair]?',
  ),
  router(
    'accept',
    'accept = "no"',
    '13:10: virtual_router[0].accept: "no" is a string, expected true or false',
  ),
  router(
    'virtual_mac',
    'virtual_mac = "true"',
    '13:15: virtual_router[0].virtual_mac: "true" is a string, expected true or false, did you mean true?',
  ),
]

const later: readonly BadFile[] = [
  service(
    'a quorum of nobody',
    'quorum = 0',
    '17:10: virtual_service[0].quorum: 0 is out of range, expected an integer from 1 to 2147483647',
  ),
  service(
    'a quorum that all together cannot reach',
    'quorum = 150\nquorum_hysteresis = 100',
    '17:10: virtual_service[0].quorum: 150 and a hysteresis of 100 is more than all servers weigh, which is 200, expected at most 100',
  ),
  service(
    'a hysteresis that is no less than the quorum',
    'quorum_hysteresis = 1',
    '17:21: virtual_service[0].quorum_hysteresis: 1 is not less than the quorum of 1, expected quorum = 200 or so beside it',
  ),
  service(
    'a share in percent',
    'panic_threshold = 50',
    '17:19: virtual_service[0].panic_threshold: 50 is out of range, expected a share between 0 and 1 such as 0.5, did you mean 0.5?',
  ),
  service(
    'a share as text',
    'panic_threshold = "50%"',
    '17:19: virtual_service[0].panic_threshold: "50%" is a string, expected a share between 0 and 1 such as 0.5, did you mean 0.5?',
  ),
  tail(
    'kernel settings of other than the network',
    ['[ipvs]', 'sysctls = { "kernel.panic" = 1, "net.ipv4.vs.drop_entry" = true }'],
    '18:13: ipvs.sysctls."kernel.panic": "kernel.panic" is no name of a setting such as "net.ipv4.vs.drop_entry"',
    '18:60: ipvs.sysctls."net.ipv4.vs.drop_entry": true is a boolean, expected a whole number or text such as 1 or "0 1"',
  ),
  tail('drill', ['[drill]', 'duration = "30s"'], '17:1: drill: not supported by this version'),
  tail(
    'dashboard',
    ['[control]', 'http = "127.0.0.1:8850"'],
    '18:1: control.http: not supported by this version',
  ),
  tail(
    'rotation',
    ['[sync]', 'transport = "multicast"'],
    '18:13: sync.transport: "multicast" is not supported by this version, expected "unicast" or "off"',
  ),
]

const count = 'expected an integer from 1 to 255'
const durationOf = (from: string, to: string): string => `expected a duration from "${from}" to "${to}"`
const interval = `${durationOf('10ms', '255s')} in steps of "10ms"`

const values: readonly BadFile[] = [
  bad('vrid 300', changed('51', '300'), `11:8: virtual_router[0].vrid: 300 is out of range, ${count}`),
  bad('vrid 0', changed('51', '0'), `11:8: virtual_router[0].vrid: 0 is out of range, ${count}`),
  bad(
    'vrid as text',
    changed('51', '"51"'),
    `11:8: virtual_router[0].vrid: "51" is a string, ${count}, did you mean 51?`,
  ),
  bad(
    'vrid as a float',
    changed('51', '51.5'),
    `11:8: virtual_router[0].vrid: 51.5 is a floating-point number, ${count}`,
  ),
  bad(
    'vrid as a date',
    changed('51', '2024-05-01'),
    `11:8: virtual_router[0].vrid: this is a date or time, ${count}`,
  ),
  bad(
    'vrid beyond 64 bits',
    changed('51', '99999999999999999999'),
    '11:8: integer literal is outside the 64-bit signed integer range required by TOML',
  ),
  bad(
    'a name that is a number',
    changed('"front"', '1'),
    '10:8: virtual_router[0].name: 1 is an integer, expected a name of letters, digits, ".", "_" and "-" (at most 63), did you mean "1"?',
  ),
  bad(
    'a name with a space',
    changed('"front"', '"my front"'),
    '10:8: virtual_router[0].name: "my front" is not valid, expected a name of letters, digits, ".", "_" and "-" (at most 63)',
  ),
  router(
    'a duration as a number',
    'lease = 3',
    '13:9: virtual_router[0].lease: 3 is a number: durations are strings, e.g. "2s", expected a duration from "1s" to "1h" in steps of "1s", or "0s" (addresses never expire)',
  ),
  router(
    'a duration without unit',
    'advertisement_interval = "100"',
    `13:26: virtual_router[0].advertisement_interval: "100" is not a duration, ${interval}, did you mean "100ms"?`,
  ),
  router(
    'a duration in words',
    'advertisement_interval = "1 sec"',
    `13:26: virtual_router[0].advertisement_interval: "1 sec" is not a duration, ${interval}, did you mean "1s"?`,
  ),
  router(
    'an interval too short',
    'advertisement_interval = "5ms"',
    `13:26: virtual_router[0].advertisement_interval: "5ms" is out of range, ${interval}`,
  ),
  router(
    'an interval between centiseconds',
    'advertisement_interval = "15ms"',
    `13:26: virtual_router[0].advertisement_interval: "15ms" is between two steps, ${interval}`,
  ),
  router(
    'an interval too long',
    'advertisement_interval = "256s"',
    `13:26: virtual_router[0].advertisement_interval: "256s" is out of range, ${interval}`,
  ),
  router(
    'an interval too long for version 3',
    'advertisement_interval = "41s"',
    '9:1: virtual_router[0]: warning: a lease of 3s may end before the peer takes over: after a crash nobody would own the addresses, expected at least six times the advertisement_interval of 41s',
    '13:26: virtual_router[0].advertisement_interval: "41s" is out of range, expected at most "40s" with VRRP version 3',
  ),
  router(
    'a lease too short',
    'lease = "500ms"',
    '13:9: virtual_router[0].lease: "500ms" is out of range, expected a duration from "1s" to "1h" in steps of "1s", or "0s" (addresses never expire)',
  ),
  router(
    'an unknown word',
    'preempt = "allways"',
    '13:11: virtual_router[0].preempt: "allways" is not one of them, expected "when_synced", "always", "never", did you mean "always"?',
  ),
  router(
    'an interface name too long',
    'interface = "enp0s31f6.vlan4000"',
    '13:13: virtual_router[0].interface: "enp0s31f6.vlan4000" is not valid, expected an interface name such as "eth0" (at most 15 characters)',
  ),
  router('garp as a number', 'garp = 5', '13:8: virtual_router[0].garp: 5 is an integer, expected a table'),
  router(
    'a key within garp',
    'garp = { counts = 5 }',
    '13:10: virtual_router[0].garp.counts: unknown key, did you mean count?',
  ),
  bad(
    'addresses as text',
    changed('["10.0.0.100/24"]', '"10.0.0.100/24"'),
    '12:13: virtual_router[0].addresses: "10.0.0.100/24" is a string, expected a list of addresses such as ["10.0.0.100/24"]',
  ),
  bad(
    'no addresses',
    changed('["10.0.0.100/24"]', '[]'),
    '12:13: virtual_router[0].addresses: the list is empty, expected a list of addresses such as ["10.0.0.100/24"]',
  ),
  bad(
    'an address without prefix length',
    changed('"10.0.0.100/24"', '"10.0.0.100"'),
    '12:14: virtual_router[0].addresses[0]: "10.0.0.100" has no prefix length, expected an address with prefix length such as "10.0.0.100/24", did you mean "10.0.0.100/24"?',
  ),
  bad(
    'an address out of range',
    changed('"10.0.0.100/24"', '"10.0.0.256/24"'),
    '12:14: virtual_router[0].addresses[0]: "10.0.0.256/24" is not valid, expected an address with prefix length such as "10.0.0.100/24"',
  ),
  bad(
    'a prefix out of range',
    changed('"10.0.0.100/24"', '"10.0.0.100/33"'),
    '12:14: virtual_router[0].addresses[0]: "10.0.0.100/33" is not valid, expected an address with prefix length such as "10.0.0.100/24"',
  ),
  bad(
    'the address of a network',
    changed('"10.0.0.100/24"', '"10.0.0.0/24"'),
    '12:14: virtual_router[0].addresses[0]: "10.0.0.0/24" names a network, expected the address of a host in it',
  ),
  bad(
    'a broadcast address',
    changed('"10.0.0.100/24"', '"10.0.0.255/24"'),
    `12:14: virtual_router[0].addresses[0]: "10.0.0.255/24" is its network's broadcast address, expected the address of a host in it`,
  ),
  bad(
    'a multicast address',
    changed('"10.0.0.100/24"', '"224.0.0.18/24"'),
    `12:14: virtual_router[0].addresses[0]: "224.0.0.18/24" is a multicast address, expected one machine's address`,
  ),
  bad(
    "a director's address with a port",
    changed('"10.0.0.12"', '"10.0.0.12:8849"'),
    '6:11: director[1].address: "10.0.0.12:8849" is not valid, expected an address such as "10.0.0.11" or "2001:db8::11", did you mean "10.0.0.12"?',
  ),
  bad(
    "a director's address with a prefix length",
    changed('"10.0.0.12"', '"10.0.0.12/24"'),
    '6:11: director[1].address: "10.0.0.12/24" is not valid, expected an address such as "10.0.0.11" or "2001:db8::11", did you mean "10.0.0.12"?',
  ),
  bad(
    'a service without port',
    changed('"10.0.0.100:80"', '"10.0.0.100"'),
    '15:11: virtual_service[0].address: "10.0.0.100" has no port, expected address and port such as "10.0.0.100:80", "[2001:db8::100]:80" or "10.0.0.100:8000-8010", did you mean "10.0.0.100:80"?',
  ),
  bad(
    'a port out of range',
    changed('"10.0.0.22:80"', '"10.0.0.22:70000"'),
    '16:33: virtual_service[0].real_servers[1]: "10.0.0.22:70000" is not valid, expected address and port such as "10.0.0.21:80" or "[2001:db8::21]:80"',
  ),
  bad(
    'a weight out of range',
    changed('"10.0.0.22:80"', '{ address = "10.0.0.22:80", weight = 65536 }'),
    '16:70: virtual_service[0].real_servers[1].weight: 65536 is out of range, expected an integer from 0 to 65535',
  ),
  bad(
    'a server as a number',
    changed('"10.0.0.22:80"', '22'),
    '16:33: virtual_service[0].real_servers[1]: 22 is an integer, expected address and port such as "10.0.0.21:80" or "[2001:db8::21]:80", or a table with name, address, weight …',
  ),
  service(
    'an unknown scheduler',
    'scheduler = "wlcc"',
    '17:13: virtual_service[0].scheduler: "wlcc" is not one of them, expected "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos", did you mean "wlc"?',
  ),
  service(
    'a check without type',
    'check = { interval = "1s" }',
    `17:9: virtual_service[0].check: "type" is missing, expected ${checkTypes}`,
  ),
  service(
    'a check as text',
    'check = "tcp"',
    '17:9: virtual_service[0].check: "tcp" is a string, expected a check such as { type = "tcp" }',
  ),
  service(
    'an unknown check',
    'check = { type = "htp" }',
    `17:18: virtual_service[0].check.type: "htp" is not one of them, expected ${checkTypes}, did you mean "http"?`,
  ),
  service(
    'a path for a TCP check',
    'check = { type = "tcp", path = "/" }',
    '17:25: virtual_service[0].check.path: unknown key, did you mean path in an http check or an https check?',
  ),
  service(
    'nothing to send, and a pattern that is none',
    'check = { type = "tcp", send = "", expect = "(" }',
    '17:32: virtual_service[0].check.send: "" is not valid, expected 1 to 4096 characters to send, such as "PING\\r\\n"',
    '17:45: virtual_service[0].check.expect: Invalid regular expression: /(/: Unterminated group, expected a regular expression',
  ),
  service(
    'no checks',
    'check = []',
    '17:9: virtual_service[0].check: the list is empty, expected a check, or { type = "none" } for none',
  ),
  service(
    'a fast interval that is slow',
    'check = { type = "tcp", fast_interval = "2s" }',
    '17:41: virtual_service[0].check.fast_interval: longer than the interval, expected at most 1s',
  ),
  service(
    'a fast interval that is slow, in a list',
    'check = [{ type = "tcp", fast_interval = "100ms" }, { type = "tcp", interval = "500ms", fast_interval = "1s" }]',
    '17:105: virtual_service[0].check[1].fast_interval: longer than the interval, expected at most 500ms',
  ),
  service(
    'none beside a check',
    'check = [{ type = "tcp" }, { type = "none" }]',
    '17:28: virtual_service[0].check[1]: "none" beside other checks, expected it alone, or without it',
  ),
  service(
    'a status that is a number',
    'check = { type = "http", status = 200 }',
    '17:35: virtual_service[0].check.status: 200 is an integer, expected status codes such as "200", "200-399" or "200-299,404", did you mean "200"?',
  ),
  service(
    'a status range backwards',
    'check = { type = "http", status = "399-200" }',
    '17:35: virtual_service[0].check.status: "399-200" is not valid, expected status codes such as "200", "200-399" or "200-299,404"',
  ),
  service(
    'a broken regular expression',
    'check = { type = "http", body = "(" }',
    '17:33: virtual_service[0].check.body: Invalid regular expression: /(/: Unterminated group, expected a regular expression',
  ),
  service(
    'a header that splits the request',
    'check = { type = "http", headers = { "X-A" = "b\\r\\nHost: c" } }',
    '17:46: virtual_service[0].check.headers.X-A: "b\\r\\nHost: c" is not valid, expected text without line breaks',
  ),
  service(
    'the name of a header',
    'check = { type = "http", headers = { "X A" = "b" } }',
    '17:38: virtual_service[0].check.headers."X A": not the name of a header',
  ),
  tail(
    'no process at all',
    ['[healthcheck]', 'processes = 0'],
    '18:13: healthcheck.processes: 0 is out of range, expected an integer from 1 to 64',
  ),
  tail(
    'a word for a number of processes',
    ['[healthcheck]', 'processes = "all"'],
    '18:13: healthcheck.processes: "all" is a string, expected "auto", or an integer from 1 to 64',
  ),
  tail(
    'socket mode as a number',
    ['[control]', 'mode = 660'],
    '18:8: control.mode: 660 is an integer, expected permission bits as a string such as "0660", did you mean "660"?',
  ),
  tail(
    'socket mode with an 8',
    ['[control]', 'mode = "0680"'],
    '18:8: control.mode: "0680" is not valid, expected permission bits as a string such as "0660"',
  ),
  bad(
    'a relative key file',
    changed('"/etc/vipair/pair.key"', '"pair.key"'),
    '8:12: pair.key_file: "pair.key" is not valid, expected an absolute path',
  ),
  bad(
    'priority 255',
    inserted(3, 'priority = 255'),
    '4:12: director[0].priority: 255 is out of range, expected an integer from 1 to 254',
  ),
]

const rules: readonly BadFile[] = [
  bad(
    'a name is missing',
    changed('name = "front"\n', ''),
    '9:1: virtual_router[0]: "name" is missing, expected a name of letters, digits, ".", "_" and "-" (at most 63)',
  ),
  bad(
    'three directors',
    inserted(6, '[[director]]', 'name = "lb3"', 'address = "10.0.0.13"'),
    '7:1: director[2]: 3 are given, expected at most 2',
  ),
  bad(
    'two directors of one name',
    changed('"lb2"', '"lb1"'),
    '5:8: director[1].name: two directors of one name: see director[0].name in line 2',
  ),
  bad(
    'two directors at one address',
    changed('"10.0.0.12"', '"10.0.0.11"'),
    '6:11: director[1].address: two directors at one address: see director[0].address in line 3',
  ),
  bad(
    'no key',
    changed('key_file = "/etc/vipair/pair.key"', ''),
    '7:1: pair: "key_file" is missing: two directors need it for virtual_router with transport "udp" and sync with transport "unicast", expected an absolute path to a key made by `vipair keygen`',
  ),
  bad(
    'two routers of one name, VRID and address',
    inserted(12, '[[virtual_router]]', 'name = "front"', 'vrid = 51', 'addresses = ["10.0.0.100/32"]'),
    '14:8: virtual_router[1].name: two virtual routers of one name: see virtual_router[0].name in line 10',
    '15:8: virtual_router[1].vrid: two virtual routers of one VRID and one family on one interface: see virtual_router[0].vrid in line 11',
    '16:14: virtual_router[1].addresses[0]: this address is used twice: see virtual_router[0].addresses[0] in line 12',
  ),
  ...(['udp', 'unicast'] as const).map((transport) =>
    bad(
      `one VRID on two interfaces over ${transport}`,
      inserted(
        12,
        ...[`transport = "${transport}"`, '[[virtual_router]]', 'name = "back"', 'vrid = 51'],
        ...['interface = "eth1"', `transport = "${transport}"`, 'addresses = ["10.1.0.100/24"]'],
      ),
      `16:8: virtual_router[1].vrid: two virtual routers of one VRID and one family over ${transport}: see virtual_router[0].vrid in line 11, expected another vrid`,
    ),
  ),
  router(
    'version 2 over UDP',
    'version = 2',
    shortLease,
    '13:11: virtual_router[0].version: version 2 is for other VRRP routers, transport "udp" is not, expected transport "multicast" or "unicast", or version 3',
  ),
  router('version 4', 'version = 4', '13:11: virtual_router[0].version: 4 is an integer, expected 2 or 3'),
  bad(
    'version 2 in milliseconds',
    inserted(12, 'version = 2', 'transport = "multicast"', 'advertisement_interval = "500ms"'),
    '15:26: virtual_router[0].advertisement_interval: "500ms" cannot be told by VRRP version 2, expected whole seconds from "1s" to "255s"',
  ),
  bad(
    'version 2 of IPv6',
    inserted(12, 'version = 2', 'transport = "multicast"').replace('10.0.0.100/24', 'fe80::100/64'),
    shortLease,
    '13:11: virtual_router[0].version: VRRP version 2 knows IPv4 only, expected 3',
    '17:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100',
  ),
  bad(
    'a password in version 3',
    inserted(12, 'transport = "multicast"', 'authentication = { type = "simple", password = "secret" }'),
    '14:1: virtual_router[0].authentication: VRRP version 3 has no authentication, expected transport "udp", which authenticates everything, or version 2',
  ),
  bad(
    'a password that is too long',
    inserted(
      12,
      'version = 2',
      'transport = "multicast"',
      'authentication = { type = "simple", password = "ninebytes" }',
    ),
    shortLease,
    '15:48: virtual_router[0].authentication.password: this is not valid, expected a password of 1 to 8 printable ASCII characters',
  ),
  bad(
    'two families in one router',
    changed('"10.0.0.100/24"', '"10.0.0.100/24", "2001:db8::1/64"'),
    '12:31: virtual_router[0].addresses[1]: IPv6 in an IPv4 router, expected addresses of one family: a second virtual_router may have the same vrid',
  ),
  bad(
    'IPv6 told to an IPv4 address',
    inserted(12, 'transport = "unicast"').replace('10.0.0.100/24', 'fe80::100/64'),
    '13:13: virtual_router[0].transport: 10.0.0.11 cannot be told of IPv6, expected directors with IPv6 addresses, or another transport',
    '16:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100',
  ),
  bad(
    'more IPv6 addresses than a packet of protocol 112 holds',
    inserted(12, 'transport = "multicast"').replace(
      '"10.0.0.100/24"',
      Array.from({ length: 91 }, (_, i) => `"fe80::${i + 1}/64"`).join(', '),
    ),
    '12:1355: virtual_router[0].addresses[90]: 91 IPv6 addresses fill several packets, expected at most 90, or transport "udp"',
    '16:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.100',
  ),
  bad(
    'directors of two families',
    changed('"10.0.0.12"', '"2001:db8::12"'),
    '6:11: director[1].address: IPv6 beside an IPv4 director, expected two addresses of one family',
  ),
  bad(
    'a director at a link-local address',
    changed('"10.0.0.12"', '"fe80::12"').replace('"10.0.0.11"', '"2001:db8::11"'),
    '6:11: director[1].address: fe80::12 is a link-local address, expected an address that means the same machine on every interface',
  ),
  router(
    'two address owners',
    'priority = { lb1 = 255, lb2 = 255 }',
    '13:12: virtual_router[0].priority: two owners of one address, expected 255 for one director only',
  ),
  router(
    'a priority beyond the address owner',
    'priority = { lb1 = 256 }',
    '13:20: virtual_router[0].priority.lb1: 256 is out of range, expected an integer from 1 to 255',
  ),
  router(
    'a priority for nobody',
    'priority = { lb3 = 10 }',
    '13:14: virtual_router[0].priority.lb3: no director is called "lb3", expected "lb1" or "lb2", did you mean "lb1"?',
  ),
  router(
    'a tracked thing of no kind',
    'track = [{ gatway = "10.0.0.1" }]',
    '13:10: virtual_router[0].track[0]: none of "gateway", "script", "file", "process", "services", "interface" is there, expected a table such as { interface = "eth1" } or { gateway = "10.0.0.1" }, did you mean gateway?',
  ),
  router(
    'a relative script, a weight of 0 and a hanging timeout',
    'track = [{ script = ["check.sh"], weight = 0, user = "root" }, { script = "/bin/true" }]',
    '13:22: virtual_router[0].track[0].script[0]: "check.sh" is not an absolute path, expected an absolute path: no shell and no PATH look it up',
    '13:44: virtual_router[0].track[0].weight: 0 is out of range, expected an integer from -253 to 253 other than 0',
    '13:54: virtual_router[0].track[0].user: warning: the script runs as root, expected a user of its own',
    '13:75: virtual_router[0].track[1].script: "/bin/true" is a string, expected a program and its arguments such as ["/usr/lib/vipair/check", "--fast"]',
  ),
  router(
    'tracked twice',
    'track = [{ gateway = "10.0.0.1" }, { gateway = "10.0.0.1", weight = -10 }]',
    '13:36: virtual_router[0].track[1]: two tracked things of one name: see virtual_router[0].track[0] in line 13',
  ),
  router(
    'a router that is its own gateway',
    'track = [{ gateway = "10.0.0.100" }, { file = "run", weight_from_content = "yes" }]',
    '13:22: virtual_router[0].track[0].gateway: 10.0.0.100 is an address of this router, expected the address of another machine',
    '13:47: virtual_router[0].track[1].file: "run" is not valid, expected an absolute path',
    '13:76: virtual_router[0].track[1].weight_from_content: "yes" is a string, expected true or false',
  ),
  router(
    'a weight and the weight in the file',
    'track = [{ file = "/run/weight", weight_from_content = true, weight = -30 }]',
    '13:71: virtual_router[0].track[0].weight: the weight is in the file, expected weight or weight_from_content, not both',
  ),
  bad(
    'services to compare and nobody to compare with',
    changed('[[director]]\nname = "lb2"\naddress = "10.0.0.12"\n', '').replace(
      'vrid = 51',
      'vrid = 51\ntrack = [{ services = false }, { services = true, weight = 30 }]',
    ),
    '9:23: virtual_router[0].track[0].services: false is a boolean, expected true',
    '9:32: virtual_router[0].track[1]: two tracked things of one name: see virtual_router[0].track[0] in line 9',
    '9:32: virtual_router[0].track[1]: there is no peer that could see more servers, expected two directors',
    '9:60: virtual_router[0].track[1].weight: 30 is out of range, expected an integer from -253 to -1',
  ),
  bad(
    'a path with one end',
    changed('"10.0.0.12"', '"10.0.0.12"\naddresses = ["10.1.0.12"]'),
    '1:1: director[0]: 0 further addresses, and 1 in the other director, expected as many: the n-th of both make a path',
  ),
  bad(
    'a path between two families, and a path that is the address',
    changed('"10.0.0.12"', '"10.0.0.12"\naddresses = ["10.1.0.12", "10.0.0.12"]').replace(
      '"10.0.0.11"',
      '"10.0.0.11"\naddresses = ["2001:db8::11", "10.2.0.11"]',
    ),
    '8:14: director[1].addresses[0]: IPv4, and director[0].addresses[0] is IPv6, expected addresses of one family: they make a path',
    '8:27: director[1].addresses[1]: two directors at one address: see director[1].address in line 7',
  ),
  tail(
    'two services of one name and address',
    ['[[virtual_service]]', 'name = "web"', 'address = "10.0.0.100:80"', 'real_servers = ["10.0.0.23:80"]'],
    '18:8: virtual_service[1].name: two virtual services of one name: see virtual_service[0].name in line 14',
    '19:11: virtual_service[1].address: two virtual services on one protocol, address and port: see virtual_service[0].address in line 15',
  ),
  bad(
    'a server twice',
    changed('"10.0.0.22:80"', '"10.0.0.21:80"'),
    '16:33: virtual_service[0].real_servers[1]: two real servers at one address and port: see virtual_service[0].real_servers[0] in line 16',
  ),
  bad(
    'two servers of one name',
    changed(
      '["10.0.0.21:80", "10.0.0.22:80"]',
      '[{ name = "a", address = "10.0.0.21:80" }, { name = "a", address = "10.0.0.22:80" }]',
    ),
    '16:68: virtual_service[0].real_servers[1].name: two real servers of one name: see virtual_service[0].real_servers[0].name in line 16',
  ),
  bad(
    'direct forwarding to another port',
    changed('"10.0.0.22:80"', '"10.0.0.22:8080"'),
    '16:33: virtual_service[0].real_servers[1]: direct forwarding cannot change port 80 to 8080, expected port 80, or forwarding = "nat"',
  ),
  bad(
    'direct forwarding of one server of a NAT service',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "nat"\nreal_servers = ["10.0.0.21:81", { address = "10.0.0.22:81", forwarding = "direct" }]',
    ),
    '17:45: virtual_service[0].real_servers[1].address: direct forwarding cannot change port 80 to 81, expected port 80, or forwarding = "nat"',
  ),
  bad(
    'a server of the other family',
    changed('"10.0.0.22:80"', '"[2001:db8::22]:80"'),
    '16:33: virtual_service[0].real_servers[1]: IPv6 behind an IPv4 service, expected addresses of one family, or forwarding = "tunnel"',
  ),
  bad(
    'NAT beside full NAT',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "full_nat"\nreal_servers = ["10.0.0.21:81", { address = "10.0.0.22:81", forwarding = "nat" }]',
    ),
    '17:33: virtual_service[0].real_servers[1]: "nat" beside "full_nat" in one service, expected one of them for all servers, the sorry server included',
  ),
  bad(
    'a NAT sorry server of a full NAT service',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "full_nat"\nsorry_server = { address = "10.0.0.23:80", forwarding = "nat" }\nreal_servers = ["10.0.0.21:80"]',
    ),
    '17:16: virtual_service[0].sorry_server: "nat" beside "full_nat" in one service, expected one of them for all servers, the sorry server included',
  ),
  bad(
    'a full NAT sorry server of a NAT service',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "nat"\nsorry_server = { address = "10.0.0.23:80", forwarding = "full_nat" }\nreal_servers = ["10.0.0.21:80"]',
    ),
    '17:16: virtual_service[0].sorry_server: "full_nat" beside "nat" in one service, expected one of them for all servers, the sorry server included',
  ),
  bad(
    'full NAT of what no failover keeps',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "full_nat"\nprotocol = "sctp"\ncheck = { type = "none" }\ninitial = "maybe"\nreal_servers = ["10.0.0.21:81"]',
    ),
    '17:12: virtual_service[0].protocol: warning: full NAT of SCTP: its sessions end with their director',
    '19:11: virtual_service[0].initial: "maybe" is not one of them, expected "up" or "down"',
  ),
  bad(
    'NAT whose gateway stays where it is',
    changed(
      'real_servers = ["10.0.0.21:80", "10.0.0.22:80"]',
      'forwarding = "nat"\nreal_servers = ["10.1.0.21:80", "10.1.0.22:80"]\ninitial = "maybe"',
    ),
    '17:17: virtual_service[0].real_servers[0]: warning: NAT: nothing on the network of 10.1.0.21 moves with 10.0.0.100, expected the gateway of the servers among the addresses of the virtual_router, or of one in its group; or forwarding = "full_nat"',
    '18:11: virtual_service[0].initial: "maybe" is not one of them, expected "up" or "down"',
  ),
  bad(
    'a service that serves itself',
    changed('"10.0.0.22:80"', '"10.0.0.100:80"'),
    `16:33: virtual_service[0].real_servers[1]: the service's own address, expected the address of another machine`,
  ),
  bad(
    'nothing to do',
    baseFile.split('\n').slice(0, 8).join('\n'),
    '1:1: there is nothing to do, expected at least one [[virtual_router]] or [[virtual_service]]',
  ),
  bad(
    'everything at once',
    changed('vrid = 51', 'vrid = 300\nlease = 3\ncolour = "red"')
      .replace('"lb2"', '"lb1"')
      .replace('10.0.0.22:80', '10.0.0.22:8080'),
    '5:8: director[1].name: two directors of one name: see director[0].name in line 2',
    '11:8: virtual_router[0].vrid: 300 is out of range, expected an integer from 1 to 255',
    '12:9: virtual_router[0].lease: 3 is a number: durations are strings, e.g. "2s", expected a duration from "1s" to "1h" in steps of "1s", or "0s" (addresses never expire)',
    '13:1: virtual_router[0].colour: unknown key',
    '18:33: virtual_service[0].real_servers[1]: direct forwarding cannot change port 80 to 8080, expected port 80, or forwarding = "nat"',
  ),
]

export const badFiles: Readonly<Record<string, readonly BadFile[]>> = {
  'not a text': notText,
  syntax,
  keys,
  'keys of later versions': later,
  values,
  'rules between tables': rules,
  'what comes and goes with a role': ofRoles,
  'kinds of service': badServices,
  'checks over HTTP and TLS': badChecks,
}
