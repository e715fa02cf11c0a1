/** `routes` and `rules` of a virtual router: what comes and goes with the addresses. */
import { list } from '../collections.js'
import { interfaceName, ip, network, route } from '../network.js'
import { describe } from '../node.js'
import { quote } from '../printable.js'
import { defaulted, optional, required, type Schema } from '../schema.js'
import { table } from '../table.js'
import { flag, integer } from '../values.js'
import { scope } from './virtual-address.js'

const asIs = (value: number): number => value
const longest32 = 0xffff_ffff
/** RT_TABLE_MAIN (include/uapi/linux/rtnetlink.h). */
const mainTable = 254
const tableNumber = integer(1, longest32, asIs)

const routeTable = table(
  {
    to: required(route, 'The destination; "default" is everything.'),
    via: optional(ip(), 'The gateway.'),
    interface: optional(
      interfaceName,
      'Where it leaves; where the gateway is, or with the virtual addresses.',
    ),
    source: optional(ip(), 'Source address of what this machine sends by it.'),
    metric: optional(integer(1, longest32, asIs), 'The lowest one of a destination counts.'),
    table: defaulted(tableNumber, mainTable, 'Number of the routing table.'),
    scope: optional(scope, 'IPv4: "global" with a gateway, else "link".'),
    onlink: defaulted(flag, false, 'The gateway is on the link though no address says so.'),
  },
  {
    title: 'a virtual route',
    synonyms: { dev: 'interface', src: 'source', gateway: 'via', destination: 'to', priority: 'metric' },
  },
)

export interface Fwmark {
  readonly value: number
  readonly mask: number
}

/** As ip-rule(8) has it: `1`, or `"0x10/0xf0"` with a mask. */
const fwmark: Schema<Fwmark> = {
  expected: 'a number such as 1, or "0x10/0xf0" with a mask',
  json: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] },
  read(node, path, report) {
    const written = node.kind === 'integer' || node.kind === 'string' ? `${node.value}` : undefined
    const match = /^(\d+|0x[\da-f]+)(?:\/(\d+|0x[\da-f]+))?$/i.exec(written ?? '')
    const [value, mask] = [Number(match?.[1]), match?.[2] === undefined ? longest32 : Number(match[2])]
    if (match && value <= longest32 && mask <= longest32) return { value, mask }
    const message = node.kind === 'string' ? `${quote(node.value)} is not valid` : describe(node)
    report.error(path, node.kind === 'integer' ? `${node.value} is out of range` : message, {
      expected: fwmark.expected,
    })
    return undefined
  },
}

const ruleTable = table(
  {
    from: optional(network, 'Packets from there.'),
    to: optional(network, 'Packets to there.'),
    fwmark: optional(fwmark, 'Packets that the firewall has marked so.'),
    interface: optional(interfaceName, 'Packets that came in by it.'),
    table: required(tableNumber, 'Number of the routing table that they use.'),
    // 0 is the kernel's own rule for local addresses.
    priority: required(integer(1, 32_765, asIs), 'Place among the rules: the lowest is looked at first.'),
  },
  {
    title: 'a virtual rule',
    synonyms: { iif: 'interface', dev: 'interface', lookup: 'table', pref: 'priority' },
  },
)

export const routes = list(routeTable, {
  expected: 'a list such as [{ to = "default", via = "10.0.0.1" }]',
  atLeast: 0,
  atMost: 64,
})

export const rules = list(ruleTable, {
  expected: 'a list such as [{ from = "10.0.0.100", table = 100, priority = 1000 }]',
  atLeast: 0,
  atMost: 64,
})
