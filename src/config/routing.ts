/** Virtual addresses, routes and rules: from the file's words to the model and, for the normal form, back. */
import { formatIp, formatPrefix, type IpAddress, type IpPrefix } from '../base/ip.js'
import type { VirtualAddress, VirtualRoute, VirtualRule } from './model.js'
import { given, type NormalTable } from './normal-table.js'
import type { CompleteOf } from './schema.js'
import type { routes, rules } from './tables/virtual-route.js'

export type RouteTable = CompleteOf<typeof routes>[number]
export type RuleTable = CompleteOf<typeof rules>[number]
type Family = IpAddress['family']

/** `family` is the router's. */
export const buildRoute =
  (family: Family) =>
  (route: RouteTable): VirtualRoute => ({
    to: route.to === 'default' ? everything(family) : route.to,
    via: route.via,
    interface: route.interface,
    source: route.source,
    metric: route.metric,
    table: route.table,
    scope: route.scope ?? (route.via ? 'global' : 'link'),
    onlink: route.onlink,
  })

export const buildRule =
  (family: Family) =>
  ({ from, to, fwmark, interface: where, table, priority }: RuleTable): VirtualRule => ({
    family,
    from,
    to,
    fwmark,
    interface: where,
    table,
    priority,
  })

const everything = (family: Family): IpPrefix => ({
  address: { family, bytes: new Uint8Array(family === 4 ? 4 : 16) },
  length: 0,
})

/** A string unless there is more to say. */
export function normalAddress(address: VirtualAddress): string | NormalTable {
  const { label, scope, interface: where } = address
  const prefix = formatPrefix(address)
  const plain = label === undefined && where === undefined && (scope === undefined || scope === 'global')
  return plain ? prefix : given({ address: prefix, label, scope, interface: where })
}

export const normalRoute = (route: VirtualRoute): NormalTable =>
  given({
    to: route.to.length === 0 ? 'default' : formatPrefix(route.to),
    via: route.via && formatIp(route.via),
    interface: route.interface,
    source: route.source && formatIp(route.source),
    metric: route.metric,
    table: route.table,
    scope: route.scope,
    onlink: route.onlink,
  })

export const normalRule = (rule: VirtualRule): NormalTable =>
  given({
    from: rule.from && formatPrefix(rule.from),
    to: rule.to && formatPrefix(rule.to),
    fwmark: rule.fwmark && `0x${rule.fwmark.value.toString(16)}/0x${rule.fwmark.mask.toString(16)}`,
    interface: rule.interface,
    table: rule.table,
    priority: rule.priority,
  })
