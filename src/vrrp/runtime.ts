/**
 * The vrrp process: every virtual router of one director over one timer. The only file of this feature
 * that holds sockets and a timer; nothing in it waits for another process.
 */
import type { SyncReadiness } from '../base/facts.js'
import { equalIp, type IpAddress } from '../base/ip.js'
import type { Clock, Links, Log, PacketSocket, RawSocket, RawSocketOptions, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import type { PairLink } from '../pair/link.js'
import { type Attachment, attach, type LinkView } from './attachment.js'
import { Intake, type Slot } from './intake.js'
import { LimitedLog } from './limited-log.js'
import {
  announceAddresses,
  claimAddresses,
  type Outlets,
  releaseAddresses,
  sendAdvertisement,
} from './outputs.js'
import { vrrpProtocol } from './packet.js'
import { vrrpGroup } from './receive.js'
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

interface InterfaceSockets {
  readonly index: number
  readonly packet: PacketSocket
  readonly raw: RawSocket | undefined
  readonly source: IpAddress
}

class Runtime implements VrrpRuntime {
  private readonly slots: readonly Slot[]
  private readonly sockets = new Map<string, InterfaceSockets>()
  private readonly intake: Intake
  private readonly outlets: Outlets
  private readonly limited: LimitedLog
  private readonly watch: { close(): void }
  private readonly link: PairLink | undefined
  private timer: { readonly at: Millis; readonly handle: Timer } | undefined
  private retry: Timer | undefined
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
    this.outlets = {
      links: ports.links,
      limited: this.limited,
      pairLink: () => this.link,
      sockets: (name) => this.sockets.get(name),
      releaseSent: () => {
        this.unconfirmed++
      },
      releaseConfirmed: () => {
        this.unconfirmed--
        if (this.unconfirmed === 0) this.onConfirmed()
      },
    }
    this.slots = setting.routers.map((config) => this.createSlot(config))
    this.intake = new Intake(this.slots, setting.peer, this.limited, (router) => this.arm(router))
    const overPair =
      setting.peer !== undefined && setting.routers.some(({ transport }) => transport === 'udp')
    this.link = overPair ? ports.openPairLink?.((payload) => this.intake.peerMessage(payload)) : undefined
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
      discarded: this.intake.discarded.read(),
      link: this.link?.status(),
    }
  }

  private async shutDown(): Promise<void> {
    const { clock } = this.ports
    this.watch.close()
    this.timer?.handle.cancel()
    this.retry?.cancel()
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
    if (retry) {
      this.retry?.cancel()
      this.retry = this.ports.clock.at(after(this.ports.clock.now(), reopenAfter), () => this.readLinks())
    }
    if (again) this.readLinks()
  }

  private onLinks(view: LinkView): void {
    let retry = false
    const virtual = this.slots.flatMap(({ router }) => router.advertised.addresses)
    if (!this.stopping) {
      for (const slot of this.slots) {
        const { config } = slot.router
        const attached = attach({ ...config, virtual }, this.setting.director.address, view)
        const opened = attached.ok ? this.openSockets(config, attached.value) : undefined
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
      onPacket: (packet) => this.intake.packet(interfaceName, source, packet),
      onMalformed: () => this.intake.discarded.add('ip_header'),
      onError: (error) => this.limited.warn(undefined, 'raw_socket', () => error.message),
    })
  }

  private closeSockets(name: string): void {
    const open = this.sockets.get(name)
    open?.packet.close()
    open?.raw?.close()
    this.sockets.delete(name)
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
          send: (priority) => sendAdvertisement(this.outlets, slot, priority),
          claim: (done) =>
            claimAddresses(this.outlets, slot, (failure) => {
              done(failure)
              this.arm(slot.router)
            }),
          announce: () => announceAddresses(this.outlets, slot),
          release: () => releaseAddresses(this.outlets, slot),
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
}

const titles: Readonly<Record<StateName, string>> = {
  initialize: 'Initialize',
  backup: 'Backup',
  active: 'Active',
  fault: 'Fault',
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
