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

export interface PairLinkStatus {
  /** A session is established and something authentic arrived within the last few seconds. */
  readonly reachable: boolean
  /** Seconds since the last authentic datagram; undefined before the first. */
  readonly lastSeenSeconds: number | undefined
  /** False once a well-formed datagram came from the peer's address under another key; undefined before any. */
  readonly keyMatches: boolean | undefined
  /** What was thrown away, by reason. */
  readonly discarded: DiscardCounts
  /** The peer's config hash as of the present session, 16 hex digits; undefined when it has not said. */
  readonly peerConfigHash?: string | undefined
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
  /** Bound to the pair port, receiving this channel's datagrams only or all of them. */
  readonly openSocket: (handlers: DatagramHandlers) => DatagramSocket
  readonly log: Log
}

export interface PairLinkParams {
  readonly channel: PairChannel
  readonly key: PairKey
  readonly pairName: string
  readonly localName: string
  readonly peerName: string
  readonly peerAddress: IpAddress
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
  private readonly socket: DatagramSocket
  private readonly discarded: Partial<Record<PairDiscard, number>> = {}
  private readonly warnings = new DiscardWarnings()
  private state: PairState
  private timer: Timer | undefined
  private timerDeadline = Number.POSITIVE_INFINITY
  private foreignKey = false
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
    this.socket = ports.openSocket({
      onDatagram: (datagram) => this.receive(datagram),
      onError: (error) => this.ports.log.debug(`${this.name}: ${error.message}`),
    })
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
    const said = peerConfigHash?.some((byte) => byte !== 0)
    return {
      reachable,
      lastSeenSeconds: current && (now - current.lastReceived) / 1000,
      keyMatches: reachable ? true : this.foreignKey ? false : current && true,
      discarded: { ...this.discarded },
      peerConfigHash: said && peerConfigHash ? toHex(peerConfigHash) : undefined,
    }
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.socket.close()
  }

  private get name(): string {
    return `pair ${this.params.channel}`
  }

  private receive(datagram: Datagram): void {
    if (this.closed) return
    const fromPeer = equalIp(datagram.source, this.params.peerAddress)
    this.run({ type: 'datagram', bytes: datagram.payload, fromPeer }, datagram.source)
  }

  private run(event: PairEvent, source?: IpAddress): void {
    const now = this.ports.clock.now()
    const [state, effects] = step(this.pair, this.state, event, now)
    this.state = state
    for (const effect of effects) this.perform(effect, source ?? this.params.peerAddress, now)
    this.logReachability(now)
    this.arm()
  }

  private perform(effect: PairEffect, source: IpAddress, now: Millis): void {
    if (this.closed) return
    switch (effect.type) {
      case 'transmit':
        this.socket.send(effect.datagram, this.params.peerAddress, this.params.port)
        return
      case 'deliver':
        this.onMessage(effect.message)
        return
      case 'established':
        this.foreignKey = false
        this.onEstablished?.()
        return
      case 'discard':
        this.count(effect.reason, source, now)
        return
      default:
        unreachable(effect)
    }
  }

  private count(reason: PairDiscard, source: IpAddress, now: Millis): void {
    this.discarded[reason] = (this.discarded[reason] ?? 0) + 1
    if (reason === 'key') this.foreignKey = true
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
        if (!this.closed) this.run({ type: 'tick' })
      })
    })
  }
}
