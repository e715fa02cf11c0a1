/** Takes interfaces of ours away, and gives their parents back as they were found. */
import type { InterfaceState, Macvlans, Sysctl } from '../../base/ports.js'
import { markOf, parentOf } from './mark.js'
import { restoreParent } from './settings.js'

export interface VirtualMacPorts {
  readonly macvlans: Macvlans
  readonly sysctl: Sysctl
}

/**
 * `all`: every interface of the machine, for a parent is given back with the last of its own. `done` comes for
 * each that is gone; answers what could not be given back.
 */
export function removeInterfaces(
  { macvlans, sysctl }: VirtualMacPorts,
  gone: readonly InterfaceState[],
  all: readonly InterfaceState[],
  done: (removed: InterfaceState, error: Error | undefined) => void,
): readonly string[] {
  const settled = new Set(all.filter((one) => !gone.includes(one)).map((one) => parentOf(one, all)))
  const problems: string[] = []
  for (const each of gone) macvlans.remove(each.index, (error) => done(each, error))
  for (const each of gone) {
    const mark = markOf(each)
    const parent = parentOf(each, all)
    if (!mark || parent === undefined || settled.has(parent)) continue
    settled.add(parent)
    try {
      restoreParent(sysctl, parent, mark.had)
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  return problems
}
