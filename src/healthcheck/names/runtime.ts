/** Addresses of the names that checks go to, asked of DNS before they are needed. */

import { type Endpoint, formatIp } from '../../base/ip.js'
import type { Clock, Log, NameAnswer, NameLookup } from '../../base/ports.js'
import { type Inconclusive, inconclusive } from '../outcome.js'
import type { CheckTarget, NamedTarget } from '../target.js'
import type { TimeUp } from '../time-up.js'
import { choose, type KnownName, learn } from './answer.js'

export class Names {
  private readonly known = new Map<string, KnownName>()
  private readonly asked = new Map<string, Promise<void>>()
  private wanted: ReadonlySet<string> = new Set()

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly lookup: NameLookup | undefined,
  ) {}

  /** Which ones there are. What is known of others is forgotten; the answers to new ones are asked for now. */
  configure(targets: readonly CheckTarget[]): void {
    this.wanted = new Set(targets.flatMap((target) => ('name' in target ? [target.name] : [])))
    for (const name of this.known.keys()) if (!this.wanted.has(name)) this.known.delete(name)
    for (const name of this.wanted) if (!this.known.has(name)) void this.ask(name)
  }

  /** At once for what is an address already, or a name whose address is known. `timeUp` ends the wait. */
  resolve(target: Endpoint | NamedTarget, timeUp: TimeUp): Endpoint | Promise<Endpoint | Inconclusive> {
    if (!('name' in target)) return target
    const known = this.known.get(target.name)
    const now = this.clock.now()
    if (!known || now >= known.until) return this.wait(target, timeUp)
    if (now >= known.refreshFrom) void this.ask(target.name)
    const found = this.endpointOf(target)
    return 'pass' in found ? Promise.resolve(found) : found
  }

  private async wait(target: NamedTarget, timeUp: TimeUp): Promise<Endpoint | Inconclusive> {
    const late = new Promise<void>((resolve) => {
      timeUp.addEventListener('abort', () => resolve(), { once: true })
      if (timeUp.aborted) resolve()
    })
    await Promise.race([this.ask(target.name), late])
    return this.endpointOf(target)
  }

  private endpointOf(target: NamedTarget): Endpoint | Inconclusive {
    const { name, port, family, only } = target
    const known = this.known.get(name)
    if (!known) return inconclusive(`${name}: no answer from DNS yet`)
    const address = choose(known, family, only)
    if (address) return { address, port }
    const why = known.problem ?? `no address of IPv${family}, as bind has it`
    return inconclusive(`${name}: ${why}`)
  }

  private ask(name: string): Promise<void> {
    const pending = this.asked.get(name)
    if (pending) return pending
    const question = this.answerTo(name).then((answer) => {
      this.asked.delete(name)
      if (this.wanted.has(name)) this.learn(name, answer)
    })
    this.asked.set(name, question)
    return question
  }

  private answerTo(name: string): Promise<NameAnswer> {
    return (
      this.lookup?.lookUp(name) ?? Promise.resolve({ type: 'none', reason: 'names are not resolved here' })
    )
  }

  private learn(name: string, answer: NameAnswer): void {
    const before = this.known.get(name)
    const now = learn(before, answer, this.clock.now())
    this.known.set(name, now)
    const [first] = now.addresses
    if (now.problem !== undefined && first && before?.problem === undefined)
      this.log.warn(`${name}: ${now.problem}; checks go on with ${formatIp(first)}`)
    const was = before?.addresses[0]
    if (was && first && formatIp(was) !== formatIp(first))
      this.log.info(`${name}: is at ${formatIp(first)} now, before at ${formatIp(was)}`)
  }
}
