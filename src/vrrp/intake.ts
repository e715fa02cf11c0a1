/** From what a socket hands over to the router it is for; what is thrown away is counted where it belongs. */
import { equalIp, formatIp, type IpAddress } from '../base/ip.js'
import type { RawPacket } from '../base/ports.js'
import type { Result } from '../base/result.js'
import type { DirectorConfig } from '../config/model.js'
import type { Attachment } from './attachment.js'
import { Counts } from './counts.js'
import type { LimitedLog } from './limited-log.js'
import {
  claimedVrid,
  type DiscardReason,
  notesOn,
  type Received,
  receiveFromPeer,
  receiveMulticast,
} from './receive.js'
import type { VirtualRouter } from './virtual-router.js'

/** A virtual router and where it lives; undefined until its interface was found. */
export interface Slot {
  readonly router: VirtualRouter
  attachment: Attachment | undefined
}

type SlotOf = (vrid: number | undefined) => Slot | undefined

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

  /** Of protocol 112, received on this interface, whose primary address is `own`. */
  packet(interfaceName: string, own: IpAddress, packet: RawPacket): void {
    const slotOf: SlotOf = (vrid) =>
      this.slots.find(
        ({ router: { config }, attachment }) =>
          config.vrid === vrid &&
          config.transport === 'multicast' &&
          attachment?.interface.name === interfaceName,
      )
    this.received(receiveMulticast(packet, own), packet.payload, slotOf, packet.source)
  }

  /** Authentic, over the pair's link. */
  peerMessage(message: Uint8Array): void {
    const { peer } = this
    if (!peer) return
    const slotOf: SlotOf = (vrid) =>
      this.slots.find(({ router: { config } }) => config.vrid === vrid && config.transport === 'udp')
    this.received(receiveFromPeer(message, peer.address), message.subarray(1), slotOf, peer.address)
  }

  private received(
    result: Result<Received, DiscardReason>,
    pdu: Uint8Array,
    slotOf: SlotOf,
    from: IpAddress,
  ): void {
    if (!result.ok) {
      this.discard(slotOf(claimedVrid(pdu)), result.error, from)
      return
    }
    const { advertisement, source } = result.value
    const slot = slotOf(advertisement.vrid)
    if (!slot) {
      this.discard(undefined, 'unknown_vrid', source)
      return
    }
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
