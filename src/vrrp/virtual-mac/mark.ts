/**
 * The text on each interface that vipair makes (`ip link show` has it as alias): whose it is, and how the
 * parent's settings were before. It outlives the process and goes with the interface.
 */
import type { InterfaceState } from '../../base/ports.js'

/** Of the parent, as they were found; `undefined`: not touched. */
export interface ParentSettings {
  readonly arpIgnore: number
  readonly arpAnnounce: number
}

export interface Mark {
  readonly router: string
  readonly parent: string
  readonly had: ParentSettings
}

export const formatMark = ({ router, parent, had }: Mark): string =>
  `vipair ${router} on ${parent}, had arp_ignore ${had.arpIgnore} arp_announce ${had.arpAnnounce}`

const pattern = /^vipair (\S+) on (\S+), had arp_ignore (\d+) arp_announce (\d+)$/

/** Undefined: it is not ours. */
export function markOf({ alias, macvlan }: InterfaceState): Mark | undefined {
  const found = macvlan && alias !== undefined ? pattern.exec(alias) : undefined
  if (!found) return undefined
  const [, router = '', parent = '', arpIgnore, arpAnnounce] = found
  return { router, parent, had: { arpIgnore: Number(arpIgnore), arpAnnounce: Number(arpAnnounce) } }
}

/**
 * The name that the parent of an interface of ours has now: of two that tell it, the mark is right of a macvlan on
 * a macvlan, for the kernel's books have the lower one's own parent, and the index after a change of name.
 */
export function parentOf(own: InterfaceState, all: readonly InterfaceState[]): string | undefined {
  const mark = markOf(own)
  if (!mark) return undefined
  const index = own.macvlan?.parentIndex
  const named = all.find(({ name }) => name === mark.parent)
  if (named && (named.index === index || named.macvlan?.parentIndex === index)) return mark.parent
  return all.find((one) => one.index === index)?.name ?? mark.parent
}
