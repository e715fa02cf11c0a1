/** What to do about the interface that a router with a virtual MAC address needs. Pure. */
import { equalBytes } from '../../base/bytes.js'
import type { InterfaceState } from '../../base/ports.js'
import { type VirtualMacRouter, virtualInterfaceName, virtualMac } from './identity.js'
import { markOf } from './mark.js'

export type Plan =
  | { readonly do: 'create' }
  | { readonly do: 'use'; readonly interface: InterfaceState }
  /** Ours, but of another parent. */
  | { readonly do: 'remove'; readonly interface: InterfaceState }
  /** Somebody else's. */
  | { readonly do: 'refuse'; readonly reason: string }

export function planInterface(
  router: VirtualMacRouter,
  parent: InterfaceState,
  interfaces: readonly InterfaceState[],
): Plan {
  const name = virtualInterfaceName(router)
  if (parent.mac.length === 0)
    return { do: 'refuse', reason: `${parent.name} is no Ethernet and can have no virtual MAC address` }
  const there = interfaces.find((candidate) => candidate.name === name)
  if (!there) return { do: 'create' }
  const refuse = (why: string): Plan => ({ do: 'refuse', reason: `${name} exists and is not ours: ${why}` })
  if (!there.macvlan) return refuse('no macvlan')
  if (!equalBytes(there.mac, virtualMac(router))) return refuse(`its MAC address is ${formatMac(there.mac)}`)
  const mark = markOf(there)
  // A macvlan on a macvlan has the lower one's own parent in the kernel's books; the mark knows better.
  if (there.macvlan.parentIndex === parent.index || mark?.parent === parent.name)
    return { do: 'use', interface: there }
  return mark ? { do: 'remove', interface: there } : refuse(`it is not on ${parent.name}`)
}

/** Ours that no router has a use for. */
export function unwanted(
  routers: readonly VirtualMacRouter[],
  interfaces: readonly InterfaceState[],
): readonly InterfaceState[] {
  const names = new Set(routers.map(virtualInterfaceName))
  return interfaces.filter((candidate) => markOf(candidate) && !names.has(candidate.name))
}

const formatMac = (mac: Uint8Array): string =>
  [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
