/**
 * Keeps connection tracking such that a connection of full NAT is translated to the same source on either
 * director.
 *
 * The source is the virtual address and the client's own port, but where two clients of one port reach one server:
 * there the kernel chose another port, and only the director that did so knows which. The Active therefore tells
 * its peer of these, who has them tracked before they are needed. A director that becomes Active makes the rest
 * from the table's connections: a server may be the first to speak, and its packet must find its client.
 */
import { connectionRow } from '../../../base/connection-row.js'
import type { Translation } from '../../../base/facts.js'
import { formatIp, type IpAddress } from '../../../base/ip.js'
import type { Clock, Log, Netlink, NetlinkRequest, Timer } from '../../../base/ports.js'
import { OpError } from '../../../base/result.js'
import { after, millis } from '../../../base/units.js'
import { maxBatch } from '../../batches.js'
import { NLM_F } from '../../constants.js'
import { type FullNatTarget, targetFamily } from '../targets.js'
import {
  CT_DELETE,
  CT_GET,
  CT_NEW,
  decodeTracked,
  encodeDump,
  encodeOriginal,
  encodeRenewal,
  encodeTranslation,
  type Tracked,
  tcpStates,
} from '../tracking-codec.js'
import {
  displaced,
  isTranslated,
  originalKey,
  planTranslations,
  translationOf,
  type WantedTranslation,
} from '../translations.js'

export interface TrackingPorts {
  readonly clock: Clock
  readonly log: Log
  /** Of NETLINK_NETFILTER, which not every kernel has. Throws `OpError`. */
  readonly openNetlink: () => Netlink
  /** /proc/net/ip_vs_conn from its beginning, in chunks; iterating rejects when it cannot be read. */
  readonly readConnectionTable: () => AsyncIterable<Uint8Array>
}

/** Which virtual addresses are here, and which are known to be the peer's; of others nothing is known yet. */
export interface AddressRoles {
  readonly active: readonly IpAddress[]
  readonly standby: readonly IpAddress[]
}

/** All connections here whose source port is not their client's own; undefined where none pass. */
export interface SourcePortsFact {
  readonly type: 'sourcePorts'
  readonly translations: readonly Translation[] | undefined
}

export interface Tracking {
  configure(targets: readonly FullNatTarget[]): void
  rolesChanged(roles: AddressRoles): void
  /** The peer's, all of them. */
  peerSourcePorts(translations: readonly Translation[]): void
  /** The table has got connections of the peer's. */
  connectionsArrived(): void
  /** Lets what is under way end. Nothing is undone: connections outlive every process. */
  stop(): Promise<void>
}

/** More than these have no place in a message to the peer. */
export const mostSourcePorts = 20_000

const answerTimeout = millis(5_000)
/** Looking costs in proportion to the tracked connections: at most a sixth of the time goes into it. */
const shortestRest = millis(1_000)
const restFactor = 5
/** How long a connection of the peer's is kept here without a packet; renewed while the peer has it. */
const standbySeconds = 600
const standbyRest = millis(60_000)

export const startTracking = (ports: TrackingPorts, emit: (fact: SourcePortsFact) => void): Tracking =>
  new RunningTracking(ports, emit)

class RunningTracking implements Tracking {
  private targets: readonly FullNatTarget[] = []
  private active: ReadonlySet<string> = new Set()
  private standby: ReadonlySet<string> = new Set()
  /** Active, and not yet made the connections of. */
  private arriving = new Set<string>()
  private arrived = false
  private own = new Map<string, Translation>()
  private peer = new Map<string, Translation>()
  private told = ''
  private due = false
  private busy = false
  private stopped = false
  private complained = false
  private opened: Netlink | undefined
  private timer: Timer | undefined
  private work: Promise<void> = Promise.resolve()

  constructor(
    private readonly ports: TrackingPorts,
    private readonly emit: (fact: SourcePortsFact) => void,
  ) {}

  configure(targets: readonly FullNatTarget[]): void {
    this.targets = targets
    this.wake()
  }

  rolesChanged({ active, standby }: AddressRoles): void {
    const before = this.active
    this.active = new Set(active.map(formatIp))
    this.standby = new Set(standby.map(formatIp))
    for (const address of this.active) if (!before.has(address)) this.arriving.add(address)
    for (const address of this.arriving) if (!this.active.has(address)) this.arriving.delete(address)
    this.wake()
  }

  peerSourcePorts(translations: readonly Translation[]): void {
    this.peer = new Map(translations.map((one) => [originalKey(one), one]))
    // It speaks of what passes there: what passed here before is over, or among it.
    for (const [key, { virtual }] of this.own)
      if (this.standby.has(formatIp(virtual.address))) this.own.delete(key)
    this.arrived = true
    this.wake()
  }

  connectionsArrived(): void {
    this.arrived = true
    this.wake()
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.timer?.cancel()
    await this.work
    this.opened?.close()
  }

  private wake(): void {
    this.due = true
    if (this.busy || this.stopped || this.targets.length === 0) return
    this.busy = true
    this.timer?.cancel()
    this.work = this.passes()
  }

  private async passes(): Promise<void> {
    const { clock } = this.ports
    let spent = 0
    while (this.due && !this.stopped) {
      this.due = false
      const begun = clock.now()
      await this.pass()
      spent = clock.now() - begun
    }
    this.busy = false
    if (this.stopped || this.targets.length === 0) return
    const rest = this.active.size > 0 ? Math.max(shortestRest, spent * restFactor) : standbyRest
    this.timer = clock.at(after(clock.now(), millis(rest)), () => this.wake())
  }

  private async pass(): Promise<void> {
    const { arriving, arrived } = this
    const all = arrived ? this.active : arriving
    this.arriving = new Set()
    this.arrived = false
    try {
      const tracked = await this.dump()
      if (this.standby.size > 0) await this.prepare(tracked)
      if (all.size > 0) await this.take(all, arriving, tracked)
      this.tell(all.size > 0 ? await this.dump() : tracked)
      this.complained = false
    } catch (error) {
      if (!(error instanceof OpError)) throw error
      if (!this.complained) this.ports.log.warn(`full NAT: ${error.message}`)
      this.complained = true
      // Still to be done.
      this.arrived ||= arrived
      for (const address of arriving) if (this.active.has(address)) this.arriving.add(address)
    }
  }

  /** As a standby: what the peer's connections would collide with must be there before them. */
  private async prepare(tracked: readonly Tracked[]): Promise<void> {
    const wanted = [...this.peer.values()]
      .filter(({ virtual }) => this.standby.has(formatIp(virtual.address)))
      .filter((one) => isTranslated(this.targets, one))
      .map((one) => ({ ...one, timeout: standbySeconds / 2, tcpState: tcpStates.ESTABLISHED }))
    await this.carryOut(wanted, tracked, () => false, standbySeconds)
  }

  /** Those of the table, with the ports that are known; `arriving`: of traffic that came elsewhere so far. */
  private async take(
    addresses: ReadonlySet<string>,
    arriving: ReadonlySet<string>,
    tracked: readonly Tracked[],
  ): Promise<void> {
    const wanted: WantedTranslation[] = []
    for await (const one of this.connections()) {
      if (!addresses.has(formatIp(one.virtual.address)) || !isTranslated(this.targets, one)) continue
      const key = originalKey(one)
      const known = this.peer.get(key) ?? this.own.get(key)
      wanted.push(known ? { ...one, sourcePort: known.sourcePort } : one)
    }
    const passesHere = ({ virtual }: WantedTranslation) => !arriving.has(formatIp(virtual.address))
    const made = await this.carryOut(wanted, tracked, passesHere)
    if (made > 0) this.ports.log.info(`full NAT: took over ${made} of ${wanted.length} connections`)
    // From now on they are seen here.
    for (const [key, { virtual }] of this.peer)
      if (addresses.has(formatIp(virtual.address))) this.peer.delete(key)
  }

  /** How many were made. `timeout`: in place of each one's own. */
  private async carryOut(
    wanted: readonly WantedTranslation[],
    tracked: readonly Tracked[],
    knows: (one: WantedTranslation) => boolean,
    timeout?: number,
  ): Promise<number> {
    const plan = planTranslations(wanted, tracked, knows)
    await this.apply(
      plan.remove.map((one) => ({ type: CT_DELETE, flags: NLM_F.ACK, payload: encodeOriginal(one) })),
    )
    await this.apply(
      plan.renew.map((one) => ({
        type: CT_NEW,
        flags: NLM_F.ACK,
        payload: encodeRenewal(one, timeout ?? one.timeout, one.tcpState),
      })),
    )
    const results = await this.apply(
      plan.create.map((one) => ({
        type: CT_NEW,
        flags: NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL,
        payload: encodeTranslation(one, timeout ?? one.timeout, one.tcpState),
      })),
    )
    // One that is there by now was made by its own first packet.
    const failed = results.filter((code) => code !== 'OK' && code !== 'EEXIST')
    if (failed.length > 0)
      this.ports.log.warn(`full NAT: ${failed.length} connections cannot be taken over: ${failed[0]}`)
    return results.filter((code) => code === 'OK').length
  }

  private netlink(): Netlink {
    this.opened ??= this.ports.openNetlink()
    return this.opened
  }

  private async apply(requests: readonly NetlinkRequest[]): Promise<readonly string[]> {
    const codes: string[] = []
    for (let at = 0; at < requests.length; at += maxBatch) {
      const replies = await this.netlink().exchange(requests.slice(at, at + maxBatch), answerTimeout)
      codes.push(...replies.map(({ code }) => code))
    }
    return codes
  }

  private async dump(): Promise<readonly Tracked[]> {
    const found: Tracked[] = []
    for (const family of new Set(this.targets.map(targetFamily))) {
      const request = { type: CT_GET, flags: NLM_F.DUMP, payload: encodeDump(family) }
      const [reply] = await this.netlink().exchange([request], answerTimeout)
      if (reply?.code !== 'OK') throw new OpError('conntrack', 'dump', reply?.code ?? 'timeout')
      for (const { payload } of reply.messages) {
        const tracked = decodeTracked(payload)
        if (tracked.ok && isTranslated(this.targets, tracked.value)) found.push(tracked.value)
      }
    }
    return found
  }

  /** Every one of the table; a few may be left out or come twice, for the table changes while it is read. */
  private async *connections(): AsyncGenerator<WantedTranslation> {
    let rest = ''
    try {
      for await (const chunk of this.ports.readConnectionTable()) {
        const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const row = connectionRow(line)
          const one = row && translationOf(row)
          if (one) yield one
        }
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
      throw new OpError('read', '/proc/net/ip_vs_conn', code, { cause: error })
    }
  }

  private tell(tracked: readonly Tracked[]): void {
    if (this.active.size === 0) {
      if (this.told !== '') this.emit({ type: 'sourcePorts', translations: undefined })
      this.told = ''
      return
    }
    const here = tracked.filter(({ virtual }) => this.active.has(formatIp(virtual.address)))
    const all = displaced(here)
    this.own = new Map(all.map((one) => [originalKey(one), one]))
    const translations = all.slice(0, mostSourcePorts)
    const text = JSON.stringify(translations.map((one) => [originalKey(one), one.sourcePort]).sort())
    if (text === this.told) return
    if (all.length > mostSourcePorts && this.told.length < text.length)
      this.ports.log.warn(
        `full NAT: ${all.length} colliding client ports, the peer is told of ${mostSourcePorts}`,
      )
    this.told = text
    this.emit({ type: 'sourcePorts', translations })
  }
}
