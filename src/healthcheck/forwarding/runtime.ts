/**
 * Checks of the virtual address on one server: the first packet of a connection, sent as IPVS would send it.
 *
 * An ordinary socket cannot do it, because the Active has that address itself. The answer is seen before
 * this machine's kernel drops it for that reason; it is told from others' by the sequence number, which is
 * random, and the connection is taken back by a reset.
 */

import { Reader } from '../../base/bytes.js'
import { type Endpoint, equalIp, formatIp, type IpAddress } from '../../base/ip.js'
import type { Neighbour, PacketPort, Random } from '../../base/ports.js'
import type { Port } from '../../base/units.js'
import type { CheckConfig } from '../../config/check.js'
import { codeOf, outcomeOfErrno } from '../checkers/errno.js'
import { failed, inconclusive, type Outcome, passed } from '../outcome.js'
import type { ForwardedTarget } from '../target.js'
import type { TimeUp } from '../time-up.js'
import { decodeSegment, encodeSegment, flag, type Segment } from './segment.js'
import { wrap } from './wrap.js'

interface Question {
  readonly source: Endpoint
  /** Who is to answer. */
  readonly destination: Endpoint
  answered(answer: Segment, from: Neighbour): void
}

type Send = (packet: Uint8Array) => void

/**
 * Enough for a server that hands the connection to a guest of its own. A server that lacks the address and
 * forwards packets sends it back to the director that has it, which must not find another server for it: it
 * arrives there with 1.
 */
const hopLimit = 2
const ordinaryHopLimit = 64

export class ForwardingChecks {
  private ports: readonly Port[] = []
  private lastPort = 0
  /** By sequence number. */
  private readonly questions = new Map<number, Question>()
  /** Of IPv6: where servers are on the link, by address. */
  private readonly neighbours = new Map<string, Neighbour>()

  constructor(
    private readonly random: Random,
    private readonly packets: PacketPort | undefined,
  ) {}

  run(check: CheckConfig, target: ForwardedTarget, timeUp: TimeUp): Promise<Outcome> {
    const { packets } = this
    if (!packets) return Promise.resolve(inconclusive('no raw sockets: CAP_NET_RAW is missing at the start'))
    return new Promise((resolve) => {
      let asked: number | undefined
      let waitsFor: 'server' | 'service' = 'service'
      const finish = (outcome: Outcome): void => {
        this.forget(asked)
        timeUp.removeEventListener('abort', onTimeUp)
        resolve(outcome)
      }
      const attempt = (work: () => void): void => {
        try {
          work()
        } catch (error) {
          finish(outcomeOfErrno(codeOf(error)))
        }
      }
      const onTimeUp = (): void => {
        this.neighbours.delete(formatIp(target.server))
        finish(failed(`no answer within ${check.timeout} ms: ${suspicion(target, waitsFor)}`))
      }
      /** The virtual address's own turn. */
      const ask = (source: Endpoint, send: Send): void => {
        waitsFor = 'service'
        const destination = { address: target.virtual, port: target.port }
        const answered = (answer: Segment): void =>
          attempt(() => {
            if ((answer.flags & flag.rst) !== 0) return finish(failed('connection refused'))
            send(encodeSegment(resetOf(answer), hopLimit))
            finish(passed('connected'))
          })
        asked = this.ask({ source, destination, answered }, send, hopLimit)
      }
      timeUp.addEventListener('abort', onTimeUp, { once: true })
      attempt(() => {
        this.listen(packets)
        const own = packets.sourceTowards(target.server)
        const port = this.port()
        const source = { address: check.bind ?? own, port }
        if (target.tunnel || target.server.family === 4) {
          ask(source, (packet) => packets.send(outermost(packet, target, own, port), target.server))
          return
        }
        const place = formatIp(target.server)
        const known = this.neighbours.get(place)
        if (known) {
          ask(source, (packet) => packets.sendTo(packet, known))
          return
        }
        // Whatever it answers from its own address, it shows where it is; the kernel finds the way.
        waitsFor = 'server'
        const destination = { address: target.server, port: target.port }
        const answered = (_: Segment, from: Neighbour): void => {
          this.forget(asked)
          this.neighbours.set(place, from)
          attempt(() => ask(source, (packet) => packets.sendTo(packet, from)))
        }
        const send: Send = (packet) => packets.send(packet, target.server)
        asked = this.ask({ source: { address: own, port }, destination, answered }, send, ordinaryHopLimit)
      })
      if (timeUp.aborted) onTimeUp()
    })
  }

  private ask(question: Question, send: Send, hops: number): number {
    const { source, destination } = question
    let sequence = 0
    do sequence = new Reader(this.random(4)).u32be()
    while (this.questions.has(sequence))
    this.questions.set(sequence, question)
    try {
      send(encodeSegment({ source, destination, flags: flag.syn, sequence, acknowledged: 0 }, hops))
    } catch (error) {
      this.forget(sequence)
      throw error
    }
    return sequence
  }

  private forget(sequence: number | undefined): void {
    if (sequence !== undefined) this.questions.delete(sequence)
  }

  private listen(packets: PacketPort): void {
    if (this.ports.length > 0) return
    this.ports = packets.listen((packet, from) => {
      const answer = decodeSegment(packet)
      if (!answer || (answer.flags & flag.ack) === 0) return
      const question = this.questions.get((answer.acknowledged - 1) >>> 0)
      if (!question) return
      const { source, destination } = question
      if (same(answer.source, destination) && same(answer.destination, source))
        question.answered(answer, from)
    })
  }

  private port(): Port {
    this.lastPort = (this.lastPort + 1) % this.ports.length
    const port = this.ports[this.lastPort]
    if (port === undefined) throw new Error('no local ports were reserved')
    return port
  }
}

const same = (one: Endpoint, other: Endpoint): boolean =>
  one.port === other.port && equalIp(one.address, other.address)

/** As the link carries it: `own` is the outer source. */
function outermost(
  packet: Uint8Array,
  { virtual, server, tunnel }: ForwardedTarget,
  own: IpAddress,
  sourcePort: Port,
): Uint8Array {
  if (!tunnel) return packet
  return wrap(packet, virtual.family, tunnel, { source: own, destination: server, sourcePort })
}

const resetOf = ({ source, destination, acknowledged }: Segment): Segment => ({
  source: destination,
  destination: source,
  flags: flag.rst,
  sequence: acknowledged,
  acknowledged: 0,
})

function suspicion({ virtual, server, tunnel }: ForwardedTarget, waitsFor: 'server' | 'service'): string {
  if (waitsFor === 'server') return `is ${formatIp(server)} there?`
  const address = formatIp(virtual)
  return tunnel
    ? `is ${address} on the server, and its ${tunnel.type} tunnel up?`
    : `is ${address} on the server's lo?`
}
