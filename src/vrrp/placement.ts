/**
 * Where each virtual router lives, and what it finds there: interfaces that come, go and are replaced, addresses
 * that others put or removed.
 */
import type { IpAddress } from '../base/ip.js'
import type { Log } from '../base/ports.js'
import { ok, type Result } from '../base/result.js'
import { ownerPriority } from '../base/units.js'
import { familyOf, type VirtualRouterConfig } from '../config/model.js'
import { ownerOf } from '../config/owner.js'
import { adoption, misfits, permanents } from './adoption.js'
import { type Attachment, attach, type LinkView } from './attachment.js'
import type { Slot } from './intake.js'
import type { LimitedLog } from './limited-log.js'
import type { Losses } from './losses.js'
import { claimAddresses, type Outlets, release, releaseAll } from './outputs.js'
import type { VrrpSetting } from './setting.js'
import type { Sockets } from './sockets.js'
import type { RouterParams } from './state.js'
import type { VirtualMacs } from './virtual-mac/keeper.js'
import type { VirtualRouter } from './virtual-router.js'
import { Vrids } from './vrids.js'
import type { Warnings } from './warnings.js'

export interface PlacementPorts {
  readonly log: Log
  readonly limited: LimitedLog
  readonly warnings: Warnings
  readonly slots: readonly Slot[]
  readonly sockets: Sockets
  readonly virtualMacs: VirtualMacs
  readonly losses: Losses
  readonly outlets: Outlets
  /** As `VrrpPorts.acceptLocal`. */
  readonly acceptLocal: ((interfaceName: string) => void) | undefined
  setting(): VrrpSetting
  paramsOf(config: VirtualRouterConfig, source: IpAddress): RouterParams
  inOneGo(run: () => void): void
  /** The router's deadline may have moved. */
  arm(router: VirtualRouter): void
  /** The interfaces are to be read once more, now. */
  readAgain(): void
}

export class Placement {
  constructor(private readonly ports: PlacementPorts) {}

  /** Each router where the interfaces are now; `virtual`: the addresses of all. False when something could not be opened, and is to be tried later. */
  place(view: LinkView, virtual: readonly IpAddress[]): boolean {
    let opened = true
    const { slots, sockets, virtualMacs } = this.ports
    const vrids = new Vrids()
    this.ports.inOneGo(() => {
      for (const slot of slots) {
        const { config } = slot.router
        const attached = vrids.claim(config, this.attach(config, view, virtual))
        if (!attached) {
          if (slot.router.started) this.onLinkDown(slot, 'its virtual MAC address is being set up')
          continue
        }
        const failure = attached.ok ? sockets.open(config, attached.value) : undefined
        if (attached.ok && failure === undefined) this.onLinkUp(slot, attached.value, view)
        else this.onLinkDown(slot, attached.ok ? (failure ?? '') : attached.error)
        if (!this.mended(slot, view)) opened = false
        if (failure !== undefined || (config.virtualMac && !attached.ok)) opened = false
      }
    })
    const withVirtualMac = slots.flatMap(({ router: { config } }) => (config.virtualMac ? [config] : []))
    for (const { name } of virtualMacs.sweep(withVirtualMac, view.interfaces)) sockets.forget(name)
    return opened
  }

  /** False when what somebody removed, or the kernel refused, is to be claimed later. */
  private mended(slot: Slot, view: LinkView): boolean {
    const { router } = slot
    const verdict = this.ports.losses.judge(slot, view)
    if (verdict === 'lookAgain') this.ports.readAgain()
    if (verdict === 'claim') router.handle({ type: 'parametersChanged', claim: true, announce: true })
    const { retry } = slot.confirmed
    if (retry === 'now' && verdict !== 'claim') router.handle({ type: 'parametersChanged', claim: true })
    return verdict !== 'later' && retry === 'none'
  }

  /** Undefined: not yet, and the interfaces will be read again. */
  private attach(
    config: VirtualRouterConfig,
    view: LinkView,
    virtual: readonly IpAddress[],
  ): Result<Attachment, string> | undefined {
    const { director } = this.ports.setting()
    const owner = (config.priority[director.name] ?? director.priority) === ownerPriority
    const wish = { ...config, family: familyOf(config), virtual, owner }
    const attached = attach(wish, director.address, view)
    if (!attached.ok || !config.virtualMac) return attached
    const own = this.ports.virtualMacs.attach(config, attached.value.interface, view.interfaces)
    return own?.ok ? ok({ ...attached.value, interface: own.value, parent: attached.value.interface }) : own
  }

  private onLinkUp(slot: Slot, attachment: Attachment, view: LinkView): void {
    const { router } = slot
    const before = slot.attachment
    if (before && before.interface.index !== attachment.interface.index)
      router.handle({ type: 'linkDown', reason: `${attachment.interface.name} was replaced` })
    slot.attachment = attachment
    this.acceptOwner(router.config, attachment)
    router.setParams(this.ports.paramsOf(router.config, attachment.source))
    if (!router.started) this.clearTheWay(slot, attachment, view)
    router.handle(
      router.started
        ? { type: 'linkUp' }
        : {
            type: 'startup',
            linkDown: undefined,
            ...adoption(this.ports.setting().resumed, router.config, attachment, view),
          },
    )
    this.takeAway(slot, attachment, view)
    // Somebody has taken the interface down, and perhaps the addresses with it.
    const { macvlan } = attachment.interface
    if (router.state.name === 'active' && attachment.parent && macvlan?.adminUp === false)
      claimAddresses(this.ports.outlets, slot, () => {})
    this.ports.arm(router)
  }

  /** What is there at a start and cannot stay as it is. */
  private clearTheWay({ router }: Slot, attachment: Attachment, view: LinkView): void {
    const { name, config } = router
    for (const address of permanents(config, attachment, view))
      this.ports.log.warn(`${name}: ${address} was put here for ever: from now on it is the Active's`)
    release(this.ports.outlets, name, misfits(config, attachment, view))
  }

  /** Put here for ever by somebody while this director is not Active: two would own it. As at a start, it goes. */
  private takeAway(slot: Slot, attachment: Attachment, view: LinkView): void {
    const { name, config, state } = slot.router
    if (state.name === 'active' || (state.name === 'backup' && state.adopting)) return
    const found = permanents(config, attachment, view)
    if (found.length === 0) return
    const text = `somebody put ${found.join(', ')} here for ever, which belongs to the Active: removed; do not add virtual addresses by other means`
    this.ports.warnings.say(name, 'permanent_address', () => text, { lasts: 60_000 })
    release(this.ports.outlets, name, misfits(config, attachment, view))
    releaseAll(this.ports.outlets, slot)
  }

  /** The kernel drops a packet from an address of its own, and so the owner's advertisements when it is back. */
  private acceptOwner({ name, transport, addresses }: VirtualRouterConfig, { via }: Attachment): void {
    const { peer } = this.ports.setting()
    if (transport !== 'multicast' || !peer) return
    if (addresses.every(({ address }) => address.family === 6 || ownerOf(address, [peer]) < 0)) return
    try {
      this.ports.acceptLocal?.(via.name)
    } catch (error) {
      this.ports.limited.warn(name, 'accept_local', () => `does not hear the address owner: ${textOf(error)}`)
    }
  }

  private onLinkDown({ router }: Slot, reason: string): void {
    router.handle(router.started ? { type: 'linkDown', reason } : { type: 'startup', linkDown: reason })
    this.ports.arm(router)
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
