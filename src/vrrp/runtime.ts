/**
 * The vrrp process: every virtual router of one director over one timer. The only file of this feature
 * that holds sockets and a timer; nothing in it waits for another process.
 */
import type { SyncReadiness } from '../base/facts.js'
import { equalIp, formatIp, formatPrefix, type IpAddress } from '../base/ip.js'
import type {
  Clock,
  Links,
  Log,
  PacketSocket,
  RawPacket,
  RawSocket,
  RawSocketOptions,
  Timer,
} from '../base/ports.js'
import type { Result } from '../base/result.js'
import { after, type Millis, millis, type Priority } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import type { PairLink } from '../pair/link.js'
import { type Attachment, attach, type LinkView } from './attachment.js'
import { Counts } from './counts.js'
import { encodeGratuitousArp } from './gratuitous-arp.js'
import { LimitedLog } from './limited-log.js'
import { encodeAdvertisement, vrrpProtocol } from './packet.js'
import {
  claimedVrid,
  type DiscardReason,
  notesOn,
  type Received,
  receiveFromPeer,
  receiveMulticast,
  vrrpGroup,
  wrapAdvertisement,
} from './receive.js'
import type { RouterParams, StateName } from './state.js'
import type { VrrpFact, VrrpStatus } from './status.js'
import { VirtualRouter } from './virtual-router.js'

export interface VrrpPorts {
  readonly clock: Clock
  readonly log: Log
  readonly links: Links
  /** Both throw `OpError`. */
  readonly openRaw: (options: RawSocketOptions) => RawSocket
  readonly openPacket: (interfaceName: string) => PacketSocket
  /** Called at most once; one link carries all routers of the process. Undefined: no peer. */
  readonly openPairLink: ((onMessage: (payload: Uint8Array) => void) => PairLink) | undefined
}

export interface VrrpSetting {
  readonly director: DirectorConfig
  readonly peer: DirectorConfig | undefined
  readonly routers: readonly VirtualRouterConfig[]
}

export interface VrrpRuntime {
  syncReadiness(readiness: SyncReadiness): void
  /** Resigns, releases the addresses, and resolves when the kernel has confirmed it or after a second. */
  stop(): Promise<void>
  status(): VrrpStatus
}

/** Returns at once; the routers join the election when the interfaces have been read. */
export function startVrrp(
  ports: VrrpPorts,
  setting: VrrpSetting,
  emit: (fact: VrrpFact) => void,
): VrrpRuntime {
  const runtime = new Runtime(ports, setting, emit)
  runtime.readLinks()
  return runtime
}

/** The peer's link needs a handshake first: see `RouterParams.joinDelay`. */
const handshakeTime = millis(1_000)
/** Until an interface that could not be read or opened is tried again. */
const reopenAfter = millis(5_000)
const longestStop = millis(1_000)

interface Slot {
  readonly router: VirtualRouter
  attachment: Attachment | undefined
}

interface InterfaceSockets {
  readonly index: number
  readonly packet: PacketSocket
  readonly raw: RawSocket | undefined
  readonly source: IpAddress
}

class Runtime implements VrrpRuntime {
  private readonly slots: readonly Slot[]
  private readonly sockets = new Map<string, InterfaceSockets>()
  private readonly discarded = new Counts<DiscardReason>()
  private readonly limited: LimitedLog
  private readonly watch: { close(): void }
  private readonly link: PairLink | undefined
  private timer: { readonly at: Millis; readonly handle: Timer } | undefined
  private reading: 'no' | 'yes' | 'again' = 'no'
  private stopping: Promise<void> | undefined
  private unconfirmed = 0
  private onConfirmed: () => void = () => {}

  constructor(
    private readonly ports: VrrpPorts,
    private readonly setting: VrrpSetting,
    private readonly emit: (fact: VrrpFact) => void,
  ) {
    const { clock, log } = ports
    this.limited = new LimitedLog(clock, log, (router, text) =>
      emit({ type: 'warning', router, text, at: clock.wall() }),
    )
    this.slots = setting.routers.map((config) => this.createSlot(config))
    const overPair =
      setting.peer !== undefined && setting.routers.some(({ transport }) => transport === 'udp')
    this.link = overPair ? ports.openPairLink?.((payload) => this.onPeerMessage(payload)) : undefined
    this.watch = ports.links.watch(() => this.readLinks())
  }

  syncReadiness(readiness: SyncReadiness): void {
    for (const slot of this.slots) {
      slot.router.handle({ type: 'syncReadiness', readiness })
      this.arm(slot.router)
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown()
    return this.stopping
  }

  status(): VrrpStatus {
    return {
      routers: this.slots.map(({ router, attachment }) => router.status(attachment?.interface.name)),
      discarded: this.discarded.read(),
      link: this.link?.status(),
    }
  }

  private async shutDown(): Promise<void> {
    const { clock } = this.ports
    this.watch.close()
    this.timer?.handle.cancel()
    for (const { router } of this.slots) router.handle({ type: 'shutdown' })
    await new Promise<void>((resolve) => {
      const limit = clock.at(after(clock.now(), longestStop), resolve)
      this.onConfirmed = () => {
        limit.cancel()
        // One turn of the loop more, so that a datagram that is only queued leaves before its socket closes.
        clock.afterPendingInput(resolve)
      }
      if (this.unconfirmed === 0) this.onConfirmed()
    })
    for (const name of [...this.sockets.keys()]) this.closeSockets(name)
    this.link?.close()
  }

  /* Interfaces. */

  readLinks(): void {
    if (this.stopping) return
    if (this.reading !== 'no') {
      this.reading = 'again'
      return
    }
    this.reading = 'yes'
    this.ports.links.read().then(
      (view) => this.onLinks(view),
      (error: unknown) => {
        this.limited.warn(undefined, 'read_links', () => `cannot read the interfaces: ${textOf(error)}`)
        this.readDone(true)
      },
    )
  }

  private readDone(retry: boolean): void {
    const again = this.reading === 'again'
    this.reading = 'no'
    if (this.stopping) return
    if (retry) this.ports.clock.at(after(this.ports.clock.now(), reopenAfter), () => this.readLinks())
    else if (again) this.readLinks()
  }

  private onLinks(view: LinkView): void {
    let retry = false
    if (!this.stopping) {
      for (const slot of this.slots) {
        const attached = attach(slot.router.config, this.setting.director.address, view)
        const opened = attached.ok ? this.openSockets(slot.router.config, attached.value) : undefined
        if (attached.ok && opened === undefined) this.onLinkUp(slot, attached.value)
        else this.onLinkDown(slot, attached.ok ? (opened ?? '') : attached.error)
        retry ||= opened !== undefined
      }
    }
    this.readDone(retry)
  }

  private onLinkUp(slot: Slot, attachment: Attachment): void {
    const { router } = slot
    const before = slot.attachment
    if (before && before.interface.index !== attachment.interface.index)
      router.handle({ type: 'linkDown', reason: `${attachment.interface.name} was replaced` })
    slot.attachment = attachment
    router.setParams(this.paramsOf(router.config, attachment.source))
    router.handle(router.started ? { type: 'linkUp' } : { type: 'startup', linkDown: undefined })
    this.arm(router)
  }

  private onLinkDown({ router }: Slot, reason: string): void {
    router.handle(router.started ? { type: 'linkDown', reason } : { type: 'startup', linkDown: reason })
    this.arm(router)
  }

  /** Undefined when they are open; otherwise why not. Routers of one interface share its sockets. */
  private openSockets(config: VirtualRouterConfig, attachment: Attachment): string | undefined {
    const { name, index } = attachment.interface
    const multicast = config.transport === 'multicast'
    const open = this.sockets.get(name)
    const sourceMoved = open?.raw !== undefined && multicast && !equalIp(open.source, attachment.source)
    if (open && open.index === index && (open.raw || !multicast) && !sourceMoved) return undefined
    this.closeSockets(name)
    try {
      const packet = this.ports.openPacket(name)
      try {
        const raw = multicast || open?.raw ? this.openRaw(name, attachment.source) : undefined
        this.sockets.set(name, { index, packet, raw, source: attachment.source })
      } catch (error) {
        packet.close()
        throw error
      }
      return undefined
    } catch (error) {
      return textOf(error)
    }
  }

  private openRaw(interfaceName: string, source: IpAddress): RawSocket {
    return this.ports.openRaw({
      interfaceName,
      group: vrrpGroup,
      source,
      protocol: vrrpProtocol,
      onPacket: (packet) => this.onPacket(interfaceName, source, packet),
      onError: (error) => this.limited.warn(undefined, 'raw_socket', () => error.message),
    })
  }

  private closeSockets(name: string): void {
    const open = this.sockets.get(name)
    open?.packet.close()
    open?.raw?.close()
    this.sockets.delete(name)
  }

  /* What arrives. */

  private onPacket(interfaceName: string, own: IpAddress, packet: RawPacket): void {
    const slotOf = (vrid: number | undefined): Slot | undefined =>
      this.slots.find(
        ({ router: { config }, attachment }) =>
          config.vrid === vrid &&
          config.transport === 'multicast' &&
          attachment?.interface.name === interfaceName,
      )
    this.onReceived(receiveMulticast(packet, own), packet.payload, slotOf, packet.source)
  }

  private onPeerMessage(message: Uint8Array): void {
    const { peer } = this.setting
    if (!peer) return
    const slotOf = (vrid: number | undefined): Slot | undefined =>
      this.slots.find(({ router: { config } }) => config.vrid === vrid && config.transport === 'udp')
    this.onReceived(receiveFromPeer(message, peer.address), message.subarray(1), slotOf, peer.address)
  }

  private onReceived(
    result: Result<Received, DiscardReason>,
    pdu: Uint8Array,
    slotOf: (vrid: number | undefined) => Slot | undefined,
    from: IpAddress,
  ): void {
    if (this.stopping) return
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
    for (const note of notesOn(advertisement, ownSettings(router.config))) {
      router.noted.add(note)
      this.limited.warn(router.name, note, () => `${this.nameOf(source)} advertises other settings: ${note}`)
    }
    const { priority, interval } = advertisement
    router.handle({ type: 'advertisementReceived', source, sender: this.nameOf(source), priority, interval })
    this.arm(router)
  }

  private discard(slot: Slot | undefined, reason: DiscardReason, from: IpAddress): void {
    if (slot) slot.router.discarded.add(reason)
    else this.discarded.add(reason)
    this.limited.warn(
      slot?.router.name,
      reason,
      () => `discarded an advertisement from ${this.nameOf(from)}: ${reason}`,
    )
  }

  private nameOf(address: IpAddress): string {
    const { peer } = this.setting
    return peer && equalIp(peer.address, address) ? peer.name : formatIp(address)
  }

  /* The one timer. */

  /** A deadline that moved later leaves the timer alone: it fires early once and is armed again. */
  private arm(router: VirtualRouter): void {
    const { deadline } = router
    if (deadline !== undefined) this.armAt(deadline)
  }

  private armAt(deadline: Millis): void {
    if (this.stopping || (this.timer && this.timer.at <= deadline)) return
    this.timer?.handle.cancel()
    this.timer = { at: deadline, handle: this.ports.clock.at(deadline, () => this.onTimer()) }
  }

  private onTimer(): void {
    this.timer = undefined
    for (const { router } of this.slots) {
      const { deadline } = router
      if (deadline !== undefined && deadline <= this.ports.clock.now())
        router.handle({ type: 'deadlineReached', inputRead: false })
      this.arm(router)
    }
  }

  /* What the routers do. */

  private createSlot(config: VirtualRouterConfig): Slot {
    if (config.addresses.some(({ address }) => address.family !== 4))
      throw new Error(`virtual router ${config.name}: IPv6 addresses are not implemented`)
    const { clock, log } = this.ports
    const { director } = this.setting
    const slot: { attachment: Attachment | undefined; router: VirtualRouter } = {
      attachment: undefined,
      router: new VirtualRouter(
        config,
        this.paramsOf(config, director.address),
        clock,
        {
          send: (priority) => this.send(slot, priority),
          claim: (done) => this.claim(slot, done),
          announce: () => this.announce(slot),
          release: () => this.release(slot),
          readPendingInput: (then) =>
            clock.afterPendingInput(() => {
              if (this.stopping) return
              then()
              this.arm(slot.router)
            }),
          transition: (from, to, reason) => {
            log.info(`${config.name}: ${titles[from]} -> ${titles[to]}, ${reason}`)
            this.emit({ type: 'roleChanged', router: config.name, from, to, reason, at: clock.wall() })
          },
        },
        { ready: false, reason: 'sync has not reported yet' },
        director.name,
      ),
    }
    return slot
  }

  private paramsOf(config: VirtualRouterConfig, source: IpAddress): RouterParams {
    const { director, peer } = this.setting
    const overPair = config.transport === 'udp'
    return {
      priority: config.priority[director.name] ?? director.priority,
      source,
      advertisementInterval: config.advertisementInterval,
      preempt: config.preempt,
      preemptDelay: config.preemptDelay,
      lease: config.lease,
      garp: config.garp,
      joinDelay: overPair && peer ? handshakeTime : millis(0),
      alone: overPair && !peer,
    }
  }

  private send({ router, attachment }: Slot, priority: Priority): boolean {
    const { vrid, transport } = router.config
    const { addresses, interval } = ownSettings(router.config)
    const advertisement = { vrid, priority, interval, addresses }
    if (transport === 'udp')
      return this.link?.send(wrapAdvertisement(encodeAdvertisement(advertisement))) ?? false
    const raw = attachment && this.sockets.get(attachment.interface.name)?.raw
    if (!raw) return false
    const pseudo = { source: attachment.source, destination: vrrpGroup }
    return this.attempt(router, 'send', () => raw.send(encodeAdvertisement(advertisement, pseudo), vrrpGroup))
  }

  private announce({ router, attachment }: Slot): void {
    const packet = attachment && this.sockets.get(attachment.interface.name)?.packet
    // Other links than Ethernet have no ARP to tell.
    if (!packet || attachment.interface.mac.length !== 6) return
    this.attempt(router, 'announce', () => {
      for (const { address } of router.config.addresses)
        packet.send(encodeGratuitousArp(attachment.interface.mac, address))
    })
  }

  private attempt(router: VirtualRouter, kind: string, run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      this.limited.warn(router.name, kind, () => textOf(error))
      return false
    }
  }

  private claim({ router, attachment }: Slot, done: (failure: string | undefined) => void): void {
    if (!attachment) {
      done('no interface')
      return
    }
    const { addresses, lease } = router.config
    let waiting = addresses.length
    let failure: string | undefined
    for (const prefix of addresses) {
      this.ports.links.claim(attachment.interface.index, prefix, lease, (error) => {
        if (error)
          failure ??= `claim ${formatPrefix(prefix)} on ${attachment.interface.name}: ${textOf(error)}`
        if (--waiting > 0) return
        done(failure)
        this.arm(router)
      })
    }
  }

  private release({ router, attachment }: Slot): void {
    if (!attachment) return
    for (const prefix of router.config.addresses) {
      this.unconfirmed++
      this.ports.links.release(attachment.interface.index, prefix, (error) => {
        if (error) this.limited.warn(router.name, 'release', () => textOf(error))
        if (--this.unconfirmed === 0) this.onConfirmed()
      })
    }
  }
}

const titles: Readonly<Record<StateName, string>> = {
  initialize: 'Initialize',
  backup: 'Backup',
  active: 'Active',
  fault: 'Fault',
}

const ownSettings = (config: VirtualRouterConfig) => ({
  interval: config.advertisementInterval,
  addresses: config.addresses.map(({ address }) => address),
})

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
