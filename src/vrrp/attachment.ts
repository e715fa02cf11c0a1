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
export type AttachmentWish = Pick<VirtualRouterConfig, 'interface' | 'transport'> & {
  /** Of the virtual addresses. */
  readonly family: IpAddress['family']
  readonly virtual: readonly IpAddress[]
}

export interface Attachment {
  /** Has the virtual addresses. */
  readonly interface: InterfaceState
  /** Carries the advertisements of protocol 112: of unicast ones, whatever holds the director's address. */
  readonly via: InterfaceState
  /**
   * Primary address of the interface (RFC 9568 section 7.2): of IPv4 the director's own where the interface
   * holds it, of IPv6 the link-local one. Of unicast and `udp`, the director's own.
   */
  readonly source: IpAddress
}

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
  // Over UDP the pair's own socket is the sender, wherever the director's address is.
  if (wish.transport === 'udp') return ok({ interface: found.value, via: found.value, source: director })
  if (wish.transport === 'unicast') {
    const holder = holderOf(director, view)
    if (!holder) return fail(`no interface holds ${formatIp(director)}`)
    if (!holder.up) return fail(`link of ${holder.name} is down`)
    return ok({ interface: found.value, via: holder, source: director })
  }
  const { family } = wish
  const source = primaryAddress(wish, director, view, index)
  return source
    ? ok({ interface: found.value, via: found.value, source })
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
