/** Servers that came back a while ago, and have a part of their weight. Pure but for what it remembers. */
import { after, type Millis, millis } from '../base/units.js'

/** Each rises the weight by a tenth of what was missing at the beginning. */
const steps = 10
/** In percent: a server without weight would never get warm. */
const firstShare = 10

interface SlowStart {
  readonly service: string
  readonly server: string
  readonly since: Millis
  readonly span: Millis
  /** The step that the table has been asked for. */
  step: number
}

const nameOf = (service: string, server: string): string => `${service}\0${server}`

export class SlowStarts {
  private readonly running = new Map<string, SlowStart>()

  begin(service: string, server: string, span: Millis, now: Millis): void {
    this.running.set(nameOf(service, server), { service, server, since: now, span, step: 0 })
  }

  end(service: string, server: string): void {
    this.running.delete(nameOf(service, server))
  }

  all(): readonly Pick<SlowStart, 'service' | 'server'>[] {
    return [...this.running.values()]
  }

  copy(): SlowStarts {
    const copy = new SlowStarts()
    for (const [name, one] of this.running) copy.running.set(name, { ...one })
    return copy
  }

  /** What the server has now of the weight that it will have; never 0, unless that is. */
  weight(service: string, server: string, full: number, now: Millis): number {
    const one = this.running.get(nameOf(service, server))
    if (one === undefined || full === 0) return full
    const share = firstShare + ((100 - firstShare) * stepOf(one, now)) / steps
    return Math.max(1, Math.round((full * share) / 100))
  }

  /** Until it has all of its weight; undefined where it has. */
  left(service: string, server: string, now: Millis): Millis | undefined {
    const one = this.running.get(nameOf(service, server))
    return one && millis(Math.max(0, Math.round(one.since + one.span - now)))
  }

  /** Names of the services where somebody rises by now; those that have risen are forgotten. */
  risen(now: Millis): ReadonlySet<string> {
    const services = new Set<string>()
    for (const [name, one] of this.running) {
      const step = stepOf(one, now)
      if (step > one.step) services.add(one.service)
      one.step = step
      if (step === steps) this.running.delete(name)
    }
    return services
  }

  nextDue(): Millis | undefined {
    let next: Millis | undefined
    for (const { since, span, step } of this.running.values()) {
      const moment = after(since, millis(Math.ceil((span * (step + 1)) / steps)))
      if (next === undefined || moment < next) next = moment
    }
    return next
  }
}

const stepOf = ({ since, span }: SlowStart, now: Millis): number =>
  Math.min(steps, Math.floor(((now - since) * steps) / span))
