/** What a virtual router does to the world, over sockets that the runtime holds. Failures become log lines or events. */
import { formatPrefix, type IpAddress, type IpPrefix } from '../base/ip.js'
import type { Links } from '../base/ports.js'
import type { Priority } from '../base/units.js'
import { familyOf } from '../config/model.js'
import type { PairLink } from '../pair/link.js'
import { encodeGratuitousArp } from './gratuitous-arp.js'
import type { Slot } from './intake.js'
import { encodeNeighbourAdvertisement } from './neighbour-advertisement.js'
import { type Advertisement, encodeAdvertisement } from './packet.js'
import { encodeVersion2 } from './packet-version2.js'
import { vrrpGroupOf, wrapAdvertisement } from './receive.js'
import type { Sockets } from './sockets.js'
import type { Warnings } from './warnings.js'

const ethernetMacLength = 6

export interface Outlets {
  readonly links: Links
  readonly warnings: Warnings
  /** Undefined: no router uses it, or there is no peer. */
  pairLink(): PairLink | undefined
  readonly sockets: Sockets
  /** The peer director's address: where unicast goes. */
  readonly peer: IpAddress | undefined
  releaseSent(): void
  releaseConfirmed(): void
}

/** False when it was not sent. */
export function sendAdvertisement(
  outlets: Outlets,
  { router, attachment }: Slot,
  priority: Priority,
): boolean {
  const { config } = router
  const advertisement = { vrid: config.vrid, priority, ...router.advertised }
  const family = familyOf(config)
  if (config.transport === 'udp')
    return outlets.pairLink()?.send(wrapAdvertisement(encodeAdvertisement(advertisement), family)) ?? false
  const raw = attachment && outlets.sockets.rawOf(attachment.via.name, attachment.source.family)
  const destination = config.transport === 'unicast' ? outlets.peer : vrrpGroupOf(family)
  if (!raw || !destination) return false
  const { source } = attachment
  const pdu = encode(config, advertisement, source, destination)
  return attempt(outlets, router.name, 'send', () => raw.send(pdu, destination, source))
}

function encode(
  { version, checksum, password }: Slot['router']['config'],
  advertisement: Advertisement,
  source: IpAddress,
  destination: IpAddress,
): Uint8Array {
  if (version === 2) return encodeVersion2(advertisement, password)
  const plain = checksum === 'plain' && source.family === 4
  return encodeAdvertisement(advertisement, plain ? undefined : { source, destination })
}

export function announceAddresses(outlets: Outlets, { router, attachment }: Slot): void {
  const frames = attachment && outlets.sockets.framesOf(attachment.interface.name)
  const mac = attachment?.interface.mac
  // Other links than Ethernet have no neighbours' tables of hardware addresses to tell.
  if (!frames || mac?.length !== ethernetMacLength) return
  attempt(outlets, router.name, 'announce', () => {
    for (const { address } of router.config.addresses) {
      const encodeFrame = address.family === 4 ? encodeGratuitousArp : encodeNeighbourAdvertisement
      frames.send(encodeFrame(mac, address))
    }
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
      if (error) outlets.warnings.say(router.name, 'release', () => error.message)
      outlets.releaseConfirmed()
    })
  }
}

function attempt(outlets: Outlets, router: string, kind: string, run: () => void): boolean {
  try {
    run()
    return true
  } catch (error) {
    outlets.warnings.say(router, kind, () => (error instanceof Error ? error.message : String(error)))
    return false
  }
}
