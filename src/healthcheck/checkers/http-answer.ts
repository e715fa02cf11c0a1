/** Whether an HTTP answer is the one that the check wants. */
import { createHash } from 'node:crypto'
import type { RequestConfig } from '../../config/checks/http.js'
import { failed, type Outcome, passed, warned } from '../outcome.js'
import { askedWeight } from '../weight-header.js'
import { bodyLimit, judgeBody, judgeStatus } from './http-judgement.js'

/** What a digest is taken of. */
const digestLimit = 4 * 1024 * 1024

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Answer {
  /** A failure when it is no use to read further. */
  begin(status: number, headers: Headers): Outcome | undefined
  /** The verdict when more of the body would not change it. */
  add(chunk: Buffer): Outcome | undefined
  /** The body is complete. */
  end(): Outcome
}

/** Judges one answer after the other. Throws when the check's pattern is none. */
export function answerJudge(check: RequestConfig): () => Answer {
  const pattern = check.body === undefined ? undefined : new RegExp(check.body)
  return () => new JudgedAnswer(check, pattern)
}

class JudgedAnswer implements Answer {
  private status = 0
  private headers: Headers = {}
  private size = 0
  private readonly kept: Buffer[] = []
  private readonly digest

  constructor(
    private readonly check: RequestConfig,
    private readonly pattern: RegExp | undefined,
  ) {
    this.digest = check.bodySha256 === undefined ? undefined : createHash('sha256')
  }

  begin(status: number, headers: Headers): Outcome | undefined {
    this.status = status
    this.headers = headers
    return judgeStatus(this.check, status)
  }

  add(chunk: Buffer): Outcome | undefined {
    if (this.size < bodyLimit) this.kept.push(chunk)
    this.size += chunk.length
    this.digest?.update(chunk)
    if (!this.digest) return this.size >= bodyLimit ? this.end() : undefined
    return this.size > digestLimit ? failed(`body longer than ${digestLimit / 1024 / 1024} MiB`) : undefined
  }

  end(): Outcome {
    const found = judgeBody(this.pattern, this.status, this.kept)
    if (!found.pass) return found
    const digest = this.digest?.digest('hex')
    const { bodySha256 } = this.check
    if (digest !== bodySha256)
      return failed(`body has SHA-256 ${digest?.slice(0, 16)}…, expected ${bodySha256?.slice(0, 16)}…`)
    return this.weighed(digest === undefined ? found.detail : `${found.detail}, body has its SHA-256`)
  }

  private weighed(detail: string): Outcome {
    const name = this.check.weightHeader
    if (name === undefined) return passed(detail)
    const value = this.headers[name.toLowerCase()]
    if (value === undefined)
      return warned(passed(detail), `no header ${name} in the answer, which should give a weight`)
    const asked = askedWeight(String(value))
    if (asked !== undefined) return passed(`${detail}, ${name}: ${String(value).trim()}`, asked)
    const shown = JSON.stringify(String(value).slice(0, 40)).replace(/[^ -~]/g, '?')
    return warned(passed(detail), `header ${name} is ${shown}, expected a weight such as 50% or 50`)
  }
}
