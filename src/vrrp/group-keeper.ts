/** Gives the routers of each group their orders, after every step of one of them. */

import { groupOrders } from './groups.js'
import type { Slot } from './intake.js'

/** Orders give rise to orders; two rounds are the rule, and more than this is a bug. */
const mostRounds = 16

export class GroupKeeper {
  private readonly why = new Map<string, string>()
  private readonly newcomers = new Set<string>()
  private held = 0

  constructor(private readonly slots: () => readonly Slot[]) {}

  requestTakeOver(group: string, reason: string): void {
    this.why.set(group, reason)
  }

  /** A router was added while others run. */
  added(router: string): void {
    this.newcomers.add(router)
  }

  /** What happens to several routers meanwhile is one thing. */
  inOneGo(run: () => void): void {
    this.held++
    try {
      run()
    } finally {
      this.held--
    }
    this.settle()
  }

  settle(): void {
    if (this.held > 0) return
    this.held++
    try {
      for (const [group, members] of this.groups()) this.settleGroup(group, members)
    } finally {
      this.held--
    }
  }

  private settleGroup(group: string, members: readonly Slot[]): void {
    for (let round = 0; round < mostRounds; round++) {
      const started = members.filter(({ router }) => router.started)
      const views = started.map(({ router: { name, state } }) => ({
        name,
        state,
        joins: this.newcomers.has(name),
      }))
      const orders = groupOrders(group, views, this.why.get(group) ?? 'its group takes over')
      if (orders.length === 0) {
        const [first] = started
        if (started.every(({ router }) => router.state.name === first?.router.state.name))
          for (const { router } of started) this.newcomers.delete(router.name)
        return
      }
      for (const { member, event } of orders)
        started.find(({ router }) => router.name === member)?.router.handle(event)
    }
    throw new Error(`group ${group} does not settle`)
  }

  private groups(): ReadonlyMap<string, readonly Slot[]> {
    const groups = new Map<string, Slot[]>()
    for (const slot of this.slots()) {
      const { group } = slot.router.config
      if (group === undefined) continue
      const members = groups.get(group)
      if (members) members.push(slot)
      else groups.set(group, [slot])
    }
    return groups
  }
}
