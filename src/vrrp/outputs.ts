/** What a virtual router does to the world, over sockets that the runtime holds. Failures become log lines or events. */
import { formatPrefix, type IpPrefix } from '../base/ip.js'
import type { Links, PacketSocket, RawSocket } from '../base/ports.js'
import type { Priority } from '../base/units.js'
import type { PairLink } from '../pair/link.js'
import { encodeGratuitousArp } from './gratuitous-arp.js'
import type { Slot } from './intake.js'
import type { LimitedLog } from './limited-log.js'
import { encodeAdvertisement } from './packet.js'
import { vrrpGroup, wrapAdvertisement } from './receive.js'

const ethernetMacLength = 6

export interface Outlets {
  readonly links: Links
  readonly limited: LimitedLog
  /** Undefined: no router uses it, or there is no peer. */
  pairLink(): PairLink | undefined
  /** Of the interface with this name; undefined when it is not open. */
  sockets(
    interfaceName: string,
  ): { readonly packet: PacketSocket; readonly raw: RawSocket | undefined } | undefined
  releaseSent(): void
  releaseConfirmed(): void
}

/** False when it was not sent. */
export function sendAdvertisement(
  outlets: Outlets,
  { router, attachment }: Slot,
  priority: Priority,
): boolean {
  const advertisement = { vrid: router.config.vrid, priority, ...router.advertised }
  if (router.config.transport === 'udp')
    return outlets.pairLink()?.send(wrapAdvertisement(encodeAdvertisement(advertisement))) ?? false
  const raw = attachment && outlets.sockets(attachment.interface.name)?.raw
  if (!raw) return false
  const pdu = encodeAdvertisement(advertisement, { source: attachment.source, destination: vrrpGroup })
  return attempt(outlets, router.name, 'send', () => raw.send(pdu, vrrpGroup))
}

export function announceAddresses(outlets: Outlets, { router, attachment }: Slot): void {
  const packet = attachment && outlets.sockets(attachment.interface.name)?.packet
  // Other links than Ethernet have no ARP to tell.
  if (!packet || attachment.interface.mac.length !== ethernetMacLength) return
  attempt(outlets, router.name, 'announce', () => {
    for (const { address } of router.config.addresses)
      packet.send(encodeGratuitousArp(attachment.interface.mac, address))
  })
}

/** `done` gets one verdict on all addresses: undefined, or why the first of them was refused. */
export function claimAddresses(
  { links }: Outlets,
  { router, attachment }: Slot,
  done: (failure: string | undefined) => void,
): void {
  if (!attachment) {
    done('no interface')
    return
  }
  const { addresses, lease } = router.config
  const { index, name } = attachment.interface
  let waiting = addresses.length
  let failure: string | undefined
  for (const prefix of addresses) {
    links.claim(index, prefix, lease, (error) => {
      if (error) failure ??= `claim ${formatPrefix(prefix)} on ${name}: ${error.message}`
      waiting--
      if (waiting === 0) done(failure)
    })
  }
}

/** All of the router's addresses unless told which. */
export function releaseAddresses(
  outlets: Outlets,
  { router, attachment }: Slot,
  addresses: readonly IpPrefix[] = router.config.addresses,
): void {
  if (!attachment) return
  for (const prefix of addresses) {
    outlets.releaseSent()
    outlets.links.release(attachment.interface.index, prefix, (error) => {
      if (error) outlets.limited.warn(router.name, 'release', () => error.message)
      outlets.releaseConfirmed()
    })
  }
}

function attempt(outlets: Outlets, router: string, kind: string, run: () => void): boolean {
  try {
    run()
    return true
  } catch (error) {
    outlets.limited.warn(router, kind, () => (error instanceof Error ? error.message : String(error)))
    return false
  }
}
