/**
 * Asks the LAN for a silent peer's hardware address at each advertisement. The kernel asks on its own only
 * once a second (`retrans_time_ms`), and until somebody answers, what is sent to the peer waits: after a
 * long silence two Actives could reach each other and yet not hear each other for that second. The question
 * also tells the peer's kernel our own address, so the way back needs no question.
 */
import type { IpAddress } from '../base/ip.js'
import type { Clock, InterfaceState, PacketSocket } from '../base/ports.js'
import { type Millis, millis } from '../base/units.js'
import type { PairLinkStatus } from '../pair/link.js'
import type { LinkView } from './attachment.js'
import { encodeArpRequest } from './tracking/arp-probe.js'
import { findGateway, type GatewayPath } from './tracking/gateway.js'
import { encodeNeighbourSolicitation } from './tracking/neighbour-probe.js'

/** A living peer says something each second (`pairTimes.keepalive`); a kernel forgets an address no faster. */
const silentAfterSeconds = 2
/** A broadcast at most this often, while the peer is away. */
const askEvery = millis(50)

interface Neighbour extends GatewayPath {
  readonly target: IpAddress
}

export interface PeerSearchPorts {
  readonly clock: Clock
  /** Undefined: there is no link to it. */
  linkStatus(): Pick<PairLinkStatus, 'lastSeenSeconds'> | undefined
  /** Throws `OpError`. */
  framesOf(on: InterfaceState): PacketSocket
  onFailure(text: string): void
}

export class PeerSearch {
  private neighbours: readonly Neighbour[] = []
  private askedAt: Millis | undefined

  constructor(private readonly ports: PeerSearchPorts) {}

  /** `peer`: its addresses; one that is behind a router is the router's to find. */
  links(peer: readonly IpAddress[], view: LinkView, virtual: readonly IpAddress[]): void {
    this.neighbours = peer.flatMap((target) => {
      const found = findGateway({ address: target, interface: undefined }, view, virtual)
      return found.ok ? [{ ...found.value, target }] : []
    })
  }

  /** To be called when something is sent to the peer that it must hear. */
  onSent(): void {
    const now = this.ports.clock.now()
    if (this.askedAt !== undefined && now - this.askedAt < askEvery) return
    const status = this.ports.linkStatus()
    if (!status || (status.lastSeenSeconds ?? Number.POSITIVE_INFINITY) < silentAfterSeconds) return
    this.askedAt = now
    for (const neighbour of this.neighbours) {
      try {
        this.ports.framesOf(neighbour.interface).send(question(neighbour))
      } catch (error) {
        this.ports.onFailure(error instanceof Error ? error.message : String(error))
      }
    }
  }
}

const question = ({ interface: { mac }, source, target }: Neighbour): Uint8Array =>
  target.family === 6 && source
    ? encodeNeighbourSolicitation(mac, source, target)
    : encodeArpRequest(mac, source, target)
