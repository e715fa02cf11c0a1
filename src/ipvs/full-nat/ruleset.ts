/**
 * The nf_tables tables that full NAT needs, exactly as `nft list table` prints them, so that what is there can
 * be told from what should be.
 *
 * IPVS turns the destination; these rules turn the source, to the virtual address itself: it floats with the
 * service, and its port is the client's wherever that is free, so that whoever holds the address translates a
 * connection as the one before did. The other condition leaves out what is not balanced but passed on.
 *
 * The chain `input` drops a server's answer that belongs to no known connection: the kernel would reset it,
 * although the director that has just taken over may learn of that connection a moment later.
 */
import { compareIp, formatIp } from '../../base/ip.js'
import { type EndpointTarget, type FullNatTarget, type MarkTarget, targetFamily } from './targets.js'

/** In every network namespace there is at most one IPVS table, and one of these of each family. */
export const tableName = 'vipair'

export type TableFamily = 'ip' | 'ip6'
export const tableFamilies: readonly TableFamily[] = ['ip', 'ip6']

/** Undefined where no service needs it. */
export function wantedTable(family: TableFamily, targets: readonly FullNatTarget[]): string | undefined {
  const ours = targets.filter((target) => targetFamily(target) === (family === 'ip' ? 4 : 6))
  if (ours.length === 0) return undefined
  const ends = ours.filter((target) => target.kind === 'ports')
  const marks = ours.filter((target) => target.kind === 'fwmark')
  const translations = [
    ...sorted(ends.map((target) => translate(family, target))),
    ...sorted(marks.map((target) => translateMarked(family, target))),
  ]
  const guards = sorted(byAddress(ends).flatMap((group) => guard(family, group)))
  return [
    `table ${family} ${tableName} {`,
    ...chain('postrouting', 'type nat hook postrouting priority srcnat; policy accept;', translations),
    ...(guards.length === 0
      ? []
      : ['', ...chain('input', 'type filter hook input priority filter; policy accept;', guards)]),
    '}',
    '',
  ].join('\n')
}

/** Replaces the table, or removes it, in one transaction; harmless when it is already so. */
export function replaceTable(family: TableFamily, wanted: string | undefined): string {
  // Added first: deleting one that is not there would fail the transaction.
  return `table ${family} ${tableName}\ndelete table ${family} ${tableName}\n${wanted ?? ''}`
}

type PortRange = Pick<EndpointTarget, 'firstPort' | 'lastPort'>

const sorted = (lines: readonly string[]): readonly string[] => [...new Set(lines)].sort()

const chain = (name: string, hook: string, rules: readonly string[]): readonly string[] => [
  `\tchain ${name} {`,
  `\t\t${hook}`,
  ...rules.map((rule) => `\t\t${rule}`),
  '\t}',
]

function translate(family: TableFamily, { address, protocol, firstPort, lastPort }: EndpointTarget): string {
  const virtual = formatIp(address)
  const to = firstPort === 0 ? '' : ` ct original proto-dst ${range(firstPort, lastPort)}`
  return `ct original ${family} daddr ${virtual} ct protocol ${protocol}${to} ${family} daddr != ${virtual} snat to ${virtual}`
}

function translateMarked(family: TableFamily, { mark, servers }: MarkTarget): string {
  const to = oneOf([...new Set([...servers].sort(compareIp).map(formatIp))])
  const hex = `0x${mark.toString(16).padStart(8, '0')}`
  return `meta mark ${hex} ${family} daddr ${to} snat to ct original ${family} daddr`
}

/** Of all services of one protocol and address; one on all ports leaves none that an answer could not be for. */
function guard(family: TableFamily, targets: readonly EndpointTarget[]): readonly string[] {
  const [first] = targets
  if (!first || targets.some(({ firstPort }) => firstPort === 0)) return []
  const virtual = formatIp(first.address)
  // A server without a port answers from the one that the client asked for.
  const from = targets.flatMap((target) =>
    target.serverPorts.map((port) => (port === 0 ? target : { firstPort: port, lastPort: port })),
  )
  const both = `${first.protocol} sport ${oneOf(merged(from))} ${first.protocol} dport != ${oneOf(merged(targets))}`
  return [`ct state new ${family} daddr ${virtual} ${both} drop`]
}

function byAddress(targets: readonly EndpointTarget[]): readonly (readonly EndpointTarget[])[] {
  const groups = new Map<string, EndpointTarget[]>()
  for (const target of targets) {
    const key = `${target.protocol} ${formatIp(target.address)}`
    groups.set(key, [...(groups.get(key) ?? []), target])
  }
  return [...groups.values()]
}

const range = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`)
const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? (values[0] ?? '') : `{ ${values.join(', ')} }`

/** As ranges that do not overlap. */
function merged(all: readonly PortRange[]): readonly string[] {
  const ranges: { first: number; last: number }[] = []
  for (const { firstPort, lastPort } of [...all].sort((a, b) => a.firstPort - b.firstPort)) {
    const before = ranges.at(-1)
    if (before && firstPort <= before.last) before.last = Math.max(before.last, lastPort)
    else ranges.push({ first: firstPort, last: lastPort })
  }
  return ranges.map(({ first, last }) => range(first, last))
}
