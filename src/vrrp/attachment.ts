/** Where a virtual router lives: its interface, the one its advertisements use, and the address they come from. */
import type { IpAddress } from '../base/ip.js'
import { equalIp, formatIp, isLinkLocal6 } from '../base/ip.js'
import type { AddressState, InterfaceState } from '../base/ports.js'
import type { Result } from '../base/result.js'
import { fail, ok } from '../base/result.js'
import type { VirtualRouterConfig } from '../config/model.js'

export interface LinkView {
  readonly interfaces: readonly InterfaceState[]
  readonly addresses: readonly AddressState[]
}

/** Which interface a router wants, and the addresses that may be ours today and the peer's tomorrow. */
export type AttachmentWish = Pick<VirtualRouterConfig, 'interface' | 'transport' | 'addresses' | 'routes'> & {
  /** Of the virtual addresses. */
  readonly family: IpAddress['family']
  readonly virtual: readonly IpAddress[]
  /** This director has the address owner's priority. */
  readonly owner: boolean
}

export interface Attachment {
  /** Has the virtual addresses. */
  readonly interface: InterfaceState
  /** Of `interface`, when that is a macvlan of ours, up only while the router is Active. */
  readonly parent?: InterfaceState
  /** Carries the advertisements of protocol 112: of unicast ones, whatever holds the director's address. */
  readonly via: InterfaceState
  /**
   * Primary address of the interface (RFC 9568 section 7.2): of IPv4 the director's own where the interface
   * holds it, of IPv6 the link-local one. Of unicast and `udp`, the director's own.
   */
  readonly source: IpAddress
  /** All of the machine, for what goes to another one by its name. */
  readonly interfaces: readonly InterfaceState[]
  /** Virtual addresses that are on this machine for good: the address owner's (RFC 9568 section 1.7). */
  readonly owned: readonly IpAddress[]
}

/** Which interface sends the advertisements of protocol 112: those to the group have the virtual MAC address. */
export const senderOf = (
  { interface: own, via, parent }: Attachment,
  transport: VirtualRouterConfig['transport'],
): InterfaceState => (parent && transport === 'multicast' ? own : via)

/** Or why the router cannot take part in the election; the text is shown as the reason of `fault`. */
export function attach(
  wish: AttachmentWish,
  director: IpAddress,
  view: LinkView,
): Result<Attachment, string> {
  const found = findInterface(wish, director, view)
  if (!found.ok) return found
  const { index, name, up } = found.value
  if (!up) return fail(`link of ${name} is down`)
  const unusable = unusableInterface(wish, view)
  if (unusable !== undefined) return fail(unusable)
  const owned = wish.owner ? ownedAddresses(wish, index, view) : []
  const place = { interface: found.value, interfaces: view.interfaces, owned }
  // Over UDP the pair's own socket is the sender, wherever the director's address is.
  if (wish.transport === 'udp') return ok({ ...place, via: found.value, source: director })
  if (wish.transport === 'unicast') {
    const holder = holderOf(director, view)
    if (!holder) return fail(`no interface holds ${formatIp(director)}`)
    if (!holder.up) return fail(`link of ${holder.name} is down`)
    return ok({ ...place, via: holder, source: director })
  }
  const { family } = wish
  const source =
    primaryAddress(wish, director, view, index) ?? owned.find((own) => own.family === 4 || isLinkLocal6(own))
  return source
    ? ok({ ...place, via: found.value, source })
    : fail(`${name} has no ${family === 4 ? 'IPv4' : 'IPv6 link-local'} address to advertise from`)
}

function findInterface(
  wish: AttachmentWish,
  director: IpAddress,
  view: LinkView,
): Result<InterfaceState, string> {
  if (wish.interface !== undefined) {
    const named = view.interfaces.find(({ name }) => name === wish.interface)
    return named ? ok(named) : fail(`interface ${wish.interface} does not exist`)
  }
  const holder = holderOf(director, view)
  return holder ? ok(holder) : fail(`no interface holds ${formatIp(director)}`)
}

/** Of an address or a route that names its own. */
function unusableInterface({ addresses, routes }: AttachmentWish, view: LinkView): string | undefined {
  for (const { interface: name } of [...addresses, ...routes]) {
    if (name === undefined) continue
    const named = view.interfaces.find((candidate) => candidate.name === name)
    if (!named) return `interface ${name} does not exist`
    if (!named.up) return `link of ${name} is down`
  }
  return undefined
}

/** A lease is ours; what has no end was there before us. */
function ownedAddresses({ addresses }: AttachmentWish, index: number, view: LinkView): readonly IpAddress[] {
  return addresses.flatMap(({ address, interface: name }) => {
    const own = view.interfaces.find((candidate) => candidate.name === name)?.index ?? index
    const there = view.addresses.some(
      ({ interfaceIndex, prefix, validSeconds }) =>
        interfaceIndex === own && validSeconds === undefined && equalIp(prefix.address, address),
    )
    return there ? [address] : []
  })
}

/** An address that may yet prove to be another machine's is not ours to send from (RFC 4862 section 5.4). */
const usable = ({ addresses }: LinkView): readonly AddressState[] =>
  addresses.filter(({ tentative }) => !tentative)

function holderOf(director: IpAddress, view: LinkView): InterfaceState | undefined {
  const own = usable(view).find(({ prefix }) => equalIp(prefix.address, director))
  return own && view.interfaces.find(({ index }) => index === own.interfaceIndex)
}

function primaryAddress(
  wish: AttachmentWish,
  director: IpAddress,
  view: LinkView,
  index: number,
): IpAddress | undefined {
  const here = usable(view)
    .filter(({ interfaceIndex }) => interfaceIndex === index)
    .map(({ prefix }) => prefix.address)
    .filter((address) => (wish.family === 4 ? address.family === 4 : isLinkLocal6(address)))
    .filter((address) => !wish.virtual.some((virtual) => equalIp(virtual, address)))
  return here.find((address) => equalIp(address, director)) ?? here[0]
}
