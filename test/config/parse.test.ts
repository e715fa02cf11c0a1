import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { formatEndpoint, formatIp, formatPrefix } from '../../src/base/ip.js'
import { formatCheckAddress } from '../../src/config/host-name.js'
import type { Config } from '../../src/config/model.js'
import { parseConfig, type ValidConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import { formatServiceAddress } from '../../src/config/service-address.js'
import { baseFile, changed, inserted } from './base-file.js'

function valid(text: string | Uint8Array): ValidConfig {
  const result = parseConfig(text)
  if (!result.ok) throw new Error(result.error.map((problem) => formatProblem('f', problem)).join('\n'))
  return result.value
}

const parse = (text: string): Config => valid(text).config
const warningsOf = (text: string): readonly string[] =>
  valid(text).warnings.map((problem) => formatProblem('f', problem).slice(2))

function known<T>(value: T | undefined): T {
  ok(value !== undefined)
  return value
}

describe('a valid file', () => {
  it('gets every default', () => {
    const config = parse(baseFile)
    deepEqual(config.pair, { name: 'vipair', keyFile: '/etc/vipair/pair.key', port: 8849 })
    deepEqual(
      config.directors.map(({ address, ...rest }) => ({ ...rest, address: formatIp(address) })),
      [
        { name: 'lb1', addresses: [], priority: 150, id: 1, address: '10.0.0.11' },
        { name: 'lb2', addresses: [], priority: 100, id: 2, address: '10.0.0.12' },
      ],
    )
    const [router] = config.virtualRouters
    deepEqual(
      { ...router, addresses: router?.addresses.map(formatPrefix) },
      {
        name: 'front',
        vrid: 51,
        interface: undefined,
        addresses: ['10.0.0.100/24'],
        transport: 'udp',
        version: 3,
        checksum: 'pseudo_header',
        password: undefined,
        advertisementInterval: 100,
        preempt: 'when_synced',
        preemptDelay: 0,
        group: undefined,
        lease: 3000,
        garp: { count: 5, interval: 200, refresh: 10_000 },
        priority: {},
        routes: [],
        rules: [],
        track: [],
        accept: true,
        virtualMac: false,
      },
    )
    const [service] = config.virtualServices
    equal(service && formatServiceAddress(service.address), '10.0.0.100:80')
    const { address: _, realServers = [], ...rest } = service ?? {}
    deepEqual(rest, {
      name: 'web',
      protocol: 'tcp',
      scheduler: 'wlc',
      schedulerFlags: [],
      onePacket: false,
      forwarding: 'direct',
      persistence: undefined,
      persistenceNetmask: undefined,
      persistenceEngine: undefined,
      sorryServer: undefined,
      onDown: 'quiesce',
      drainTimeout: 30_000,
      slowStart: undefined,
      quorum: 1,
      quorumHysteresis: 0,
      panicThreshold: undefined,
      initial: 'up',
    })
    const tcp = {
      type: 'tcp',
      interval: 1000,
      fastInterval: undefined,
      timeout: 1000,
      rise: 2,
      fall: 3,
      address: undefined,
      port: undefined,
      bind: undefined,
      send: undefined,
      expect: undefined,
      through: 'address',
    }
    deepEqual(
      realServers.map(({ endpoint, ...server }) => ({ ...server, endpoint: formatEndpoint(endpoint) })),
      ['10.0.0.21:80', '10.0.0.22:80'].map((address) => ({
        name: address,
        endpoint: address,
        weight: 100,
        forwarding: 'direct',
        tunnel: undefined,
        upperThreshold: 0,
        lowerThreshold: 0,
        checks: [tcp],
      })),
    )
    deepEqual(config.sync, { transport: 'unicast' })
    deepEqual(config.ipvs, {
      onExit: 'keep',
      manage: 'declared',
      reconcileInterval: 10_000,
      sysctls: {},
      timeouts: { tcp: undefined, tcpFin: undefined, udp: undefined },
    })
    deepEqual(config.control, { group: undefined, mode: 0o660 })
    deepEqual(config.log, { level: 'info', format: 'text' })
  })

  it('gets what is tracked, each with a name', () => {
    const text = baseFile.replace(
      'vrid = 51',
      `vrid = 51
track = [
  { interface = "eth1", weight = -30 },
  { script = ["/usr/lib/check", "-q"], interval = "5s", timeout = "3s", user = "monitor", name = "link" },
  { file = "/run/weight", weight_from_content = true },
  { process = "/usr/sbin/named", pid_file = "/run/named.pid", rise = 1, fall = 1 },
  { gateway = "10.0.0.1", interface = "eth0", weight = 20 },
  { services = true },
]`,
    )
    const [router] = parse(text).virtualRouters
    deepEqual(
      router?.track.map((track) =>
        'address' in track && track.kind === 'gateway'
          ? { ...track, address: formatIp(track.address) }
          : track,
      ),
      [
        { kind: 'interface', name: 'interface eth1', weight: -30, interface: 'eth1', address: undefined },
        {
          kind: 'script',
          name: 'link',
          weight: undefined,
          command: ['/usr/lib/check', '-q'],
          timeout: 3000,
          user: 'monitor',
          interval: 5000,
          rise: 2,
          fall: 3,
        },
        {
          kind: 'file',
          name: 'file /run/weight',
          weight: undefined,
          path: '/run/weight',
          weightFromContent: true,
          interval: 1000,
        },
        {
          kind: 'process',
          name: 'process named',
          weight: undefined,
          program: '/usr/sbin/named',
          pidFile: '/run/named.pid',
          interval: 1000,
          rise: 1,
          fall: 1,
        },
        {
          kind: 'gateway',
          name: 'gateway 10.0.0.1',
          weight: 20,
          address: '10.0.0.1',
          interface: 'eth0',
          interval: 1000,
          rise: 2,
          fall: 3,
        },
        { kind: 'services', name: 'services', weight: -60, hold: 2000, perServer: false },
      ],
    )
  })

  it('has no warnings', () => deepEqual(warningsOf(baseFile), []))

  it('may begin with a byte order mark and end its lines with CR LF', () => {
    equal(parse(`\ufeff${baseFile.replaceAll('\n', '\r\n')}`).hash, parse(baseFile).hash)
  })

  it('needs no key when nothing is said on the pair port', () => {
    const text = changed('key_file = "/etc/vipair/pair.key"', '')
      .replace('vrid = 51', 'vrid = 51\ntransport = "multicast"')
      .concat('[sync]\ntransport = "off"\n')
    equal(parse(text).pair.keyFile, undefined)
  })

  it('needs no key for a single director', () => {
    const single = baseFile.split('\n').toSpliced(3, 5).join('\n')
    equal(parse(single).directors.length, 1)
  })

  it('may write what a later version lets one change', () => {
    const text = inserted(12, 'version = 3', 'driver = "address"')
    equal(parse(text).hash, parse(baseFile).hash)
  })

  it('may have virtual MAC addresses, and accept nothing', () => {
    const [router] = parse(inserted(12, 'accept = false', 'virtual_mac = true')).virtualRouters
    deepEqual([router?.accept, router?.virtualMac], [false, true])
  })

  it('speaks version 2 once a second, or with a password each few seconds', () => {
    const version2 = ['version = 2', 'transport = "multicast"']
    const [plain] = parse(inserted(12, ...version2)).virtualRouters
    deepEqual([plain?.version, plain?.advertisementInterval, plain?.password], [2, 1000, undefined])
    const authentication = 'authentication = { type = "simple", password = "secret" }'
    const text = inserted(12, ...version2, authentication, 'advertisement_interval = "255s"', 'lease = "0s"')
    const [secret] = parse(text).virtualRouters
    deepEqual([secret?.advertisementInterval, secret?.password], [255_000, 'secret'])
  })

  it('may have one vrid for IPv4 and for IPv6, and directors with IPv6 addresses', () => {
    const second = ['[[virtual_router]]', 'name = "front6"', 'vrid = 51', 'addresses = ["2001:db8::100/64"]']
    equal(parse(inserted(12, ...second)).virtualRouters.length, 2)
    const six = baseFile.replace('"10.0.0.11"', '"2001:db8::11"').replace('"10.0.0.12"', '"2001:db8::12"')
    deepEqual(
      parse(six).directors.map(({ address }) => formatIp(address)),
      ['2001:db8::11', '2001:db8::12'],
    )
  })

  it('warns of one vrid on two interfaces when one of them is not named', () => {
    const of = (first: readonly string[], second: readonly string[]): readonly string[] => {
      const back = ['[[virtual_router]]', 'name = "back"', 'vrid = 51', 'addresses = ["10.1.0.100/24"]']
      return warningsOf(inserted(12, ...first, ...back, ...second))
        .filter((line) => line.includes('.vrid'))
        .map((line) => line.replace(/^\d+:8: /, ''))
    }
    const multicast = 'transport = "multicast"'
    const unicast = 'transport = "unicast"'
    const eth = (n: number): string => `interface = "eth${n}"`
    deepEqual(of([multicast, eth(0)], [multicast, eth(1)]), [])
    deepEqual(of([unicast, eth(1)], []), [])
    const said = [
      "virtual_router[1].vrid: warning: the VRID of virtual_router[0], perhaps on one interface, expected another vrid, unless the directors' own addresses are on another interface than the other's",
    ]
    deepEqual(of([multicast], [multicast, eth(1)]), said)
    deepEqual(of([multicast, eth(1)], [multicast]), said)
    deepEqual(of([multicast, eth(1)], [unicast, eth(2)]), said)
  })

  it('warns of a gateway that is on no network of the file', () => {
    const of = (line: string): readonly string[] => warningsOf(inserted(12, line))
    const far = 'is in no network of the directors or the virtual addresses'
    deepEqual(of('track = [{ gateway = "8.8.8.8" }]'), [
      `13:22: virtual_router[0].track[0].gateway: warning: 8.8.8.8 ${far}, expected a neighbour of the directors, or the "interface" that it is on`,
    ])
    deepEqual(of('routes = [{ to = "default", via = "8.8.8.8" }]'), [
      `13:35: virtual_router[0].routes[0].via: warning: 8.8.8.8 ${far}, expected a neighbour of the directors, the "interface" that it is on, or onlink = true`,
    ])
    for (const line of [
      'track = [{ gateway = "10.0.0.1" }]',
      'track = [{ gateway = "8.8.8.8", interface = "eth1" }]',
      'track = [{ gateway = "fe80::1", interface = "eth0" }]',
      'routes = [{ to = "default", via = "10.0.0.1" }]',
      'routes = [{ to = "default", via = "8.8.8.8", interface = "eth1" }]',
      'routes = [{ to = "default", via = "8.8.8.8", onlink = true }]',
    ])
      deepEqual(of(line), [], line)
    const elsewhere = changed('"10.0.0.100/24"', '"10.0.0.100/24", "192.0.2.9/28"')
    deepEqual(warningsOf(`${elsewhere}\n[[virtual_router.track]]\ngateway = "192.0.2.1"`).length, 0)
  })

  it('warns of a lease that is short for the interval that version 2 has by default', () => {
    const two = ['transport = "multicast"', 'version = 2']
    deepEqual(warningsOf(inserted(12, ...two)), [
      '9:1: virtual_router[0]: warning: a lease of 3s may end before the peer takes over: after a crash nobody would own the addresses, expected at least six times the advertisement_interval of 1s',
    ])
    deepEqual(warningsOf(inserted(12, ...two, 'lease = "6s"')), [])
  })

  it('warns of tracked scripts that the machine would refuse, where it is asked', () => {
    const text = inserted(12, 'track = [{ script = ["/usr/bin/absent"] }]')
    const asked: string[] = []
    const result = parseConfig(text, (path) => {
      asked.push(path)
      return `script ${path}: ENOENT`
    })
    deepEqual(asked, ['/usr/bin/absent'])
    deepEqual(
      result.ok ? result.value.warnings.map((problem) => formatProblem('f', problem)) : result.error,
      [
        'f:13:22: virtual_router[0].track[0].script[0]: warning: this machine would not run it: script /usr/bin/absent: ENOENT, expected the file on each director, before vipair starts',
      ],
    )
    deepEqual(warningsOf(text), [])
  })

  it('warns when other routers may miss the link-local address', () => {
    const text = inserted(12, 'transport = "multicast"')
    const of6 = (addresses: string): readonly string[] =>
      warningsOf(text.replace('"10.0.0.100/24"', addresses)).filter((line) =>
        line.includes('virtual_router['),
      )
    deepEqual(of6('"2001:db8::100/64"'), [
      '12:13: virtual_router[0].addresses: warning: no link-local address among them, expected one such as "fe80::100/64", which other VRRP routers may insist on (RFC 9568 section 5.2.9)',
    ])
    deepEqual(of6('"2001:db8::100/64", "fe80::100/64"'), [])
  })

  it('takes priorities for a router by director', () => {
    deepEqual(parse(inserted(12, 'priority = { lb2 = 200 }')).virtualRouters[0]?.priority, { lb2: 200 })
  })

  it('turns "0s" into never', () => {
    const [router] = parse(inserted(12, 'lease = "0s"', 'garp.refresh = "0s"')).virtualRouters
    equal(router?.lease, undefined)
    equal(router?.garp.refresh, undefined)
    equal(router?.garp.count, 5)
  })
})

describe('checks', () => {
  const checksOf = (...lines: string[]) =>
    parse(inserted(16, ...lines)).virtualServices[0]?.realServers.map(({ checks }) => checks)

  it('of type none leave the list empty', () => {
    deepEqual(checksOf('check = { type = "none" }'), [[], []])
  })

  it('of a server replace those of the service', () => {
    const text = changed(
      '"10.0.0.22:80"',
      '{ address = "10.0.0.22:80", check = [{ type = "tcp", port = 8080 }] }',
    )
    const servers = parse(text.concat('check = { type = "none" }\n')).virtualServices[0]?.realServers
    deepEqual(
      servers?.map(({ checks }) => checks.map(({ port }) => port)),
      [[], [8080]],
    )
  })

  it('go to another machine by address or by name, and then ask for the site of that name', () => {
    const [checks = []] =
      checksOf(
        'check = [{ type = "tcp", address = "2001:DB8::5" }, { type = "http", address = "DB.example.net." },',
        '  { type = "http", address = "db.example.net", host = "www" }]',
      ) ?? []
    deepEqual(
      checks.map(({ address }) => address && formatCheckAddress(address)),
      ['2001:db8::5', 'db.example.net', 'db.example.net'],
    )
    deepEqual(
      checks.map((check) => (check.type === 'http' ? check.host : undefined)),
      [undefined, 'db.example.net', 'www'],
    )
  })

  it('over HTTP have every default', () => {
    deepEqual(checksOf('check = { type = "http" }')?.[0], [
      {
        type: 'http',
        interval: 1000,
        fastInterval: undefined,
        timeout: 1000,
        rise: 2,
        fall: 3,
        address: undefined,
        port: undefined,
        bind: undefined,
        path: '/',
        method: 'GET',
        host: undefined,
        headers: {},
        status: [{ from: 200, to: 399 }],
        body: undefined,
        bodySha256: undefined,
        weightHeader: undefined,
        proxyProtocol: undefined,
      },
    ])
  })

  it('over HTTP take lists of status codes and headers', () => {
    const [check] =
      checksOf('check = { type = "http", status = "200-299, 404", headers = { X-Probe = "vipair" } }')?.[0] ??
      []
    ok(check?.type === 'http')
    deepEqual(check.status, [
      { from: 200, to: 299 },
      { from: 404, to: 404 },
    ])
    deepEqual(check.headers, { 'X-Probe': 'vipair' })
  })

  it('over TCP take what to send, as TOML writes it, and what to expect', () => {
    const text = 'check = { type = "tcp", send = "PING\\r\\n", expect = "^\\\\+PONG" }'
    const [check] = checksOf(text)?.[0] ?? []
    ok(check?.type === 'tcp')
    deepEqual([check.send, check.expect], ['PING\r\n', '^\\+PONG'])
  })

  it('are several in one list', () => {
    const checks = checksOf('check = [{ type = "tcp" }, { type = "http", path = "/ready" }]')?.[0]
    deepEqual(
      checks?.map(({ type }) => type),
      ['tcp', 'http'],
    )
  })

  it('are none for UDP unless the file names one', () => {
    deepEqual(checksOf('protocol = "udp"'), [[], []])
  })
})

describe('a warning leaves the file valid', () => {
  const cases: readonly (readonly [title: string, text: string, warning: string])[] = [
    [
      'equal priorities',
      inserted(3, 'priority = 100'),
      '10:1: virtual_router[0]: warning: both directors have priority 100: the higher address will win every election, expected two different priorities',
    ],
    [
      'equal priorities by the table of a router',
      inserted(12, 'priority = { lb1 = 90, lb2 = 90 }'),
      '9:1: virtual_router[0]: warning: both directors have priority 90: the higher address will win every election, expected two different priorities',
    ],
    [
      'a lease shorter than a failover',
      inserted(12, 'advertisement_interval = "2s"', 'lease = "4s"'),
      '14:9: virtual_router[0].lease: warning: a lease of 4s may end before the peer takes over: after a crash nobody would own the addresses, expected at least six times the advertisement_interval of 2s',
    ],
    [
      'an address that nobody holds',
      changed('"10.0.0.100:80"', '"10.0.0.200:80"'),
      '15:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.200',
    ],
    [
      'UDP without a check',
      inserted(16, 'protocol = "udp"'),
      '13:1: virtual_service[0]: warning: no check: the servers of a UDP service count as healthy, expected check = { type = "none" } to say so, or a check with a port',
    ],
    [
      'a control socket for everybody',
      inserted(16, '[control]', 'mode = "0666"'),
      '18:8: control.mode: warning: everybody on this machine may command the daemon, expected a mode that ends in 0',
    ],
  ]
  for (const [title, text, warning] of cases) it(title, () => deepEqual(warningsOf(text), [warning]))
})

describe('what comes and goes with a role', () => {
  const router = (...lines: string[]) => known(parse(inserted(12, ...lines)).virtualRouters[0])

  it('an address with label, scope and interface is an address all the same', () => {
    const text = '{ address = "10.0.0.100/24", label = "eth1:vip", scope = "link", interface = "eth1" }'
    const [address] = known(parse(changed('"10.0.0.100/24"', text)).virtualRouters[0]).addresses
    deepEqual(
      { ...address, address: formatPrefix(known(address)) },
      {
        address: '10.0.0.100/24',
        length: 24,
        label: 'eth1:vip',
        scope: 'link',
        interface: 'eth1',
      },
    )
  })

  it('a route gets its defaults', () => {
    const { routes } = router(
      'routes = [{ to = "default", via = "10.0.0.1" }, { to = "10.1.0.0/16", metric = 5 }]',
    )
    deepEqual(
      routes.map(({ to, via, ...rest }) => ({ to: formatPrefix(to), via: via && formatIp(via), ...rest })),
      [
        { to: '0.0.0.0/0', via: '10.0.0.1', scope: 'global', metric: undefined },
        { to: '10.1.0.0/16', via: undefined, scope: 'link', metric: 5 },
      ].map((route) => ({ ...route, interface: undefined, source: undefined, table: 254, onlink: false })),
    )
  })

  it('a rule takes a mark with and without a mask', () => {
    const { rules } = router(
      'rules = [{ fwmark = 7, table = 1, priority = 2 }, { fwmark = "0x10/0xf0", table = 1, priority = 2 }]',
    )
    deepEqual(
      rules.map(({ fwmark }) => fwmark),
      [
        { value: 7, mask: 0xffff_ffff },
        { value: 16, mask: 240 },
      ],
    )
  })

  it("a director's own address has the owner's priority", () => {
    const text = inserted(12, 'transport = "multicast"').replace('10.0.0.100/24', '10.0.0.11/24')
    deepEqual(parse(text).virtualRouters[0]?.priority, { lb1: 255 })
  })
})

describe('the hash', () => {
  const hash = (text: string): string => parse(text).hash

  it('is 16 hex digits', () => ok(/^[0-9a-f]{16}$/.test(hash(baseFile))))

  it('does not see comments, order, short forms and defaults written out', () => {
    const other = `# the same
[[virtual_service]]
address = "10.0.0.100:80"
name = "web" # web
scheduler = "wlc"
check = { type = "tcp", interval = "1000ms" }
[[virtual_service.real_servers]]
address = "10.0.0.22:80"
weight = 100
[[virtual_service.real_servers]]
address = "10.0.0.21:80"
name = "10.0.0.21:80"
[[virtual_router]]
vrid = 51
addresses = ["10.0.0.100/24"]
name = "front"
[[director]]
name = "lb1"
address = "10.0.0.11"
priority = 150
[[director]]
name = "lb2"
address = "10.0.0.12"
[pair]
port = 8849
key_file = "/etc/vipair/pair.key"
[sync]
`
    equal(hash(other), hash(baseFile))
  })

  it('sees a change of anything', () => {
    const texts = [
      changed('51', '52'),
      changed('10.0.0.100/24', '10.0.0.100/25'),
      changed('10.0.0.22:80', '10.0.0.23:80'),
      changed('"lb2"', '"lb3"'),
      changed('pair.key', 'other.key'),
      inserted(12, 'lease = "4s"'),
      inserted(12, 'garp.refresh = "1m"'),
      changed('"10.0.0.100/24"', '{ address = "10.0.0.100/24", label = "eth0:vip" }'),
      inserted(12, 'routes = [{ to = "default", via = "10.0.0.1" }]'),
      inserted(12, 'routes = [{ to = "default", via = "10.0.0.1", metric = 5 }]'),
      inserted(12, 'rules = [{ from = "10.0.0.100", table = 100, priority = 1000 }]'),
      inserted(16, 'persistence = "5m"'),
      inserted(16, 'check = { type = "tcp", fall = 2 }'),
      inserted(16, 'check = { type = "http" }'),
      inserted(16, '[log]', 'level = "debug"'),
      inserted(16, '[ipvs]', 'on_exit = "flush"'),
    ]
    equal(new Set([baseFile, ...texts].map(hash)).size, texts.length + 1)
  })

  it('sees the order of the directors: it is their sync ids', () => {
    const lines = baseFile.split('\n')
    equal(
      hash([...lines.slice(3, 6), ...lines.slice(0, 3), ...lines.slice(6)].join('\n')) === hash(baseFile),
      false,
    )
  })
})

describe('the files in configs/', () => {
  for (const name of ['minimal', 'pair-dr', 'pair-nat', 'services', 'checks']) {
    it(`${name}.toml is valid, without warnings`, () => {
      deepEqual(valid(readFileSync(`configs/${name}.toml`)).warnings, [])
    })
  }
})
