/** What stands in the way of the desired table: told once, not at every pass. */
import type { Log } from '../base/ports.js'
import type { OpError } from '../base/result.js'
import type { IpvsFact } from './facts.js'

/** `ipvs newService tcp 10.0.0.100:80: ENOENT: the kernel has no scheduler …` */
export function sentence(error: OpError): string {
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}

export class Problems {
  private standing = new Map<string, OpError>()

  constructor(
    private readonly log: Log,
    private readonly emit: (fact: IpvsFact) => void,
  ) {}

  /** Beside those that stand. */
  add(errors: readonly OpError[]): void {
    for (const error of errors) {
      if (this.standing.has(error.message)) continue
      this.standing.set(error.message, error)
      this.log.error(sentence(error))
      const { op: operation, subject, code } = error
      this.emit({ type: 'operationFailed', operation, subject, code, reason: sentence(error) })
    }
  }

  /** All there are after a full pass: the others are gone. */
  replace(errors: readonly OpError[]): void {
    const texts = new Set(errors.map(({ message }) => message))
    this.standing = new Map([...this.standing].filter(([text]) => texts.has(text)))
    this.add(errors)
  }

  read(): readonly string[] {
    return [...this.standing.values()].map(sentence)
  }
}
