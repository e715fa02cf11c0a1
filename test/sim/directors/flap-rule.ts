/** Nothing flaps beyond the bound of the hold-down: `HoldDown` in `src/vrrp/state.ts`. */
import { Violation } from '../invariants.js'
import type { RoleChanged } from './world.js'

/** Two preemptions and what they undo are four changes; the third waits for the first hold-down. */
const firstHold = 10_000
/** Three changes in half a minute are allowed for ever: a preemption in 20 s, and two at either end. */
const longWindow = 300_000
const mostInLongWindow = 19
/** The longest hold-down, and the time in which changes count. */
const forgotten = 330_000

export class FlapRule {
  private readonly preemptions = new WeakMap<object, Map<string, number[]>>()
  private readonly changes = new WeakMap<object, number[]>()

  /** `life`: a process; one that starts again knows of no past. */
  preempted(life: object, router: string, now: number, name: string): void {
    const routers = this.preemptions.get(life) ?? new Map<string, number[]>()
    this.preemptions.set(life, routers)
    const moments = [...(routers.get(router) ?? []).filter((at) => now - at < longWindow), now]
    routers.set(router, moments)
    const third = moments.at(-3)
    if (third !== undefined && now - third < firstHold)
      throw new Violation(
        'hold-down',
        `${name} preempts for ${router} three times in ${Math.round(now - third)} ms`,
      )
    if (moments.length > mostInLongWindow)
      throw new Violation(
        'hold-down',
        `${name} preempts for ${router} ${moments.length} times in five minutes`,
      )
  }

  changed(host: object, now: number, { from, to }: RoleChanged): void {
    if (from !== 'active' && to !== 'active' && !(from === 'backup' && to === 'fault')) return
    this.changes.set(host, [...(this.changes.get(host) ?? []).filter((at) => now - at < forgotten), now])
  }

  /** Whether a hold-down may be in force. */
  recently(host: object, now: number): boolean {
    return (this.changes.get(host) ?? []).filter((at) => now - at < forgotten).length >= 4
  }
}
