/** The conversation of a `dns` check over TCP (RFC 1035 section 4.2.2): each message after its length. */
import { Writer } from '../base/bytes.js'
import { failed, type Outcome } from './outcome.js'
import { type Ending, missing, type Talk, type Turn } from './talk.js'

export class DnsTalk implements Talk {
  /** Of the length, then of the message. */
  private buffer = new Uint8Array(2)
  private filled = 0
  private hasLength = false

  constructor(
    private readonly question: Uint8Array,
    private readonly timeout: number,
    private readonly judge: (message: Uint8Array) => Outcome,
  ) {}

  open(): Turn {
    return { say: new Writer().u16be(this.question.length).bytes(this.question).finish() }
  }

  /** The first message decides, and what follows it is not kept. */
  read(bytes: Uint8Array): Turn {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.buffer.length - this.filled)
      this.buffer.set(part, this.filled)
      this.filled += part.length
      at += part.length
      if (this.filled < this.buffer.length) break
      if (this.hasLength) return { verdict: this.judge(this.buffer) }
      const [high = 0, low = 0] = this.buffer
      this.hasLength = true
      this.filled = 0
      this.buffer = new Uint8Array((high << 8) | low)
      if (this.buffer.length === 0) return { verdict: this.judge(this.buffer) }
    }
    return undefined
  }

  end(ending: Ending): Outcome {
    return failed(missing('complete answer over TCP', ending, this.timeout))
  }
}
