/** The virtual addresses of a vrrp process that died: kept until a successor has them in hand, or the peer has. */
import type { Clock, Timer } from '../base/ports.js'
import { after, type Millis, millis } from '../base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../config/model.js'
import { skewRule } from '../vrrp/router-params.js'
import { activeDownInterval } from '../vrrp/timers.js'

/** A successor takes charge of the addresses within this time, or they are released. */
const successorPatience = millis(1_000)

export interface Outlook {
  /** The peer, where it waits to take the router over. */
  readonly follower: Pick<DirectorConfig, 'name' | 'priority'> | undefined
  /** A successor starts without a pause: it is not the one that dies again and again. */
  readonly successor: boolean
}

/**
 * For how long a router's addresses stay without a process: nothing is lost meanwhile. A peer that follows
 * takes over in at most its active-down interval, counted from the last advertisement; they go that long after
 * the death, so that somebody always owns them, and two directors for about one advertisement interval.
 */
export function patienceOf(
  router: Pick<VirtualRouterConfig, 'priority' | 'advertisementInterval' | 'transport' | 'version'>,
  { follower, successor }: Outlook,
): Millis {
  if (!follower) return successor ? successorPatience : millis(0)
  const theirs = router.priority[follower.name] ?? follower.priority
  const takesOver = activeDownInterval(theirs, router.advertisementInterval, skewRule(router))
  return millis(Math.min(successorPatience, takesOver))
}

export class OrphanedAddresses {
  private timers: readonly Timer[] = []
  private removals: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly clock: Clock,
    /** Never rejects. */
    private readonly remove: (routers: readonly VirtualRouterConfig[], why: string) => Promise<void>,
  ) {}

  /** Nothing is being released: what a new process claims cannot be taken for what its predecessor left. */
  get settled(): Promise<unknown> {
    return this.removals
  }

  /** Each router's in its time, unless `keep` is called before. */
  release(routers: readonly VirtualRouterConfig[], outlook: (router: VirtualRouterConfig) => Outlook): void {
    this.keep()
    const byPatience = new Map<Millis, VirtualRouterConfig[]>()
    for (const router of routers) {
      const patience = patienceOf(router, outlook(router))
      byPatience.set(patience, [...(byPatience.get(patience) ?? []), router])
    }
    this.timers = [...byPatience].map(([patience, some]) =>
      this.clock.at(after(this.clock.now(), patience), () => {
        const removed = this.remove(some, 'the vrrp process is gone, and no other has taken charge')
        this.removals = Promise.all([this.removals, removed])
      }),
    )
  }

  /** A successor has taken charge, or there will be none. */
  keep(): void {
    for (const timer of this.timers) timer.cancel()
    this.timers = []
  }
}
