/** Echo requests of all checks through one socket a family, and which answer is whose. */
import { equalBytes } from '../../base/bytes.js'
import { equalIp, formatIp, type IpAddress } from '../../base/ip.js'
import type { IcmpSocket, IcmpSocketOptions, Random } from '../../base/ports.js'
import { OpError } from '../../base/result.js'
import { decodeEchoAnswer, type EchoAnswer, encodeEchoRequest } from '../echo-message.js'

export interface PingRequest {
  readonly destination: IpAddress
  /** Undefined: the kernel's choice. */
  readonly source: IpAddress | undefined
  /** Bytes of payload, at least 16. */
  readonly size: number
}

export interface Ping {
  /** An answer came with a payload that is not the request's: it is no answer. */
  readonly mangled: boolean
  /** What comes now is nobody's. */
  cancel(): void
}

/** Undefined: the echo; otherwise why none will come. */
export type PingAnswer = { readonly refusal: string } | undefined

interface Pending {
  readonly destination: IpAddress
  readonly payload: Uint8Array
  readonly answered: (answer: PingAnswer) => void
  mangled: boolean
}

/** Nobody who does not see our packets can guess this many random bytes. */
const nonceLength = 16
const sequences = 0x10000

export class Pinger {
  private readonly identifier: number
  private readonly pending = { 4: new Map<number, Pending>(), 6: new Map<number, Pending>() }
  private readonly sockets: Readonly<Record<4 | 6, IcmpSocket | OpError>>

  /** Opens what this machine has and permits; for the rest `ping` says why not. */
  constructor(
    private readonly random: Random,
    open: (options: IcmpSocketOptions) => IcmpSocket,
  ) {
    this.identifier = number16(random(2))
    const tryOpen = (family: 4 | 6): IcmpSocket | OpError => {
      const onMessage = (message: Uint8Array, source: IpAddress) => this.receive(family, message, source)
      try {
        return open({ family, identifier: this.identifier, onMessage })
      } catch (error) {
        if (error instanceof OpError) return error
        throw error
      }
    }
    this.sockets = { 4: tryOpen(4), 6: tryOpen(6) }
  }

  /** `answered` is called at most once, not before this returns. Throws `OpError`. */
  ping({ destination, source, size }: PingRequest, answered: (answer: PingAnswer) => void): Ping {
    const { family } = destination
    const socket = this.sockets[family]
    if (socket instanceof OpError) throw socket
    const pending = this.pending[family]
    if (pending.size >= sequences) throw new OpError('ping', formatIp(destination), 'ENOBUFS')
    const nonce = this.random(nonceLength + 2)
    let sequence = number16(nonce.subarray(nonceLength))
    while (pending.has(sequence)) sequence = (sequence + 1) % sequences
    const payload = Uint8Array.from({ length: size }, (_, i) => nonce[i % nonceLength] ?? 0)
    const message = encodeEchoRequest(family, { identifier: this.identifier, sequence, payload })
    socket.send(message, destination, source)
    const entry: Pending = { destination, payload, answered, mangled: false }
    pending.set(sequence, entry)
    return {
      get mangled() {
        return entry.mangled
      },
      cancel: () => {
        if (pending.get(sequence) === entry) pending.delete(sequence)
      },
    }
  }

  close(): void {
    for (const socket of Object.values(this.sockets)) if (!(socket instanceof OpError)) socket.close()
  }

  private receive(family: 4 | 6, message: Uint8Array, source: IpAddress): void {
    const answer = decodeEchoAnswer(family, message)
    if (answer?.identifier !== this.identifier) return
    const entry = this.pending[family].get(answer.sequence)
    // An error may come from any router on the way, an echo from nobody else.
    if (!entry || !equalIp(entry.destination, answer.type === 'reply' ? source : answer.destination)) return
    if (answer.type === 'reply' && !equalBytes(answer.payload, entry.payload)) {
      entry.mangled = true
      return
    }
    this.pending[family].delete(answer.sequence)
    entry.answered(meaning(answer, entry, source))
  }
}

function meaning(answer: EchoAnswer, { destination }: Pending, source: IpAddress): PingAnswer {
  if (answer.type === 'reply') return undefined
  const teller = equalIp(source, destination) ? '' : `, says ${formatIp(source)}`
  return { refusal: `${answer.reason}${teller}` }
}

const number16 = ([high = 0, low = 0]: Uint8Array): number => (high << 8) | low
