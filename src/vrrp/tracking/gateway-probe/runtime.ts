/** Asks one gateway each interval whether it is there. Holds a socket and a timer; waits for nobody. */
import { equalIp, type IpAddress } from '../../../base/ip.js'
import type { Clock, FrameSocketOptions, PacketSocket, Timer } from '../../../base/ports.js'
import { after } from '../../../base/units.js'
import type { GatewayTrackConfig } from '../../../config/model.js'
import type { LinkView } from '../../attachment.js'
import { arpReplyBytes, decodeArpReply, encodeArpRequest, etherTypeArp } from '../arp-probe.js'
import { findGateway, type GatewayPath, judgeGateway } from '../gateway.js'
import {
  decodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
  etherTypeIpv6,
  neighbourAdvertisementBytes,
} from '../neighbour-probe.js'
import { filterOutcome, type Outcome, type RiseFall, unfiltered } from '../rise-fall.js'
import type { Finding } from '../verdict.js'

export interface ProbePorts {
  readonly clock: Clock
  /** Throws `OpError`. */
  readonly openFrames: (options: FrameSocketOptions) => PacketSocket
}

export class GatewayProbe {
  private filter: RiseFall = unfiltered('has not been asked yet')
  private path: GatewayPath | undefined
  private socket: PacketSocket | undefined
  private timer: Timer | undefined
  /** Why it could not be asked in this round; undefined: it was. */
  private failure: string | undefined = 'the interfaces have not been read yet'
  private answered = false
  private stopped = false

  constructor(
    private readonly ports: ProbePorts,
    private readonly track: GatewayTrackConfig,
    private readonly onChange: () => void,
  ) {}

  get finding(): Finding {
    return this.filter.finding
  }

  /** A gateway that cannot be reached for lack of a link is down at once: there is nothing to wait for. */
  links(view: LinkView, virtual: readonly IpAddress[]): void {
    if (this.stopped) return
    const found = findGateway(this.track, view, virtual)
    if (!found.ok) {
      this.closeSocket()
      this.path = undefined
      this.failure = found.error
      this.filter = { finding: { state: 'down', reason: found.error }, against: 0 }
      this.onChange()
      if (!this.timer) this.ask()
      return
    }
    const moved = !this.path || !samePath(this.path, found.value)
    this.path = found.value
    if (!moved) return
    this.closeSocket()
    this.ask()
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.closeSocket()
  }

  /** Begins a round. */
  private ask(): void {
    const { clock } = this.ports
    this.timer?.cancel()
    this.answered = false
    if (this.path) this.failure = this.send(this.path)
    this.timer = clock.at(after(clock.now(), this.track.interval), () => {
      // An answer that waits in the socket of a process that stood still is an answer.
      clock.afterPendingInput(() => {
        if (this.stopped) return
        if (!this.answered) this.judge(judgeGateway(this.track, false, this.failure))
        this.ask()
      })
    })
  }

  /** Why it could not be sent. */
  private send(path: GatewayPath): string | undefined {
    try {
      this.socket ??= this.open(path)
      this.socket.send(this.question(path))
      return undefined
    } catch (error) {
      this.closeSocket()
      return error instanceof Error ? error.message : String(error)
    }
  }

  private question({ interface: { mac }, source }: GatewayPath): Uint8Array {
    const { address } = this.track
    return address.family === 6 && source
      ? encodeNeighbourSolicitation(mac, source, address)
      : encodeArpRequest(mac, source, address)
  }

  private open({ interface: { name, mac } }: GatewayPath): PacketSocket {
    const { address } = this.track
    const v4 = address.family === 4
    return this.ports.openFrames({
      interfaceName: name,
      etherType: v4 ? etherTypeArp : etherTypeIpv6,
      matching: v4 ? arpReplyBytes : neighbourAdvertisementBytes,
      onFrame: (frame) => {
        const answer = v4 ? decodeArpReply(frame, mac, address) : decodeNeighbourAdvertisement(frame, address)
        if (answer.ok) this.onAnswer()
      },
      // The next round opens it anew.
      onError: () => this.closeSocket(),
    })
  }

  private onAnswer(): void {
    if (this.answered || this.stopped) return
    this.answered = true
    this.judge(judgeGateway(this.track, true, undefined))
  }

  private judge(outcome: Outcome): void {
    const before = this.filter.finding
    this.filter = filterOutcome(this.track, this.filter, outcome)
    if (this.filter.finding !== before) this.onChange()
  }

  private closeSocket(): void {
    this.socket?.close()
    this.socket = undefined
  }
}

function samePath(a: GatewayPath, b: GatewayPath): boolean {
  const sameSource = a.source && b.source ? equalIp(a.source, b.source) : a.source === b.source
  return a.interface.index === b.interface.index && sameSource
}
