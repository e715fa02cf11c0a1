/** All that the routers of this director track: takes facts and looks, answers what they mean for a router. */
import type { IpAddress } from '../../base/ip.js'
import type { Clock, FrameSocketOptions, PacketSocket, Timer } from '../../base/ports.js'
import { unreachable } from '../../base/result.js'
import { after, type Millis, millis, type Priority } from '../../base/units.js'
import type { ServicesTrackConfig, TrackConfig, VirtualRouterConfig } from '../../config/model.js'
import type { LinkView } from '../attachment.js'
import { effectivePriority, type Standing } from './effective-priority.js'
import { GatewayProbe } from './gateway-probe/runtime.js'
import { isOutside, trackKey } from './identity.js'
import { judgeInterface } from './interface.js'
import {
  compareServices,
  judgeServices,
  type ServerCounts,
  type ServicesState,
  servicesAtFirst,
} from './services.js'
import { type Finding, unknownFinding, type Verdict } from './verdict.js'

export interface TrackingPorts {
  readonly clock: Clock
  /** Throws `OpError`. Undefined where there are no packet sockets: gateways then stay unknown. */
  readonly openFrames: ((options: FrameSocketOptions) => PacketSocket) | undefined
}

type TrackedRouter = Pick<VirtualRouterConfig, 'name' | 'track' | 'addresses'>

/** A router whose things have not all been looked at yet waits for so long, and then goes without them. */
const firstFindings = millis(2_000)
/** How often the two directors' servers are compared. */
const compareEvery = millis(250)
/** What the peer said longer ago says nothing about now. */
const peerCountsLast = 3_000

interface TrackedThing {
  track: TrackConfig
  readonly probe: GatewayProbe | undefined
  finding: Finding
  services: ServicesState
}

interface Tracked {
  readonly things: readonly TrackedThing[]
  readonly heldUntil: Millis
  /** As last told, to tell changes only. */
  told: string
}

export class Tracking {
  private readonly routers = new Map<string, Tracked>()
  private readonly outsideFindings = new Map<string, Finding>()
  private view: LinkView | undefined
  private virtual: readonly IpAddress[] = []
  private ownCounts: ServerCounts | undefined
  private peerCounts: { readonly counts: ServerCounts; readonly at: Millis } | undefined
  private comparing: Timer | undefined
  private stopped = false

  /** `onChange`: the router's standing or its list of verdicts may have changed. */
  constructor(
    private readonly ports: TrackingPorts,
    private readonly peerName: string,
    private readonly onChange: (router: string) => void,
  ) {}

  /** At the start and at a reload; what is tracked as before keeps its finding. */
  configure(routers: readonly TrackedRouter[]): void {
    const { clock } = this.ports
    this.virtual = routers.flatMap(({ addresses }) => addresses.map(({ address }) => address))
    const before = new Map(this.routers)
    this.routers.clear()
    for (const { name, track } of routers) {
      const old = before.get(name)
      const things = track.map((each) => kept(old, each) ?? this.createThing(name, each))
      const heldUntil = old?.heldUntil ?? after(clock.now(), firstFindings)
      this.routers.set(name, { things, heldUntil, told: '' })
      for (const { probe } of old?.things ?? [])
        if (probe && !things.some((thing) => thing.probe === probe)) probe.stop()
      before.delete(name)
      if (!old) clock.at(heldUntil, () => this.changed(name))
    }
    for (const { things } of before.values()) for (const { probe } of things) probe?.stop()
    if (this.view) this.links(this.view)
    this.compare()
  }

  /** What this router's tracked things make of `base`. */
  standing(router: string, base: Priority): Standing {
    const tracked = this.routers.get(router)
    const held = tracked !== undefined && this.ports.clock.now() < tracked.heldUntil
    return effectivePriority(base, this.verdicts(router), held)
  }

  verdicts(router: string): readonly Verdict[] {
    return (this.routers.get(router)?.things ?? []).map(({ track, finding }) => ({
      ...finding,
      name: track.name,
      weight: track.weight,
    }))
  }

  /** Which of the things that this router needs to be reached is lost; undefined: none that is tracked. */
  lostPath(router: string): string | undefined {
    const lost = this.routers
      .get(router)
      ?.things.find(
        ({ track: { kind }, finding }) =>
          (kind === 'gateway' || kind === 'interface') && finding.state === 'down',
      )
    return lost && `${lost.track.name} down: ${lost.finding.reason}`
  }

  /** The interfaces as they are now, after every change of theirs and after lost events. */
  links(view: LinkView): void {
    this.view = view
    for (const [name, { things }] of this.routers) {
      for (const thing of things) {
        if (thing.track.kind === 'interface') thing.finding = judgeInterface(thing.track, view)
        thing.probe?.links(view, this.virtual)
      }
      this.changed(name)
    }
  }

  /** From the tracker process. */
  outside(key: string, finding: Finding): void {
    this.outsideFindings.set(key, finding)
    for (const [name, { things }] of this.routers) {
      for (const thing of things) {
        if (isOutside(thing.track) && trackKey(thing.track) === key) thing.finding = finding
      }
      this.changed(name)
    }
  }

  ownServers(counts: ServerCounts): void {
    this.ownCounts = counts
    this.compare()
  }

  peerServers(counts: ServerCounts): void {
    this.peerCounts = { counts, at: this.ports.clock.now() }
    this.compare()
  }

  stop(): void {
    this.stopped = true
    this.comparing?.cancel()
    for (const { things } of this.routers.values()) for (const { probe } of things) probe?.stop()
  }

  private createThing(router: string, track: TrackConfig): TrackedThing {
    const { openFrames, clock } = this.ports
    const probe =
      track.kind === 'gateway' && openFrames
        ? new GatewayProbe({ clock, openFrames }, track, () => {
            if (probe) thing.finding = probe.finding
            this.changed(router)
          })
        : undefined
    const thing: TrackedThing = { track, probe, finding: this.firstFinding(track), services: servicesAtFirst }
    return thing
  }

  private firstFinding(track: TrackConfig): Finding {
    switch (track.kind) {
      case 'interface':
        return unknownFinding('the interfaces have not been read yet')
      case 'gateway':
        return unknownFinding('has not been asked yet')
      case 'services':
        return judgeServices(track, servicesAtFirst, this.peerName)
      case 'script':
      case 'file':
      case 'process':
        return this.outsideFindings.get(trackKey(track)) ?? unknownFinding('has not been looked at yet')
      default:
        return unreachable(track)
    }
  }

  private changed(router: string): void {
    const tracked = this.routers.get(router)
    if (this.stopped || !tracked) return
    const held = this.ports.clock.now() < tracked.heldUntil
    const told = JSON.stringify([held, this.verdicts(router)])
    if (told === tracked.told) return
    tracked.told = told
    this.onChange(router)
  }

  /* Services. */

  private compare(): void {
    if (this.stopped) return
    let any = false
    for (const [name, { things }] of this.routers) {
      for (const thing of things) {
        if (thing.track.kind !== 'services') continue
        any = true
        this.compareOne(thing, thing.track)
      }
      this.changed(name)
    }
    this.comparing?.cancel()
    const { clock } = this.ports
    this.comparing = any ? clock.at(after(clock.now(), compareEvery), () => this.compare()) : undefined
  }

  private compareOne(thing: TrackedThing, track: ServicesTrackConfig): void {
    const now = this.ports.clock.now()
    const { peerCounts: peer } = this
    const fresh = peer && now - peer.at < peerCountsLast ? peer.counts : undefined
    thing.services = compareServices(track, thing.services, this.ownCounts, fresh, now)
    thing.finding = judgeServices(track, thing.services, this.peerName)
  }
}

/** The same thing of the same router before a reload, whatever it weighs now. */
function kept(old: Tracked | undefined, track: TrackConfig): TrackedThing | undefined {
  const wanted = JSON.stringify(withoutWeight(track))
  const same = old?.things.find((thing) => JSON.stringify(withoutWeight(thing.track)) === wanted)
  if (same) same.track = track
  return same
}

const withoutWeight = ({ weight: _, ...rest }: TrackConfig) => rest
