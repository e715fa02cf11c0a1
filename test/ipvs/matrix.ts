/**
 * A file with every kind of virtual service: protocol x family x forwarding method x persistence, with all
 * schedulers and their flags dealt out over them, and what does not fit into a product. One director, so that
 * families may be mixed.
 */

export const modules = [
  ...['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'],
].map((name) => `ip_vs_${name}`)

const schedulers: readonly (readonly string[])[] = [
  ...['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf'].map((name) => [name]),
  ...['sh', 'mh'].flatMap((name) => [
    [name],
    [name, `${name}-port`],
    [name, `${name}-fallback`],
    [name, `${name}-port`, `${name}-fallback`],
  ]),
]

const protocols = ['tcp', 'udp', 'sctp', 'fwmark'] as const
const families = [4, 6] as const
const methods = [
  'forwarding = "direct"',
  'forwarding = "nat"',
  'forwarding = "tunnel"',
  'forwarding = "tunnel"\ntunnel = { type = "gue", port = 6080 }',
  'forwarding = "tunnel"\ntunnel = { type = "gue", port = 6081, checksum = true }',
  'forwarding = "tunnel"\ntunnel = { type = "gue", port = 6082, checksum = "remote" }',
  'forwarding = "tunnel"\ntunnel = { type = "gre" }',
  'forwarding = "tunnel"\ntunnel = { type = "gre", checksum = true }',
] as const
const persistences = ['', 'persistence = "5m"', 'persistence = "90s"\npersistence_netmask = '] as const

const host = (family: 4 | 6, last: number): string =>
  family === 4 ? `10.9.${last >> 8}.${last & 255}` : `2001:db8:9::${last.toString(16)}`
const endpoint = (family: 4 | 6, last: number, port: string | number): string =>
  family === 4 ? `${host(4, last)}:${port}` : `[${host(6, last)}]:${port}`

/** One `[[virtual_service]]` that all tests can name: `m17`. */
function* product(): Generator<string> {
  let n = 0
  for (const protocol of protocols)
    for (const family of families)
      for (const method of methods)
        for (const persistence of persistences) yield combination(n++, protocol, family, method, persistence)
}

function combination(
  n: number,
  protocol: (typeof protocols)[number],
  family: 4 | 6,
  method: string,
  persistence: string,
): string {
  const port = 1000 + n
  const mark = protocol === 'fwmark'
  const address = mark
    ? `fwmark = ${n + 1}\nfamily = "ipv${family}"`
    : `address = "${endpoint(family, 1, port)}"\nprotocol = "${protocol}"`
  const [scheduler, ...flags] = schedulers[n % schedulers.length] ?? []
  const netmask = persistence.endsWith('= ') ? (family === 4 ? '"255.255.255.0"' : '64') : ''
  const udp = protocol === 'udp'
  const thresholds = n % 3 === 0 ? ', upper_threshold = 900, lower_threshold = 100' : ''
  const weight = [100, 0, 65535, 1][n % 4]
  const at = (last: number) => (mark ? host(family, last) : endpoint(family, last, port))
  return `
[[virtual_service]]
name = "m${n}"
${address}
scheduler = "${scheduler}"
scheduler_flags = ${JSON.stringify(flags)}
one_packet = ${udp && n % 2 === 0 && !method.includes('nat')}
${method}
${persistence}${netmask}
${udp && persistence !== '' && n % 2 === 1 ? 'persistence_engine = "sip"' : ''}
check = { type = "none" }
real_servers = [
  { address = "${at(21)}", weight = ${weight}${thresholds} },
  "${at(22)}",
]
`
}

const mixed = (name: string, family: 4 | 6, port: number, tunnel: string): string => `
[[virtual_service]]
name = "${name}"
address = "${endpoint(family, 2, port)}"
forwarding = "tunnel"
tunnel = ${tunnel}
check = { type = "none" }
real_servers = [
  "${endpoint(family === 4 ? 6 : 4, 21, port)}",
  { address = "${endpoint(family, 22, port)}", forwarding = "direct" },
]
`

const tunnels = ['{ type = "ipip" }', '{ type = "gue", port = 6080 }', '{ type = "gre" }']

/** What does not fit into the product. */
function* others(): Generator<string> {
  for (const family of families)
    for (const [i, tunnel] of tunnels.entries()) yield mixed(`mixed${family}${i}`, family, 100 + i, tunnel)
  for (const family of families)
    for (const protocol of ['tcp', 'udp', 'sctp'])
      yield `
[[virtual_service]]
name = "all-${protocol}${family}"
address = "${endpoint(family, 3, 0)}"
protocol = "${protocol}"
persistence = "1h"
check = { type = "none" }
real_servers = ["${host(family, 21)}", { address = "${host(family, 22)}", forwarding = "nat" }]
`
  for (const family of families)
    yield `
[[virtual_service]]
name = "range${family}"
address = "${endpoint(family, 4, '8000-8003')}"
check = { type = "none" }
real_servers = ["${host(family, 21)}", { address = "${endpoint(family, 22, 80)}", forwarding = "nat" }]

[[virtual_service]]
name = "sorry${family}"
address = "${endpoint(family, 5, 80)}"
forwarding = "nat"
check = { type = "none" }
real_servers = [{ address = "${endpoint(family, 21, 8080)}", weight = 0 }]
sorry_server = "${endpoint(family, 30, 8081)}"

[[virtual_service]]
name = "full-nat${family}"
address = "${endpoint(family, 6, 80)}"
forwarding = "full_nat"
check = { type = "none" }
real_servers = ["${endpoint(family, 21, 8080)}"]
`
}

export const combinations: number = [...product(), ...others()].length

export const matrixFile = `
[[director]]
name = "lb1"
address = "10.0.0.11"
${[...product(), ...others()].join('')}`
