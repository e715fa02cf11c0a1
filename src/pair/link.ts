/** The authenticated way to the peer, as the features see it. */
import { fromHex, toHex } from '../base/bytes.js'
import type { DiscardCounts } from '../base/facts.js'
import { equalIp, formatIp, type IpAddress } from '../base/ip.js'
import type { Clock, Datagram, DatagramHandlers, DatagramSocket, Log, Random, Timer } from '../base/ports.js'
import { unreachable } from '../base/result.js'
import type { Millis, Port } from '../base/units.js'
import { deriveStaticKeys } from './derive.js'
import { lifeSecretLength } from './draw.js'
import { maxMessageLength } from './frame.js'
import { configHashLength, noConfigHash } from './hello.js'
import type { PairKey } from './key.js'
import { Paths } from './paths.js'
import {
  isReachable,
  nextDeadline,
  type PairDiscard,
  type PairEffect,
  type PairEvent,
  type PairParams,
  type PairState,
  startPair,
  step,
} from './session.js'
import { DiscardWarnings } from './warnings.js'

/** Which process of the peer a datagram is for. */
export type PairChannel = 'vrrp' | 'sync'

/** One of the ways to the peer. */
export interface PairPathStatus {
  /** The peer's address on it. */
  readonly address: string
  readonly reachable: boolean
  readonly lastSeenSeconds: number | undefined
}

export interface PairLinkStatus {
  /** A session is established and something authentic arrived within the last few seconds. */
  readonly reachable: boolean
  /** Seconds since the last authentic datagram; undefined before the first. */
  readonly lastSeenSeconds: number | undefined
  /** False while well-formed datagrams come from the peer's address under another key; undefined before any. */
  readonly keyMatches: boolean | undefined
  /** What was thrown away, by reason. */
  readonly discarded: DiscardCounts
  /** The peer's config hash as of the present session, 16 hex digits; undefined when it has not said. */
  readonly peerConfigHash?: string | undefined
  /** What is thrown away now for a reason that a person can mend; a different key is `keyMatches`. */
  readonly warnings?: readonly string[]
  /** In the order of the addresses; absent where there is only one. */
  readonly paths?: readonly PairPathStatus[]
}

export interface PairLink {
  /**
   * Encrypts and sends one message to the peer. False when no session is established yet: the message is
   * dropped, for whoever needs it later will say it again. Throws `RangeError` for an empty message or one
   * longer than 1,400 bytes.
   */
  send(payload: Uint8Array): boolean
  status(): PairLinkStatus
  close(): void
}

export interface PairLinkPorts {
  readonly clock: Clock
  readonly random: Random
  /**
   * Bound to the pair port, receiving this channel's datagrams only or all of them. Called for each path,
   * counted from 0.
   */
  readonly openSocket: (handlers: DatagramHandlers, path: number) => DatagramSocket
  readonly log: Log
}

export interface PairLinkParams {
  readonly channel: PairChannel
  readonly key: PairKey
  readonly pairName: string
  readonly localName: string
  readonly peerName: string
  readonly peerAddress: IpAddress
  /** More paths to it, each over a socket of its own. */
  readonly morePeerAddresses?: readonly IpAddress[]
  /** UDP port of the pair on both directors. */
  readonly port: Port
  /** 16 hex digits, told to the peer; undefined says nothing. */
  readonly configHash?: string | undefined
}

/**
 * Opens the socket and starts asking the peer for a session. `onMessage` gets each message of the peer at
 * most once, never one from a session before a restart of either side; order and arrival are as good as
 * UDP's. `onEstablished` runs whenever a new session begins. Throws `OpError` when the socket cannot be opened.
 */
export function openPairLink(
  ports: PairLinkPorts,
  params: PairLinkParams,
  onMessage: (payload: Uint8Array) => void,
  onEstablished?: () => void,
): PairLink {
  return new RunningPairLink(ports, params, onMessage, onEstablished)
}

class RunningPairLink implements PairLink {
  private readonly pair: PairParams
  private readonly addresses: readonly IpAddress[]
  private readonly sockets: readonly DatagramSocket[]
  private readonly paths: Paths
  private readonly reachablePaths: boolean[]
  private readonly discarded: Partial<Record<PairDiscard, number>> = {}
  private readonly warnings = new DiscardWarnings()
  private state: PairState
  private timer: Timer | undefined
  private timerDeadline = Number.POSITIVE_INFINITY
  private wasReachable = false
  private closed = false

  constructor(
    private readonly ports: PairLinkPorts,
    private readonly params: PairLinkParams,
    private readonly onMessage: (payload: Uint8Array) => void,
    private readonly onEstablished: (() => void) | undefined,
  ) {
    const { configHash } = params
    const hash = configHash === undefined ? undefined : fromHex(configHash)
    if (hash && hash.length !== configHashLength) throw new RangeError('config hash: 16 hex digits expected')
    this.pair = { identity: params, keys: deriveStaticKeys(params), configHash: hash ?? noConfigHash }
    this.state = startPair(ports.random(lifeSecretLength), ports.clock.now())
    this.addresses = [params.peerAddress, ...(params.morePeerAddresses ?? [])]
    this.paths = new Paths(this.addresses.length)
    this.reachablePaths = this.addresses.map(() => false)
    this.sockets = this.openSockets()
    this.run({ type: 'tick' })
  }

  send(payload: Uint8Array): boolean {
    if (payload.length === 0 || payload.length > maxMessageLength) {
      throw new RangeError(`a pair message has 1 to ${maxMessageLength} bytes, not ${payload.length}`)
    }
    if (this.closed || !this.state.current) return false
    this.run({ type: 'send', message: payload })
    return true
  }

  status(): PairLinkStatus {
    const now = this.ports.clock.now()
    const { current, peerConfigHash } = this.state
    const reachable = isReachable(this.state, now)
    const discards = this.warnings.current(now)
    const foreignKey = discards.some(({ reason }) => reason === 'key')
    const mendable = discards.filter(({ reason }) => reason !== 'key')
    const said = peerConfigHash?.some((byte) => byte !== 0)
    const paths = this.addresses.map((address, path) => ({
      address: formatIp(address),
      reachable: this.paths.isReachable(path, now),
      lastSeenSeconds: this.paths.lastSeenSeconds(path, now),
    }))
    return {
      reachable,
      lastSeenSeconds: current && (now - current.lastReceived) / 1000,
      keyMatches: reachable ? true : foreignKey ? false : current && true,
      discarded: { ...this.discarded },
      ...(mendable.length > 0 ? { warnings: mendable.map(({ text }) => text) } : {}),
      peerConfigHash: said && peerConfigHash ? toHex(peerConfigHash) : undefined,
      ...(paths.length > 1 ? { paths } : {}),
    }
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
    for (const socket of this.sockets) socket.close()
  }

  private openSockets(): DatagramSocket[] {
    const opened: DatagramSocket[] = []
    try {
      for (const path of this.addresses.keys()) {
        const handlers: DatagramHandlers = {
          onDatagram: (datagram) => this.receive(datagram, path),
          onError: (error) => this.ports.log.debug(`${this.name}: ${error.message}`),
        }
        opened.push(this.ports.openSocket(handlers, path))
      }
      return opened
    } catch (error) {
      for (const socket of opened) socket.close()
      throw error
    }
  }

  private get name(): string {
    return `pair ${this.params.channel}`
  }

  private receive({ payload, source }: Datagram, path: number): void {
    const now = this.ports.clock.now()
    if (this.closed || this.paths.isCopy(path, payload, now)) return
    const address = this.addresses[path]
    const fromPeer = address !== undefined && equalIp(source, address)
    const effects = this.run({ type: 'datagram', bytes: payload, fromPeer }, source)
    if (effects.every(({ type }) => type !== 'discard')) this.paths.accepted(path, payload, now)
    this.logPaths(now)
  }

  private run(event: PairEvent, source?: IpAddress): readonly PairEffect[] {
    const now = this.ports.clock.now()
    const [state, effects] = step(this.pair, this.state, event, now)
    this.state = state
    for (const effect of effects) this.perform(effect, source ?? this.params.peerAddress, now, event.type)
    this.logReachability(now)
    this.arm()
    return effects
  }

  private perform(effect: PairEffect, source: IpAddress, now: Millis, cause: PairEvent['type']): void {
    if (this.closed) return
    switch (effect.type) {
      case 'transmit':
        this.transmit(effect.datagram, cause === 'send', now)
        return
      case 'deliver':
        this.onMessage(effect.message)
        return
      case 'established':
        this.onEstablished?.()
        return
      case 'discard':
        this.count(effect.reason, source, now)
        return
      default:
        unreachable(effect)
    }
  }

  /** Sessions in bulk take the best path; all else is small, and is worth a copy on each. */
  private transmit(datagram: Uint8Array, isMessage: boolean, now: Millis): void {
    const only = isMessage && this.params.channel === 'sync' ? this.paths.best(now) : undefined
    for (const [path, address] of this.addresses.entries()) {
      if (only === undefined || only === path) this.sockets[path]?.send(datagram, address, this.params.port)
    }
  }

  private logPaths(now: Millis): void {
    if (this.addresses.length < 2) return
    for (const [path, address] of this.addresses.entries()) {
      const reachable = this.paths.isReachable(path, now)
      if (reachable === this.reachablePaths[path]) continue
      this.reachablePaths[path] = reachable
      const text = `${this.name}: path to ${this.params.peerName} at ${formatIp(address)}`
      if (reachable) this.ports.log.info(`${text} works`)
      else this.ports.log.warn(`${text} has gone silent`)
    }
  }

  private count(reason: PairDiscard, source: IpAddress, now: Millis): void {
    this.discarded[reason] = (this.discarded[reason] ?? 0) + 1
    const text = this.warnings.text(reason, () => formatIp(source), now)
    if (text) this.ports.log.warn(`${this.name}: ${text}`, { reason })
  }

  private logReachability(now: Millis): void {
    const reachable = isReachable(this.state, now)
    if (reachable === this.wasReachable) return
    this.wasReachable = reachable
    const { peerName, peerAddress } = this.params
    const peer = `${peerName} at ${formatIp(peerAddress)}`
    this.ports.log.info(`${this.name}: ${peer} ${reachable ? 'is reachable' : 'has gone silent'}`)
  }

  /** Traffic moves deadlines back all the time; only an earlier one is worth touching the timer for. */
  private arm(): void {
    if (this.closed) return
    const deadline = nextDeadline(this.state)
    if (this.timer && deadline >= this.timerDeadline) return
    this.timer?.cancel()
    this.timerDeadline = deadline
    this.timer = this.ports.clock.at(deadline, () => {
      this.timer = undefined
      // A late timer may run before the datagram that would have made it needless.
      this.ports.clock.afterPendingInput(() => {
        if (this.closed) return
        this.run({ type: 'tick' })
        this.logPaths(this.ports.clock.now())
      })
    })
  }
}
