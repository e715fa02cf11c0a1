/** Where a virtual router lives: its interface and the address it advertises from. */
import type { IpAddress } from '../base/ip.js'
import { equalIp, formatIp } from '../base/ip.js'
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
  readonly virtual: readonly IpAddress[]
}

export interface Attachment {
  readonly interface: InterfaceState
  /** Primary IPv4 address (RFC 9568 section 7.2): the director's own where the interface holds it. */
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
  const source = primaryAddress(wish, director, view, index)
  // Over UDP the pair's own socket is the sender, wherever the director's address is.
  if (wish.transport === 'udp') return ok({ interface: found.value, source: director })
  return source
    ? ok({ interface: found.value, source })
    : fail(`${name} has no IPv4 address to advertise from`)
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
  const own = view.addresses.find(({ prefix }) => equalIp(prefix.address, director))
  const holder = own && view.interfaces.find(({ index }) => index === own.interfaceIndex)
  return holder ? ok(holder) : fail(`no interface holds ${formatIp(director)}`)
}

function primaryAddress(
  wish: AttachmentWish,
  director: IpAddress,
  view: LinkView,
  index: number,
): IpAddress | undefined {
  const here = view.addresses
    .filter(({ interfaceIndex, prefix }) => interfaceIndex === index && prefix.address.family === 4)
    .map(({ prefix }) => prefix.address)
    .filter((address) => !wish.virtual.some((virtual) => equalIp(virtual, address)))
  return here.find((address) => equalIp(address, director)) ?? here[0]
}
