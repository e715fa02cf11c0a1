/** The sync process: the relay on its sockets. */
import type { DiscardCounts, SyncReadiness, Translation } from '../base/facts.js'
import { type IpAddress, parseIp } from '../base/ip.js'
import type {
  Clock,
  DatagramHandlers,
  DatagramSocket,
  Log,
  MarkerPort,
  Random,
  Timer,
} from '../base/ports.js'
import { unreachable } from '../base/result.js'
import { after } from '../base/units.js'
import type { PairLink, PairLinkStatus } from '../pair/link.js'
import { Barriers, type Passed } from './barrier.js'
import { Coverage, type CoverageStatus } from './coverage/runtime.js'
import { kernelSyncGroup, kernelSyncPort } from './kernel-message.js'
import { Markers } from './markers.js'
import {
  lostMessages,
  type RelayDiscard,
  type RelayEffect,
  type RelayEvent,
  type RelayParams,
  type RelayState,
  relayDeadline,
  startRelay,
  step,
} from './relay.js'
import { decodeRelayMessage, encodeRelayMessage, type RelayMessage } from './relay-message.js'
import { Snapshot, type SnapshotCounts, type TableChunks } from './snapshot/runtime.js'
import type { Persistence } from './snapshot/table-row.js'
import { type Gathering, gather, partsOf, repeatInterval } from './source-ports.js'

export interface SyncPorts {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  /** Bound to port 8848 and joined to 224.0.0.81 on 127.0.0.1, sharing the port with the kernel's backup. */
  readonly openKernelReceiver: (handlers: DatagramHandlers) => DatagramSocket
  /** Sends multicast through 127.0.0.1 with TTL 0 and loopback on. */
  readonly openKernelInjector: (handlers: DatagramHandlers) => DatagramSocket
  /** Connects to vipair's own virtual service (`base/sync-marker.ts`). */
  readonly openMarkers: () => MarkerPort
  readonly openLink: (onMessage: (payload: Uint8Array) => void, onEstablished: () => void) => PairLink
  /** /proc/net/ip_vs_conn from its beginning, in chunks; iterating rejects when it cannot be read. */
  readonly readConnectionTable: () => TableChunks
}

/** One id a director: its kernel's master signs with it. Both from 1 to 255, and different. */
export interface SyncSetting {
  readonly syncid: number
  readonly peerSyncid: number
  /** What the connection table does not tell about templates; without it they keep the time they have left. */
  readonly persistence?: Persistence
}

export type SyncEvent =
  | { readonly type: 'syncReadiness'; readonly readiness: SyncReadiness }
  /** The peer's connections of full NAT whose source port is not their client's own, all of them. */
  | { readonly type: 'peerSourcePorts'; readonly translations: readonly Translation[] }

/** `starting` until the kernel's daemons run, `alone` while the peer is not reachable. */
export type SyncRole = 'starting' | 'alone' | 'relaying'

export interface SyncStatus {
  readonly role: SyncRole
  readonly messagesSent: number
  readonly recordsSent: number
  /** Of our kernel, while no session with the peer was there to carry them. */
  readonly recordsUnsent: number
  readonly messagesReceived: number
  readonly recordsReceived: number
  /** Records handed to the kernel. */
  readonly injected: number
  /** Messages that wait for the kernel. */
  readonly waiting: number
  /** Messages of the peer's that never came. */
  readonly lost: number
  /** The peer's connections of full NAT whose source port is not their client's own. */
  readonly peerSourcePorts: number
  readonly rejected: DiscardCounts
  readonly snapshot: SnapshotCounts
  readonly coverage: CoverageStatus
  /** Milliseconds since when the kernel may know what it has not told; null while that is not known. */
  readonly lag: number | null
  readonly readiness: SyncReadiness
  readonly link: PairLinkStatus
}

export interface SyncRuntime {
  /** Master and backup run on `lo`, and the services exist: from now on what the peer says may go in. */
  kernelDaemonsStarted(): void
  /** Ours, for the peer; undefined: none pass here, and nothing is said. */
  sourcePorts(translations: readonly Translation[] | undefined): void
  /**
   * `passed` runs when all sessions that this kernel has now are in the peer's: at once without a peer that could
   * get them, or never; whoever asks has a time limit.
   */
  barrier(passed: Passed): void
  status(): SyncStatus
  stop(): void
}

/** Opens everything at once; throws `OpError` when a socket cannot be opened. */
export function startSync(
  ports: SyncPorts,
  setting: SyncSetting,
  emit: (event: SyncEvent) => void,
): SyncRuntime {
  return new RunningSync(ports, setting, emit)
}

class RunningSync implements SyncRuntime {
  private readonly params: RelayParams
  private readonly group: IpAddress
  private readonly receiver: DatagramSocket
  private readonly injector: DatagramSocket
  private readonly link: PairLink
  private readonly rejected: Partial<Record<RelayDiscard, number>> = {}
  private readonly snapshot: Snapshot
  private readonly coverage: Coverage
  private readonly markers: Markers
  private readonly barriers: Barriers
  private readonly counts = {
    messagesSent: 0,
    recordsSent: 0,
    recordsUnsent: 0,
    messagesReceived: 0,
    recordsReceived: 0,
    injected: 0,
  }
  private state: RelayState
  private timer: Timer | undefined
  private timerDeadline = Number.POSITIVE_INFINITY
  private sessionBegan = false
  private ours: readonly Translation[] | undefined
  private listId = 0
  private repeating: Timer | undefined
  private gathering: Gathering | undefined
  private theirs = 0
  private stopped = false

  constructor(
    private readonly ports: SyncPorts,
    setting: SyncSetting,
    private readonly emit: (event: SyncEvent) => void,
  ) {
    const group = parseIp(kernelSyncGroup)
    if (!group || setting.syncid === setting.peerSyncid) throw new RangeError('two directors, two sync ids')
    this.group = group
    this.params = { syncId: setting.syncid, peerSyncId: setting.peerSyncid }
    this.state = startRelay(ports.clock.now())
    const onError = (error: Error) => this.ports.log.warn(`sync: ${error.message}`)
    this.injector = ports.openKernelInjector({ onDatagram: () => {}, onError })
    this.receiver = ports.openKernelReceiver({
      onDatagram: ({ payload }) => this.run({ type: 'kernelDatagram', bytes: payload }),
      onError,
    })
    const persistence = setting.persistence ?? (() => undefined)
    const send = (message: RelayMessage): boolean => this.link.send(encodeRelayMessage(message))
    this.coverage = new Coverage(ports, {
      syncId: setting.syncid,
      persistence,
      send,
      inject: (records) => this.run({ type: 'rows', records }),
    })
    this.markers = new Markers({
      clock: ports.clock,
      port: ports.openMarkers(),
      wanted: () => this.link.status().reachable,
    })
    this.barriers = new Barriers({
      clock: ports.clock,
      send,
      told: (then) => this.markers.barrier(then),
      flush: () => {
        this.run({ type: 'flush' })
        return this.state.nextSequence
      },
      heard: () => ({ messages: this.state.heard, waiting: this.state.queue.length }),
    })
    this.snapshot = new Snapshot(ports, {
      syncId: setting.syncid,
      persistence,
      send,
      inject: (records) => {
        this.coverage.note(records)
        this.run({ type: 'rows', records })
      },
      load: () => ({ waiting: this.state.queue.length, lost: lostMessages(this.state) }),
      readinessChanged: (readiness) => emit({ type: 'syncReadiness', readiness }),
    })
    this.link = ports.openLink(
      (payload) => this.receive(payload),
      () => this.beginSession(),
    )
    emit({ type: 'syncReadiness', readiness: this.snapshot.readiness })
  }

  kernelDaemonsStarted(): void {
    this.run({ type: 'kernelReady' })
    this.coverage.start()
    this.markers.start()
    if (this.sessionBegan) this.snapshot.begin()
  }

  sourcePorts(translations: readonly Translation[] | undefined): void {
    this.ours = translations
    this.tellSourcePorts()
  }

  barrier(passed: Passed): void {
    if (!this.state.kernelReady || !this.link.status().reachable) passed(0)
    else this.barriers.ask(passed)
  }

  status(): SyncStatus {
    const link = this.link.status()
    const role = !this.state.kernelReady ? 'starting' : link.reachable ? 'relaying' : 'alone'
    return {
      role,
      ...this.counts,
      waiting: this.state.queue.length,
      lost: lostMessages(this.state),
      peerSourcePorts: this.theirs,
      rejected: { ...this.rejected },
      snapshot: { ...this.snapshot.counts },
      coverage: this.coverage.status(),
      lag: this.markers.lag ?? null,
      readiness: this.snapshot.readiness,
      link,
    }
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.repeating?.cancel()
    this.snapshot.stop()
    this.coverage.stop()
    this.markers.stop()
    this.barriers.stop()
    this.receiver.close()
    this.injector.close()
    this.link.close()
  }

  private beginSession(): void {
    if (this.stopped) return
    this.sessionBegan = true
    this.run({ type: 'sessionBegan' })
    this.coverage.begin()
    if (this.state.kernelReady) this.snapshot.begin()
    this.tellSourcePorts()
  }

  private receive(payload: Uint8Array): void {
    if (this.stopped) return
    const message = decodeRelayMessage(payload)
    if (!message.ok) this.reject(`peer_${message.error}`)
    else this.hear(message.value)
  }

  private hear(message: RelayMessage): void {
    if ('syncId' in message && message.syncId !== this.params.peerSyncId) {
      this.reject('peer_sync_id')
      return
    }
    switch (message.kind) {
      case 'live':
        this.counts.messagesReceived++
        this.counts.recordsReceived += message.records.length
        this.snapshot.live(message.records)
        this.coverage.note(message.records)
        this.run({ type: 'live', message })
        return
      case 'request':
      case 'rows':
      case 'end':
        this.snapshot.receive(message)
        return
      case 'digests':
      case 'differs':
      case 'hashes':
      case 'lacks':
      case 'repair':
        this.coverage.receive(message)
        return
      case 'flush':
      case 'flushed':
        this.barriers.receive(message)
        return
      case 'sourcePorts': {
        const [gathering, translations] = gather(this.gathering, message)
        this.gathering = gathering
        if (!translations) return
        this.theirs = translations.length
        this.emit({ type: 'peerSourcePorts', translations })
        return
      }
      default:
        unreachable(message)
    }
  }

  private tellSourcePorts(): void {
    this.repeating?.cancel()
    if (this.stopped || !this.ours) return
    this.listId += 1
    for (const part of partsOf(this.params.syncId, this.listId, this.ours)) {
      if (!this.link.send(encodeRelayMessage(part))) break
    }
    const { clock } = this.ports
    this.repeating = clock.at(after(clock.now(), repeatInterval), () => this.tellSourcePorts())
  }

  private run(event: RelayEvent): void {
    if (this.stopped) return
    const now = this.ports.clock.now()
    const [state, effects] = step(this.params, this.state, event, now)
    this.state = state
    for (const effect of effects) this.perform(effect)
    this.arm()
  }

  private perform(effect: RelayEffect): void {
    switch (effect.type) {
      case 'send':
        if (this.link.send(effect.message)) {
          this.counts.messagesSent++
          this.counts.recordsSent += effect.records
        } else {
          this.counts.recordsUnsent += effect.records
        }
        return
      case 'inject':
        this.injector.send(effect.datagram, this.group, kernelSyncPort)
        this.counts.injected += effect.records
        return
      case 'marker':
        this.markers.returned(effect.clientPort)
        return
      case 'told':
        this.coverage.note(effect.records)
        return
      case 'discard':
        this.reject(effect.reason)
        return
      default:
        unreachable(effect)
    }
  }

  private reject(reason: RelayDiscard): void {
    const count = (this.rejected[reason] ?? 0) + 1
    this.rejected[reason] = count
    // Each is a bug or a foreign program on lo; once, because a flood must not fill the log.
    if (count === 1) this.ports.log.warn(`sync: dropped a message: ${reason}`, { reason })
  }

  private arm(): void {
    const deadline = relayDeadline(this.state, this.ports.clock.now())
    if (deadline === undefined || (this.timer && deadline >= this.timerDeadline)) return
    this.timer?.cancel()
    this.timerDeadline = deadline
    this.timer = this.ports.clock.at(deadline, () => {
      this.timer = undefined
      this.run({ type: 'tick' })
    })
  }
}
