/** Which of the addresses that are there at a start may be kept, and which may not stay as they are. Pure. */
import { equalIp, formatPrefix } from '../base/ip.js'
import type { AddressState, InterfaceState } from '../base/ports.js'
import { type Millis, millis } from '../base/units.js'
import type { VirtualAddress, VirtualRouterConfig } from '../config/model.js'
import type { Attachment, LinkView } from './attachment.js'
import { type Holding, interfaceOf } from './holdings.js'
import type { Resumed } from './setting.js'

/** A living Active is heard within one interval; and over the pair link after a handshake. */
const slack = { multicast: 50, udp: 250 } as const

/**
 * How long to listen before the addresses are adopted, when all are still there and the router was Active a
 * moment ago: its parent says so, or the lease that only an Active has.
 */
export function adoption(
  resumed: Resumed | undefined,
  config: VirtualRouterConfig,
  attachment: Attachment,
  view: LinkView,
): { readonly adoptAfter?: Millis } {
  const wasActive = resumed?.active.includes(config.name) ?? false
  const kept = config.addresses.every((address) =>
    foundOf(address, attachment, view).some((found) => wasActive || hasLease(found, config)),
  )
  const more = config.transport === 'udp' ? slack.udp : slack.multicast
  return kept ? { adoptAfter: millis(config.advertisementInterval * 1.5 + more) } : {}
}

const hasLease = ({ validSeconds }: AddressState, { lease }: VirtualRouterConfig): boolean =>
  lease !== undefined && validSeconds !== undefined && validSeconds <= Math.ceil(lease / 1000)

/**
 * What is there of the virtual addresses with another prefix length, label or scope than the file's: it
 * would be left behind, for the kernel changes none of them in an address that it has.
 */
export function misfits(
  { addresses }: VirtualRouterConfig,
  attachment: Attachment,
  view: LinkView,
): readonly Holding[] {
  return addresses.flatMap((address) => {
    const on = interfaceOf(attachment, address.interface)
    if (!on || attachment.owned.some((own) => equalIp(own, address.address))) return []
    return foundOf(address, attachment, view)
      .filter((found) => !fits(found, address, on))
      .map(({ prefix }): Holding => ({ kind: 'address', on, address: prefix }))
  })
}

/**
 * Virtual addresses that somebody put here without end although the router leases them, as text: they belong to
 * whoever is Active, and come and go with the role from now on.
 */
export function permanents(
  { addresses, lease }: VirtualRouterConfig,
  attachment: Attachment,
  view: LinkView,
): readonly string[] {
  if (lease === undefined) return []
  return addresses
    .filter(({ address }) => !attachment.owned.some((own) => equalIp(own, address)))
    .flatMap((address) => foundOf(address, attachment, view))
    .flatMap(({ prefix, validSeconds }) => (validSeconds === undefined ? [formatPrefix(prefix)] : []))
}

function foundOf(
  { address, interface: name }: VirtualAddress,
  attachment: Attachment,
  view: LinkView,
): readonly AddressState[] {
  const index = interfaceOf(attachment, name)?.index
  return view.addresses.filter(
    ({ interfaceIndex, prefix }) => interfaceIndex === index && equalIp(prefix.address, address),
  )
}

function fits(
  { prefix, label, scope = 'global' }: AddressState,
  wanted: VirtualAddress,
  on: InterfaceState,
): boolean {
  if (prefix.length !== wanted.length) return false
  if (prefix.address.family === 6) return true
  return (label ?? on.name) === (wanted.label ?? on.name) && scope === (wanted.scope ?? 'global')
}
