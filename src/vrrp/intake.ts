/** From what a socket hands over to the router it is for; what is thrown away is counted where it belongs. */
import { equalIp, formatIp, type IpAddress } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import type { Result } from '../base/result.js'
import { type DirectorConfig, familyOf } from '../config/model.js'
import type { Attachment } from './attachment.js'
import { Counts } from './counts.js'
import type { LimitedLog } from './limited-log.js'
import {
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

/** A virtual router and where it lives; undefined until its interface was found. */
export interface Slot {
  readonly router: VirtualRouter
  attachment: Attachment | undefined
}

type Attached = Slot & { readonly attachment: Attachment }

export class Intake {
  /** Discarded before it was clear for which router. */
  readonly discarded = new Counts<DiscardReason>()

  /** `onHandled`: the router's deadline may have moved. */
  constructor(
    private readonly slots: readonly Slot[],
    private readonly peer: DirectorConfig | undefined,
    private readonly limited: LimitedLog,
    private readonly onHandled: (router: VirtualRouter) => void,
  ) {}

  /** Of protocol 112, received on this interface. */
  packet(interfaceName: string, packet: RawPacket): void {
    const slot = this.find(claimedVrid(packet.payload), packet.source.family, (candidate) => {
      const { attachment, router } = candidate
      return router.config.transport !== 'udp' && attachment?.via.name === interfaceName
    })
    if (!slot || !isAttached(slot)) {
      this.discard(undefined, strayReason(packet), packet.source)
      return
    }
    const { transport, version, password, advertisementInterval: interval } = slot.router.config
    const own = slot.attachment.source
    const peer = transport === 'unicast' ? (this.peer?.address ?? own) : undefined
    this.received(receivePacket(packet, { own, peer, version, password, interval }), slot, packet.source)
  }

  /** Authentic, over the pair's link. */
  peerMessage(message: Uint8Array): void {
    const { peer } = this
    if (!peer) return
    const slot = this.find(
      claimedVrid(message.subarray(1)),
      familyOfMessage(message),
      ({ router }) => router.config.transport === 'udp',
    )
    this.received(receiveFromPeer(message, peer.address), slot, peer.address)
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

  private received(result: Result<Received, DiscardReason>, slot: Slot | undefined, from: IpAddress): void {
    if (!result.ok || !slot) {
      this.discard(slot, result.ok ? 'unknown_vrid' : result.error, from)
      return
    }
    const { advertisement, source } = result.value
    const { router } = slot
    const sender = this.nameOf(source)
    for (const note of notesOn(advertisement, router.advertised)) {
      router.noted.add(note)
      this.limited.warn(router.name, note, () => `${sender} advertises other settings than ours: ${note}`)
    }
    const { priority, interval } = advertisement
    router.handle({ type: 'advertisementReceived', source, sender, priority, interval })
    this.onHandled(router)
  }

  private discard(slot: Slot | undefined, reason: DiscardReason, from: IpAddress): void {
    const discarded = slot?.router.discarded ?? this.discarded
    discarded.add(reason)
    this.limited.warn(
      slot?.router.name,
      reason,
      () => `discarded an advertisement from ${this.nameOf(from)}: ${reason}`,
    )
  }

  private nameOf(address: IpAddress): string {
    const { peer } = this
    return peer && equalIp(peer.address, address) ? peer.name : formatIp(address)
  }
}

const isAttached = (slot: Slot): slot is Attached => slot.attachment !== undefined
