/** What a server says on a connection without a frame, judged as it comes in. */
import { failed, type Outcome, passed } from '../outcome.js'
import { matchBody } from './body.js'

/** More is not read. */
const answerLimit = 64 * 1024
/** Matching again at each piece that comes in would be quadratic; after so many, only as the answer grows. */
const eagerMatches = 64

export class Answer {
  private readonly pattern: RegExp | undefined
  private readonly pieces: Uint8Array[] = []
  private length = 0
  private matches = 0
  private nextMatch = 0

  /** `expect` undefined: anything will do. Throws `SyntaxError`. */
  constructor(expect: string | undefined) {
    this.pattern = expect === undefined ? undefined : new RegExp(expect)
  }

  /** Undefined: the verdict is open. The bytes are copied. */
  add(bytes: Uint8Array): Outcome | undefined {
    this.pieces.push(Uint8Array.from(bytes))
    this.length += bytes.length
    if (this.length >= answerLimit) return this.judge('in its first 64 KiB')
    if (this.matches >= eagerMatches && this.length < this.nextMatch) return undefined
    this.matches++
    this.nextMatch = this.length * 1.125
    return this.match()
  }

  /** No more will come. `when` ends the reason: `within 400 ms`. */
  judge(when: string): Outcome {
    if (this.length === 0) return failed(`connected, but no answer ${when}`)
    return this.match() ?? failed(`no answer that matches ${this.pattern} ${when}`)
  }

  private match(): Outcome | undefined {
    if (!this.pattern) return passed('answered')
    const text = Buffer.concat(this.pieces, Math.min(this.length, answerLimit)).toString('utf8')
    switch (matchBody(this.pattern, text)) {
      case 'match':
        return passed('the answer matches')
      case 'noMatch':
        return undefined
      case 'gaveUp':
        return failed(`pattern ${this.pattern} took too long on this answer`)
    }
  }
}
