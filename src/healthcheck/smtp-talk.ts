/** The conversation of an `smtp` check (RFC 5321 section 3.1): greeting, EHLO, QUIT. */
import type { SmtpCheckConfig } from '../config/checks/smtp.js'
import { quote } from '../config/printable.js'
import { failed, type Outcome, passed } from './outcome.js'
import { type Ending, missing, type Talk, type Turn } from './talk.js'

/** RFC 5321 section 4.5.3.1.5 has 512; a server may say more, and nobody this much. */
const longestLine = 2048
/** Lines of one reply. */
const longestReply = 256

type Phase = 'greeting' | 'EHLO' | 'QUIT'

const awaited: Readonly<Record<Phase, string>> = {
  greeting: 'complete greeting',
  EHLO: 'complete answer to EHLO',
  QUIT: 'answer to QUIT',
}
const good = passed('greets, and answers EHLO with 250')

export class SmtpTalk implements Talk {
  private phase: Phase = 'greeting'
  private name = ''
  private line = ''
  private lines = 0

  constructor(private readonly check: Pick<SmtpCheckConfig, 'helo' | 'timeout'>) {}

  open(local: string): Turn {
    this.name = this.check.helo ?? literal(local)
    return undefined
  }

  read(bytes: Uint8Array): Turn {
    let say = ''
    for (const byte of bytes) {
      if (byte !== 0x0a) {
        this.line += String.fromCharCode(byte)
        if (this.line.length <= longestLine) continue
        return { verdict: failed(`a line of more than ${longestLine} bytes`) }
      }
      const turn = this.take(this.line.replace(/\r$/, ''))
      this.line = ''
      if (turn && 'verdict' in turn) return turn
      if (turn) say += turn.say
    }
    return say === '' ? undefined : { say }
  }

  /** Once EHLO is answered, nothing that follows makes the server a bad one. */
  end(ending: Ending): Outcome {
    if (this.phase === 'QUIT') return good
    return failed(missing(awaited[this.phase], ending, this.check.timeout))
  }

  private take(line: string): Turn {
    if (this.phase === 'QUIT') return { verdict: good }
    const [, code, more] = /^([2-5]\d\d)([ -]|$)/.exec(line) ?? []
    if (code === undefined) return { verdict: failed(`says ${quote(line)}, which is not SMTP`) }
    if (more === '-') {
      if (++this.lines < longestReply) return undefined
      return { verdict: failed(`an answer of more than ${longestReply} lines`) }
    }
    this.lines = 0
    if (this.phase === 'greeting') {
      if (code !== '220') return { verdict: failed(`greets with ${quote(line)}, expected 220`) }
      this.phase = 'EHLO'
      return { say: `EHLO ${this.name}\r\n` }
    }
    if (code !== '250') return { verdict: failed(`answers EHLO with ${quote(line)}, expected 250`) }
    this.phase = 'QUIT'
    return { say: 'QUIT\r\n' }
  }
}

/** RFC 5321 section 4.1.3: what a client without a name says. */
const literal = (address: string): string => (address.includes(':') ? `[IPv6:${address}]` : `[${address}]`)
