/**
 * What operators said of a server, on either director, and which of two words stands. Merging is commutative,
 * associative and idempotent: whatever was lost, delayed or said on both sides at once, both directors end
 * with the same words. Pure.
 */
import type { AdminAction } from '../../base/facts.js'

export interface OperatorWord {
  /** Name of the virtual service. */
  readonly service: string
  /** Name of the real server within it. */
  readonly server: string
  /** `enable` is remembered like any other: an older word that somebody still holds must not come back. */
  readonly action: AdminAction | 'enable'
  /** With `weight`. */
  readonly weight: number | undefined
  readonly reason: string | undefined
  /** Larger is later. */
  readonly counter: number
  /** Name of the director where it was said. */
  readonly director: string
}

/** Below 2^53 with room to count on. */
export const largestCounter = 2 ** 52

/**
 * Above all that is known here (Lamport), and above what a director said before a boot made it forget (its date,
 * milliseconds since the epoch). The date only tells words apart that were said while neither side could hear
 * the other.
 */
export const nextCounter = (highest: number, wall: number): number =>
  Math.min(largestCounter, Math.max(highest + 1, Math.floor(wall)))

/** Negative: `a` is the older one. 0: they are the same. */
export function compareWords(a: OperatorWord, b: OperatorWord): number {
  return (
    a.counter - b.counter ||
    compareTexts(a.director, b.director) ||
    // One director never says two things under one counter; with a damaged file both sides still choose alike.
    compareTexts(contentOf(a), contentOf(b))
  )
}

const contentOf = ({ action, weight, reason }: OperatorWord): string =>
  JSON.stringify([action, weight, reason])
const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Those of `heard` that stand against what is known. `known` is by `keyOf`. */
export function newerWords<Word extends OperatorWord>(
  known: ReadonlyMap<string, OperatorWord>,
  heard: Iterable<Word>,
  keyOf: (word: OperatorWord) => string,
): ReadonlyMap<string, Word> {
  const newer = new Map<string, Word>()
  for (const word of heard) {
    const key = keyOf(word)
    const before = newer.get(key) ?? known.get(key)
    if (before === undefined || compareWords(before, word) < 0) newer.set(key, word)
  }
  return newer
}

/** The oldest words `enable` beyond `most` are dropped; the same map when there are not so many. */
export function withoutOldEnables<Word extends OperatorWord>(
  words: ReadonlyMap<string, Word>,
  most: number,
): ReadonlyMap<string, Word> {
  const enables = [...words].filter(([, { action }]) => action === 'enable')
  if (enables.length <= most) return words
  const oldest = enables.sort(([, a], [, b]) => compareWords(a, b)).slice(0, enables.length - most)
  const kept = new Map(words)
  for (const [key] of oldest) kept.delete(key)
  return kept
}
