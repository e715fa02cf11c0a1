/** What a virtual router does to the world, over sockets that the runtime holds. Failures become log lines or events. */
import { formatPrefix, type IpAddress } from '../base/ip.js'
import type { InterfaceState, Links, Routing } from '../base/ports.js'
import { unreachable } from '../base/result.js'
import type { Millis, Priority } from '../base/units.js'
import { familyOf } from '../config/model.js'
import type { PairLink } from '../pair/link.js'
import { senderOf } from './attachment.js'
import { retryRefusedAfter } from './confirmed.js'
import { encodeGratuitousArp } from './gratuitous-arp.js'
import { goneHoldings, type Holding, holdingsOf, interfaceOf } from './holdings.js'
import type { Slot } from './intake.js'
import { encodeNeighbourAdvertisement } from './neighbour-advertisement.js'
import { type Advertisement, encodeAdvertisement } from './packet.js'
import { encodeVersion2 } from './packet-version2.js'
import { messageFor, vrrpGroupOf } from './receive.js'
import type { Sockets } from './sockets.js'
import type { VirtualMacs } from './virtual-mac/keeper.js'
import type { Warnings } from './warnings.js'

const ethernetMacLength = 6

export interface Outlets {
  readonly links: Links
  readonly routing: Routing
  readonly warnings: Warnings
  /** Undefined: no router uses it, or there is no peer. */
  pairLink(): PairLink | undefined
  readonly sockets: Sockets
  readonly virtualMacs: VirtualMacs
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
  if (config.transport === 'udp') {
    const link = outlets.pairLink()
    let sent = false
    const send = (): void => {
      sent = link?.send(messageFor(advertisement, family)) ?? false
    }
    return attempt(outlets, router.name, 'send', send) && sent
  }
  if (!attachment) return false
  const { source } = attachment
  const sender = senderOf(attachment, config.transport)
  const raw = outlets.sockets.rawOf(sender.name, source.family)
  const destination = config.transport === 'unicast' ? outlets.peer : vrrpGroupOf(family)
  if (!raw || !destination) return false
  // The first one is sent before the addresses are claimed.
  if (sender !== attachment.via && !outlets.virtualMacs.isRaised(sender)) raise(outlets, router.name, sender)
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

function raise({ virtualMacs, warnings }: Outlets, router: string, own: InterfaceState): void {
  virtualMacs.raise(own, (error) => {
    if (error) warnings.say(router, 'raise', () => error.message)
  })
}

export function announceAddresses(outlets: Outlets, { router, attachment }: Slot): void {
  if (!attachment) return
  attempt(outlets, router.name, 'announce', () => {
    for (const { address, interface: name } of router.config.addresses) {
      const on = interfaceOf(attachment, name)
      const frames = on && outlets.sockets.framesOf(on.name)
      // Other links than Ethernet have no neighbours' tables of hardware addresses to tell.
      if (!frames || on.mac.length !== ethernetMacLength) continue
      const encodeFrame = address.family === 4 ? encodeGratuitousArp : encodeNeighbourAdvertisement
      frames.send(encodeFrame(on.mac, address))
    }
  })
}

/**
 * Adds what the Active has, or refreshes it. `done` gets one verdict: undefined, or why the first was refused that
 * it cannot do without.
 */
export function claimAddresses(
  outlets: Outlets,
  { router, attachment, confirmed }: Slot,
  done: (failure: string | undefined) => void,
): void {
  if (!attachment) {
    done('no interface')
    return
  }
  const { config } = router
  const holdings = holdingsOf(config, attachment)
  const attempt = confirmed.begin(router.state.known.claimFailures)
  let waiting = 1 + holdings.length
  let failure: string | undefined
  const verdict = (text: string | undefined): void => {
    failure ??= text
    waiting--
    if (waiting > 0) return
    if (failure === undefined) warnOfRefused(outlets, router.name, attempt.succeeded())
    done(failure)
  }
  if (attachment.parent) {
    const { interface: own } = attachment
    waiting++
    outlets.virtualMacs.raise(own, (error) => verdict(error && `${own.name}: ${error.message}`))
  }
  for (const holding of holdings)
    claim(outlets, holding, config.lease, (text) => verdict(attempt.verdict(holding, text)))
  verdict(undefined)
}

const refusedKind = 'refused_holding'

function warnOfRefused({ warnings }: Outlets, router: string, failure: string | undefined): void {
  if (failure === undefined) warnings.settle(router, [refusedKind])
  else
    warnings.say(router, refusedKind, () => `${failure}: stays Active without it, and tries again`, {
      lasts: 3 * retryRefusedAfter,
    })
}

function claim(
  { links, routing }: Outlets,
  holding: Holding,
  lease: Millis | undefined,
  verdict: (failure: string | undefined) => void,
): void {
  switch (holding.kind) {
    case 'address': {
      const { on, address } = holding
      const text = `claim ${formatPrefix(address)} on ${on.name}`
      links.claim(on.index, address, lease, (error) => verdict(error && `${text}: ${error.message}`))
      return
    }
    case 'route':
      routing.addRoute(holding.route, lease, (error) => verdict(error?.message))
      return
    case 'rule':
      routing.addRule(holding.rule, (error) => verdict(error?.message))
      return
    case 'missing':
      verdict(`interface ${holding.interface} does not exist`)
      return
    default:
      unreachable(holding)
  }
}

/** All that the router has, and the use of its virtual MAC address. */
export function releaseAll(outlets: Outlets, { router, attachment, confirmed: held }: Slot): void {
  held.forget()
  if (!attachment) return
  release(outlets, router.name, goneHoldings(holdingsOf(router.config, attachment), []))
  if (!attachment.parent) return
  outlets.releaseSent()
  outlets.virtualMacs.lower(attachment.interface, confirmed(outlets, router.name))
}

/** In this order. */
export function release(outlets: Outlets, router: string, holdings: readonly Holding[]): void {
  const { links, routing } = outlets
  for (const holding of holdings) {
    if (holding.kind === 'missing') continue
    outlets.releaseSent()
    const confirm = confirmed(outlets, router)
    if (holding.kind === 'address') links.release(holding.on.index, holding.address, confirm)
    else if (holding.kind === 'route') routing.removeRoute(holding.route, confirm)
    else routing.removeRule(holding.rule, confirm)
  }
}

const confirmed =
  (outlets: Outlets, router: string) =>
  (error: Error | undefined): void => {
    if (error) outlets.warnings.say(router, 'release', () => error.message)
    outlets.releaseConfirmed()
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
