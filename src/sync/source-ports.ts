/**
 * The Active's list of source ports that are not their client's own, told to the peer whole: again and again, for
 * a datagram may be lost, and in parts, for it may be long. Pure.
 */
import type { Translation } from '../base/facts.js'
import { type Millis, millis } from '../base/units.js'
import { relayHeaderLength, type SourcePorts } from './relay-message.js'
import { longestTranslation } from './translation-codec.js'

/** How often an unchanged list is said again. */
export const repeatInterval: Millis = millis(10_000)

const perMessage = Math.floor((1300 - relayHeaderLength - 4) / longestTranslation)

/** More parts than any list of ours has: what claims more is not believed. */
export const mostParts = 2048

/** An empty list is one empty part. */
export function partsOf(syncId: number, id: number, all: readonly Translation[]): readonly SourcePorts[] {
  const parts = Math.max(1, Math.ceil(all.length / perMessage))
  return Array.from({ length: parts }, (_, part) => ({
    kind: 'sourcePorts',
    syncId,
    id,
    part,
    parts,
    translations: all.slice(part * perMessage, (part + 1) * perMessage),
  }))
}

/** Parts of one list that have come. */
export interface Gathering {
  readonly id: number
  readonly parts: ReadonlyMap<number, readonly Translation[]>
}

/** Answers the list with the part that completes it. A part of another list begins anew. */
export function gather(
  before: Gathering | undefined,
  message: SourcePorts,
): readonly [Gathering | undefined, readonly Translation[] | undefined] {
  if (message.parts === 0 || message.parts > mostParts || message.part >= message.parts)
    return [before, undefined]
  const parts = new Map(before?.id === message.id ? before.parts : [])
  parts.set(message.part, message.translations)
  if (parts.size < message.parts) return [{ id: message.id, parts }, undefined]
  const inOrder = [...parts].sort(([a], [b]) => a - b)
  return [undefined, inOrder.flatMap(([, translations]) => translations)]
}
