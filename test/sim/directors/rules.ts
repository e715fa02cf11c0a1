/** What must hold at every step of two directors, whatever happens to them. */

import { type Millis, millis, priority } from '../../../src/base/units.js'
import { handoverLimit } from '../../../src/vrrp/handovers.js'
import { skewTime } from '../../../src/vrrp/timers.js'
import { Violation } from '../invariants.js'
import { FlapRule } from './flap-rule.js'
import { uplinkWeight } from './pair-file.js'
import type { SimHost } from './sim-host.js'
import type { PairWatcher, PairWorld, RoleChanged } from './world.js'

/** Timers of a running process are late by up to 1.2 ms, the kernel answers within 0.3 ms. */
const lateness = 6
const driftShare = 1e-4
const assertEvery = 10
const announceEvery = 50
/** A start waits so long for the pair link's handshake. */
const handshake = 1_000
/** What is tracked has to be known within so long after a start. */
const firstFindings = 2_000

export class Rules implements PairWatcher {
  transitions = 0
  /** By router: since when two running directors own it. */
  private readonly twoSince = new Map<string, number>()
  /** Addresses that somebody must hold at every moment, for as long as nothing disturbs. */
  private unbroken: { readonly addresses: readonly string[]; readonly troubles: number } | undefined
  private lastHandover = Number.NEGATIVE_INFINITY
  private readonly flaps = new FlapRule()

  constructor(private readonly world: PairWorld) {}

  stepped(host: SimHost): void {
    this.onlyActiveHolds(host)
    this.onlyOwnersSpeak(host)
    this.groupsMoveTogether(host)
    this.maintenanceStaysOut(host)
    this.noTwoOwners()
    this.noGap()
  }

  claimed(host: SimHost, address: string, lease: Millis | undefined): void {
    const { routers, addressesOf } = host.told
    const router = routers.find(({ name }) => addressesOf.get(name)?.includes(address))
    if (router && router.lease !== lease)
      throw new Violation(
        'the lease of the file',
        `${host.name} claims ${address} for ${lease}, not ${router.lease}`,
      )
  }

  roleChanged(host: SimHost, change: RoleChanged, before: number): void {
    this.transitions++
    if (change.to === 'active' && change.from === 'backup') {
      if (host.peer.running && host.peer.isActive(change.router)) this.rightfulTakeOver(host, change, before)
      if (change.reason.startsWith('takes up')) this.listenedBefore(host, change.router)
      if (change.reason.startsWith('preempts'))
        this.flaps.preempted(host.process ?? host, change.router, this.world.clock.now(), host.name)
    }
    if (change.to === 'active' && host.maintenance !== undefined && this.settledMaintenance(host))
      throw new Violation('maintenance', `${host.name} becomes Active in maintenance`)
    if (/handed over$/.test(change.reason)) this.lastHandover = this.world.clock.now()
    this.flaps.changed(host, this.world.clock.now(), change)
  }

  /** From now on, as long as nothing disturbs, somebody holds these routers' addresses at every moment. */
  keepUnbroken(host: SimHost, routers: readonly string[]): void {
    const addresses = routers.flatMap((name) => host.file.addressesOf.get(name) ?? [])
    this.unbroken = { addresses, troubles: this.world.troubles }
  }

  mayBreak(): void {
    this.unbroken = undefined
  }

  flapped(host: SimHost): boolean {
    return this.flaps.recently(host, this.world.clock.now())
  }

  private onlyActiveHolds(host: SimHost): void {
    // An interface that came back in this very turn has not been looked at yet.
    if (host.changedAt === this.world.clock.now()) return
    const adopts = this.adopts(host)
    for (const [router, addresses] of host.file.addressesOf) {
      // What lies on a dead interface nobody hears of; its lease ends it.
      if (host.isActive(router) || adopts || !host.up(interfaceOf(router))) continue
      const held = addresses.find((address) => host.kernel.holds(address))
      // Until its interfaces are read, a start does not know what is there.
      if (held !== undefined && host.roles.has(router))
        throw new Violation(
          'only an Active holds the address',
          `${host.name} (${host.roles.get(router)}): ${held}`,
        )
    }
  }

  /** For so long a restarted process may keep what its predecessor left, while it listens. */
  private adopts(host: SimHost): boolean {
    const { process } = host
    if (!process) return false
    const listens = 1.5 * process.firstInterval + 250 + lateness
    return this.world.clock.now() < process.startedAt + listens + (process.awakeSince - process.startedAt)
  }

  private onlyOwnersSpeak(host: SimHost): void {
    const { process } = host
    if (!process?.spoke) return
    if (!host.ownsSomething && !process.ownedBefore)
      throw new Violation('only the owner speaks', `${host.name} advertises without the address`)
  }

  private anyActive(host: SimHost): boolean {
    return host.file.routers.some(({ name }) => host.isActive(name))
  }

  private groupsMoveTogether(host: SimHost): void {
    for (const unit of host.file.units) {
      if (unit.length === 1) continue
      const active = unit.filter((name) => host.isActive(name))
      const started = unit.filter((name) => host.roles.has(name))
      if (active.length > 0 && active.length < started.length)
        throw new Violation('a group moves together', `${host.name} is Active for ${active.join()} alone`)
    }
  }

  /** Whether the handover that maintenance begins with is over. */
  private settledMaintenance(host: SimHost): boolean {
    return (
      this.world.clock.now() - host.changedAt > handoverLimit + lateness && this.awakeFor(host, handoverLimit)
    )
  }

  private maintenanceStaysOut(host: SimHost): void {
    if (host.maintenance === undefined || !this.anyActive(host)) return
    if (this.settledMaintenance(host))
      throw new Violation('maintenance', `${host.name} is Active in maintenance`)
  }

  /** While a packet can pass between them by any way that counts, two own it no longer than one exchange. */
  private noTwoOwners(): void {
    const { hosts, clock } = this.world
    const [first, second] = hosts
    for (const [router, addresses] of first.file.addressesOf) {
      const both = this.owns(first, router, addresses) && this.owns(second, router, addresses)
      // Two that adopt at once hear of each other when the first of them has listened.
      const listening = hosts.every((host) => !host.isActive(router) && this.adopts(host))
      if (!both || listening) {
        this.twoSince.delete(router)
        continue
      }
      const twoSince = this.twoSince.get(router) ?? clock.now()
      this.twoSince.set(router, twoSince)
      const since = Math.max(twoSince, this.quietSince(router))
      // What is said about a handover does not arrive: then it is its time limit that ends it.
      const meddled = clock.now() - this.world.pairSince < 2 * handoverLimit
      const afterHandover = clock.now() - this.lastHandover < this.exchange() + handoverLimit
      const underWay = afterHandover ? Math.max(20, this.longestInterval() / 8) : 0
      const limit = this.exchange() + underWay + (meddled ? handoverLimit : 0)
      if (clock.now() - since > limit)
        throw new Violation('one owner', `${router}: two for ${Math.round(clock.now() - since)} ms`)
    }
  }

  private owns(host: SimHost, router: string, addresses: readonly string[]): boolean {
    if (!host.running || !host.up(interfaceOf(router))) return false
    return host.isActive(router) || addresses.some((address) => host.kernel.holds(address))
  }

  private noGap(): void {
    const { unbroken, world } = this
    if (!unbroken || unbroken.troubles !== world.troubles) return
    for (const address of unbroken.addresses)
      if (!world.hosts.some(({ kernel }) => kernel.holds(address)))
        throw new Violation('no instant without an owner', address)
  }

  private rightfulTakeOver(host: SimHost, { router, reason }: RoleChanged, before: number): void {
    if (/handed over$/.test(reason)) return
    const { peer } = host
    const quiet = Math.max(this.quietSince(router), peer.since.get(router) ?? 0, before + handshake)
    if (this.world.clock.now() - quiet <= 5 * this.longestInterval() + this.slack()) return
    const ours = this.effective(host)
    const theirs = this.effective(peer)
    if (reason.includes('lost its way') && !peer.up('eth2') && peer.file.tracksUplink) return
    const { preempt } = host.file
    const may = preempt === 'always' || (preempt === 'when_synced' && host.sync.ready)
    if (!reason.startsWith('preempts') || ours <= theirs)
      throw new Violation('who speaks stays', `${host.name} takes ${router} from ${peer.name}: ${reason}`)
    if (!may) throw new Violation('preempt', `${host.name} (${preempt}) takes ${router} over: ${reason}`)
  }

  /** Who takes up what a predecessor left would have heard an Active that was there when it began. */
  private listenedBefore(host: SimHost, router: string): void {
    const { peer, process } = host
    if (!process || !peer.process || !peer.isActive(router) || host.file !== peer.file) return
    const since = Math.max(
      this.wayBetween(router),
      peer.process.awakeSince,
      peer.since.get(router) ?? 0,
      peer.changedAt,
    )
    if (peer.running && since < process.startedAt && process.awakeSince === process.startedAt)
      throw new Violation('an adopter listens', `${host.name} takes up ${router} beside ${peer.name}`)
  }

  effective(host: SimHost): number {
    const lost = host.file.tracksUplink && !host.up('eth2')
    return Math.max(host.file.priorityOf(host.id) + (lost ? uplinkWeight : 0), 1)
  }

  /* At rest. */

  /** After a heal and time to settle: each router has one owner, which the client reaches and the rules want. */
  settled(): void {
    const { hosts, arpOwner } = this.world
    for (const [router, addresses] of hosts[0].file.addressesOf) {
      const able = hosts.filter((host) => host.running && host.maintenance === undefined)
      const actives = able.filter((host) => host.isActive(router))
      const [active] = actives
      if (able.length > 0 && actives.length !== 1)
        throw new Violation('exactly one Active', `${router}: ${actives.length} of ${able.length}`)
      if (!active) continue
      for (const address of addresses) {
        const holders = hosts.filter(({ kernel }) => kernel.holds(address))
        if (holders.length !== 1 || holders[0] !== active)
          throw new Violation('one holder', `${address}: ${holders.map(({ name }) => name).join(' and ')}`)
        if (arpOwner.get(address.split('/')[0] ?? '') !== active.id)
          throw new Violation('the client reaches the Active', `${address} is not asked of ${active.name}`)
      }
      this.thePreferredIsActive(router, active)
      this.nothingElseHeld(active)
    }
  }

  private nothingElseHeld(host: SimHost): void {
    const wanted = new Set([...host.file.addressesOf.values()].flat())
    const stray = host.kernel.entries().find(([address]) => !wanted.has(address))
    if (stray) throw new Violation('addresses of the file', `${host.name} holds ${stray[0]}`)
  }

  private thePreferredIsActive(router: string, active: SimHost): void {
    const better = active.peer
    if (!better.running || better.maintenance !== undefined || this.flapped(better)) return
    if (this.effective(better) <= this.effective(active)) return
    const { preempt } = better.file
    if (preempt === 'never' || (preempt === 'when_synced' && !better.sync.ready)) return
    const status = better.process?.director.status().routers.find(({ name }) => name === router)
    if (status?.handedOverTo === undefined)
      throw new Violation('preempt', `${better.name} should be Active for ${router}: ${status?.holdsBack}`)
  }

  /* How long things take. */

  exchange(): number {
    return this.longestInterval() + 2 * this.world.calmLatency + assertEvery + announceEvery + this.slack()
  }

  /** From the death of the Active until the other one is. */
  succession(host: SimHost): number {
    const interval = this.longestInterval()
    const own = priority(this.effective(host)) ?? fault()
    const skew = Math.max(skewTime(own, interval, 3), skewTime(own, interval, 'pair'))
    return 3 * interval + skew + 2 * this.world.calmLatency + this.slack()
  }

  /** Of a handover without faults: three messages and the kernel's answer. */
  handover(): number {
    return 3 * this.world.calmLatency + 2 * lateness
  }

  settlingTime(): number {
    const { file } = this.world.hosts[0]
    const refresh = 10_000
    return (
      handshake +
      firstFindings +
      handoverLimit +
      file.preemptDelay +
      (file.lease ?? 0) +
      refresh +
      12 * this.longestInterval()
    )
  }

  longestInterval(): Millis {
    return millis(Math.max(...this.world.hosts.map(({ file }) => file.interval)))
  }

  /** Since when the routers of both have a way to each other, are awake, and run with the same file. */
  private quietSince(router: string): number {
    const { world } = this
    const [first, second] = world.hosts
    if (first.file !== second.file) return Number.POSITIVE_INFINITY
    let since = this.wayBetween(router)
    for (const { process, changedAt } of world.hosts) {
      if (process?.state !== 'running') return Number.POSITIVE_INFINITY
      since = Math.max(since, process.awakeSince, changedAt)
    }
    return since
  }

  /** Since when there is a way for this router's advertisements, or for what the pair link says in their place. */
  private wayBetween(router: string): number {
    const { world } = this
    const { transport } = world.hosts[0].file.router(router)
    const segment = router === 'back' && transport === 'multicast' ? 'eth1' : 'eth0'
    const overPair = world.wholeSince('pair')
    return transport === 'udp' ? overPair : Math.min(overPair, world.wholeSince(segment))
  }

  private awakeFor(host: SimHost, span: number): boolean {
    const { process } = host
    return process?.state === 'running' && this.world.clock.now() - process.awakeSince > span + lateness
  }

  slack(): number {
    return lateness + driftShare * this.longestInterval()
  }
}

const interfaceOf = (router: string) => (router === 'back' ? 'eth1' : 'eth0')

function fault(): never {
  throw new Error('no priority')
}
