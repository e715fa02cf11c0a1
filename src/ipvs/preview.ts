/** What a setting would change in the table, were it configured now, and what it would set draining. */
import type { KernelChange } from '../base/kernel-change.js'
import type { Millis } from '../base/units.js'
import { changeOf } from './change.js'
import type { Circumstances } from './circumstances.js'
import { desiredDaemons, isMarked } from './desired.js'
import type { Drain } from './drains.js'
import { serviceIds } from './kernel-terms.js'
import { markerId } from './marker.js'
import { daemonId, type ObservedTable, type Table } from './model.js'
import { plan } from './plan.js'
import type { IpvsSetting } from './runtime.js'

export interface Present {
  /** Left as they are. */
  readonly circumstances: Circumstances
  readonly actual: ObservedTable
  readonly ours: ReadonlySet<string>
  /** What an earlier run left and nobody has taken over; undefined: nothing. */
  readonly left: ReadonlySet<string> | undefined
  readonly now: Millis
}

export function preview(
  setting: IpvsSetting,
  { circumstances: current, actual, ours, left, now }: Present,
): readonly KernelChange[] {
  const circumstances = current.copy()
  if (left !== undefined) circumstances.adopt(actual, left, now)
  circumstances.configure(setting, now)
  circumstances.observe(actual, now)
  const desired = circumstances.desiredTable(setting, actual, now)
  const policy = { manage: setting.ipvs.manage, ours: new Set([...ours, ...declared(setting)]) }
  const changes = plan(desired, actual, policy).map((operation) => changeOf(operation, actual))
  return withDrains(changes, circumstances.draining.since(current.draining, now), actual)
}

/** Ids of everything that the setting puts into the table. */
export function declared(setting: IpvsSetting): readonly string[] {
  const daemons = desiredDaemons(setting).map(({ role }) => daemonId(role))
  const marker = isMarked(setting) ? [markerId] : []
  return [...setting.services.flatMap(serviceIds), ...marker, ...daemons]
}

/**
 * The changes with a note at each destination that would drain; one that has no weight already changes in
 * nothing else. `begun`: the drains that the setting begins.
 */
function withDrains(
  changes: readonly KernelChange[],
  begun: readonly Drain[],
  actual: Table,
): readonly KernelChange[] {
  const notes = new Map<string, KernelChange>()
  for (const { id, destination, since, deadline } of begun) {
    if (actual.services.get(id)?.destinations.has(destination) !== true) continue
    const details = [`drains up to ${(deadline - since) / 1000} s`]
    notes.set(`${id}\0${destination}`, { change: 'changed', service: id, server: destination, details })
  }
  if (notes.size === 0) return changes
  const told = changes.map((change) => {
    const name = `${change.service}\0${change.server}`
    const note = notes.get(name)
    if (note === undefined) return change
    notes.delete(name)
    return change.change === 'changed' ? { ...change, details: [...change.details, ...note.details] } : change
  })
  return [...told, ...notes.values()]
}
