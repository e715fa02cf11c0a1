/** What an Active has on its machine besides its role: addresses, then routes, then rules. It goes in the other order. Pure. */
import { equalIp, formatIp, formatPrefix, isLinkLocal6 } from '../base/ip.js'
import type { AddressSpec, InterfaceState, RouteSpec, RuleSpec } from '../base/ports.js'
import type { VirtualAddress, VirtualRoute, VirtualRouterConfig } from '../config/model.js'
import type { Attachment } from './attachment.js'

export type Holding =
  | { readonly kind: 'address'; readonly on: InterfaceState; readonly address: AddressSpec }
  | { readonly kind: 'route'; readonly route: RouteSpec }
  | { readonly kind: 'rule'; readonly rule: RuleSpec }
  /** It cannot be had: there is no such interface. */
  | { readonly kind: 'missing'; readonly interface: string }

/** Metric of a route that any other goes before. */
const lastResort = 0x7fff_ffff

type Held = Pick<VirtualRouterConfig, 'addresses' | 'routes' | 'rules'>

/** Without the addresses that are this machine's own (RFC 9568's address owner): they neither come nor go. */
export function holdingsOf({ addresses, routes, rules }: Held, attachment: Attachment): readonly Holding[] {
  return [
    ...addresses.flatMap((address) => holdingOfAddress(address, attachment)),
    ...routes.map((route) => holdingOfRoute(route, attachment)),
    ...rules.map((rule): Holding => ({ kind: 'rule', rule })),
  ]
}

/** In the order in which they are to go: what the one has and the other has not. */
export function goneHoldings(before: readonly Holding[], after: readonly Holding[]): readonly Holding[] {
  const kept = new Set(after.map(keyOf))
  return before.filter((holding) => !kept.has(keyOf(holding))).reverse()
}

/** The interface of a name; without one, the router's own. */
export const interfaceOf = (
  { interface: own, interfaces }: Attachment,
  name: string | undefined,
): InterfaceState | undefined =>
  name === undefined || name === own.name ? own : interfaces.find((candidate) => candidate.name === name)

function holdingOfAddress(
  { interface: name, ...address }: VirtualAddress,
  attachment: Attachment,
): readonly Holding[] {
  if (attachment.owned.some((own) => equalIp(own, address.address))) return []
  const on = interfaceOf(attachment, name)
  // Its network is the parent's as well, by which everything is to go that can.
  const metric = attachment.parent && lastResort
  return [
    on
      ? { kind: 'address', on, address: metric ? { ...address, metric } : address }
      : { kind: 'missing', interface: name ?? '' },
  ]
}

function holdingOfRoute({ interface: name, ...route }: VirtualRoute, attachment: Attachment): Holding {
  const on = name === undefined && attachment.parent ? attachment.parent : interfaceOf(attachment, name)
  if (!on) return { kind: 'missing', interface: name ?? '' }
  // The kernel finds the gateway's interface, unless the gateway's address does not say where it is.
  const findsIt = route.via && !route.onlink && !isLinkLocal6(route.via)
  const interfaceIndex = name === undefined && findsIt ? undefined : on.index
  return { kind: 'route', route: { ...route, interfaceIndex } }
}

/** Two of one key are the same to the kernel. */
export function keyOf(holding: Holding): string {
  switch (holding.kind) {
    case 'address': {
      const { on, address } = holding
      return `${on.index} ${keyOfAddress(address)}`
    }
    case 'route':
      return keyOfRoute(holding.route)
    case 'rule':
      return keyOfRule(holding.rule)
    case 'missing':
      return `missing ${holding.interface}`
  }
}

export const keyOfAddress = (address: VirtualAddress): string =>
  [formatPrefix(address), address.label, address.scope ?? 'global', address.interface].join(' ')

export const keyOfRoute = (route: RouteSpec): string =>
  [
    formatPrefix(route.to),
    route.via && formatIp(route.via),
    route.interfaceIndex,
    route.source && formatIp(route.source),
    route.metric,
    route.table,
    // Of IPv6 there is none.
    route.to.address.family === 4 && route.scope,
    route.onlink,
  ].join(' ')

export const keyOfRule = (rule: RuleSpec): string =>
  [
    rule.family,
    rule.from && formatPrefix(rule.from),
    rule.to && formatPrefix(rule.to),
    rule.fwmark && `${rule.fwmark.value}/${rule.fwmark.mask}`,
    rule.interface,
    rule.table,
    rule.priority,
  ].join(' ')
