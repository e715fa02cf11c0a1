/** From what a socket hands over to the router it is for; what is thrown away is counted where it belongs. */
import type { IpAddress } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import type { Result } from '../base/result.js'
import { ownerPriority, type Priority, resignPriority } from '../base/units.js'
import { type DirectorConfig, familyOf } from '../config/model.js'
import type { Attachment } from './attachment.js'
import type { Confirmed } from './confirmed.js'
import { Counts } from './counts.js'
import {
  type Disagreement,
  disagreementIn,
  disagreementsWith,
  otherTransport,
  rivalOf,
  rivalry,
  type Speaker,
  secondOwner,
  settledBy,
  shownFor,
  speakerOf,
  unknownToUs,
} from './disagreement.js'
import type { LimitedLog } from './limited-log.js'
import type { Advertisement } from './packet.js'
import {
  claimedVersion,
  claimedVrid,
  type DiscardReason,
  familyOfMessage,
  notesOn,
  type Received,
  receiveFromPeer,
  receivePacket,
  strayReason,
} from './receive.js'
import type { VirtualRouter } from './virtual-router.js'
import type { Warnings } from './warnings.js'

/** A virtual router and where it lives; undefined until its interface was found. */
export interface Slot {
  readonly router: VirtualRouter
  attachment: Attachment | undefined
  readonly confirmed: Confirmed
}

type Attached = Slot & { readonly attachment: Attachment }

export interface IntakePorts {
  readonly director: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly limited: LimitedLog
  readonly warnings: Warnings
  /** The router's deadline may have moved. */
  onHandled(router: VirtualRouter): void
  /** The peer advertises it over the pair's link, this director by protocol 112. */
  onOtherTransport(router: VirtualRouter, priority: Priority): void
}

export class Intake {
  /** Discarded before it was clear for which router. */
  readonly discarded = new Counts<DiscardReason>()

  constructor(
    private readonly slots: readonly Slot[],
    private readonly ports: IntakePorts,
  ) {}

  /** Of protocol 112, received on this interface. */
  packet(interfaceName: string, packet: RawPacket): void {
    const slot = this.find(claimedVrid(packet.payload), packet.source.family, (candidate) => {
      const { attachment, router } = candidate
      return router.config.transport !== 'udp' && attachment?.via.name === interfaceName
    })
    if (!slot || !isAttached(slot)) {
      this.discard(undefined, strayReason(packet), packet.source, packet.payload)
      return
    }
    const { transport, version, password, advertisementInterval: interval } = slot.router.config
    const own = slot.attachment.source
    const peer = transport === 'unicast' ? (this.ports.peer?.address ?? own) : undefined
    const result = receivePacket(packet, { own, peer, version, password, interval })
    this.received(result, slot, packet.source, packet.payload)
  }

  /** Authentic, over the pair's link. */
  peerMessage(message: Uint8Array): void {
    const { peer } = this.ports
    if (!peer) return
    const found = (fits: (slot: Slot) => boolean) =>
      this.find(claimedVrid(message.subarray(1)), familyOfMessage(message), fits)
    const slot = found(({ router }) => router.config.transport === 'udp')
    const result = receiveFromPeer(message, peer.address, slot?.router.advertised.addresses)
    const other = slot ? undefined : found(() => true)?.router
    if (result.ok && other) {
      other.discarded.add('destination')
      this.warn(other, otherTransport(peer.name, "over the pair's link", other.config.transport))
      this.ports.onOtherTransport(other, result.value.advertisement.priority)
      return
    }
    if (result.ok && !slot) this.warn(undefined, unknownToUs(peer.name, claimedVrid(message.subarray(1))))
    this.received(result, slot, peer.address, message.subarray(1))
  }

  private find(
    vrid: number | undefined,
    family: IpAddress['family'] | undefined,
    fits: (slot: Slot) => boolean,
  ): Slot | undefined {
    return this.slots.find((slot) => {
      const { config } = slot.router
      return config.vrid === vrid && familyOf(config) === family && fits(slot)
    })
  }

  private received(
    result: Result<Received, DiscardReason>,
    slot: Slot | undefined,
    from: IpAddress,
    pdu: Uint8Array,
  ): void {
    if (!result.ok || !slot) {
      this.discard(slot, result.ok ? 'unknown_vrid' : result.error, from, pdu)
      return
    }
    const { advertisement, source } = result.value
    const { router } = slot
    const speaker = this.speaker(slot, source)
    if (this.isForeign(router, speaker, advertisement)) {
      router.discarded.add('foreign')
      return
    }
    for (const note of notesOn(advertisement, router.advertised)) router.noted.add(note)
    const { priority, interval } = advertisement
    if (priority === ownerPriority && router.priority === ownerPriority)
      this.warn(router, secondOwner(speaker), interval)
    // It has heard of us, or gives up for another reason.
    if (priority === resignPriority) this.ports.warnings.settle(router.name, [rivalOf(speaker)])
    const was = router.leadsAlone(priority)
    router.handle({ type: 'advertisementReceived', source, sender: speaker.name, priority, interval })
    if (was && priority !== resignPriority && router.leadsAlone(priority))
      this.warn(router, rivalry(speaker, priority, router.priority), interval, router.advertised.interval)
    this.ports.onHandled(router)
  }

  /** Warns of what differs; true: it is no advertisement for this router at all. */
  private isForeign(router: VirtualRouter, speaker: Speaker, advertisement: Advertisement): boolean {
    const found = disagreementsWith(advertisement, speaker, aspectsOf(router))
    for (const each of found) this.warn(router, each, advertisement.interval)
    this.ports.warnings.settle(router.name, settledBy(speaker, found))
    return found.some(({ foreign }) => foreign === true)
  }

  private discard(slot: Slot | undefined, reason: DiscardReason, from: IpAddress, pdu: Uint8Array): void {
    const discarded = slot?.router.discarded ?? this.discarded
    discarded.add(reason)
    const speaker = this.speaker(slot, from)
    const known = slot && disagreementIn(reason, speaker, aspectsOf(slot.router), claimedVersion(pdu))
    if (slot && known) this.warn(slot.router, known)
    else
      this.ports.limited.warn(
        slot?.router.name,
        reason,
        () => `discarded an advertisement from ${speaker.name}: ${reason}`,
      )
  }

  private warn(
    router: VirtualRouter | undefined,
    { kind, text }: Disagreement,
    interval = router?.advertised.interval,
    ripens = 0,
  ): void {
    const lasts = interval === undefined ? {} : { lasts: shownFor(interval) }
    this.ports.warnings.say(router?.name, kind, text, { ...lasts, ripens })
  }

  private speaker(slot: Slot | undefined, address: IpAddress): Speaker {
    const { director, peer } = this.ports
    return speakerOf(address, { director, peer, source: slot?.attachment?.source })
  }
}

const isAttached = (slot: Slot): slot is Attached => slot.attachment !== undefined

const aspectsOf = ({ config, advertised }: VirtualRouter) => ({ ...config, advertised: advertised.addresses })
