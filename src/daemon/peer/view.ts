/** The servers as the peer sees them, and where that is not as this director does. Pure but for what it remembers. */
import type { Health, ServerHealth } from '../../base/facts.js'
import type { Millis } from '../../base/units.js'
import { healthKey } from '../health-key.js'
import type { ServerView } from './messages.js'

export interface PeerVerdict {
  readonly health: Health
  readonly reason: string
}

/** Twice what one director may have: whatever a peer says, it fills no memory. */
const mostServers = 100_000

export class PeerServers {
  private readonly verdicts = new Map<string, PeerVerdict>()
  private readonly differing = new Map<string, Millis>()
  private readonly counts: Record<Health, number> = { unknown: 0, healthy: 0, unhealthy: 0 }

  /** `own`: this director's verdicts, by `healthKey`. */
  constructor(private readonly own: () => ReadonlyMap<string, ServerHealth>) {}

  of(service: string, server: string): PeerVerdict | undefined {
    return this.verdicts.get(healthKey(service, server))
  }

  get total(): Readonly<Record<Health, number>> {
    return this.counts
  }

  /** Since when the two disagree, by `healthKey`. */
  get differences(): ReadonlyMap<string, Millis> {
    return this.differing
  }

  /** It began anew, and knows nothing yet. */
  clear(): void {
    this.verdicts.clear()
    this.differing.clear()
    for (const health of ['unknown', 'healthy', 'unhealthy'] as const) this.counts[health] = 0
  }

  learn(servers: readonly ServerView[], now: Millis): void {
    for (const { service, server, health, reason } of servers) {
      const key = healthKey(service, server)
      const before = this.verdicts.get(key)
      if (before) this.counts[before.health]--
      if (health === 'gone') this.verdicts.delete(key)
      else if (before || this.verdicts.size < mostServers) {
        this.counts[health]++
        this.verdicts.set(key, { health, reason })
      }
      this.compare(key, now)
    }
  }

  /** This director's verdict is another one, or it has none any more. */
  compare(key: string, now: Millis): void {
    const ours = this.own().get(key)?.health ?? 'unknown'
    const theirs = this.verdicts.get(key)?.health ?? 'unknown'
    // Who has not judged does not contradict.
    if (ours === theirs || ours === 'unknown' || theirs === 'unknown') this.differing.delete(key)
    else if (!this.differing.has(key)) this.differing.set(key, now)
  }
}
