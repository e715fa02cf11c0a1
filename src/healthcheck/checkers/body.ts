/** Matches a body that may be hostile against a pattern that may be careless. */
import { createContext, Script } from 'node:vm'

/** What one match may take, in milliseconds of wall clock. 64 KiB need well under one for any sane pattern. */
const matchLimit = 100
/** Steps of the engine that take well under a millisecond. */
const harmless = 1e6

const script = new Script('pattern.test(body)')
const context = createContext({ pattern: /(?:)/, body: '' })

export type MatchResult = 'match' | 'noMatch' | 'gaveUp'

/**
 * `gaveUp` when a pattern backtracks without end on this body: the engine is interrupted, because a regular
 * expression otherwise holds the whole process for as long as it likes. That interruption costs more than a
 * whole check (0.1 ms), so it is left out where the pattern cannot take long on so short a body.
 */
export function matchBody(pattern: RegExp, body: string): MatchResult {
  if (worstSteps(pattern, body.length) <= harmless) return pattern.test(body) ? 'match' : 'noMatch'
  context.pattern = pattern
  context.body = body
  try {
    return script.runInContext(context, { timeout: matchLimit }) === true ? 'match' : 'noMatch'
  } catch {
    return 'gaveUp'
  } finally {
    context.body = ''
  }
}

interface Shape {
  /** Quantifiers: each multiplies the ways to match by the length of the text, or by its own bound. */
  readonly quantifiers: number
  readonly alternatives: number
  /** A group is repeated: the ways to match may be exponential. */
  readonly repeatsGroups: boolean
}

const shapes = new WeakMap<RegExp, Shape>()

/** An upper bound of the steps of a backtracking engine, generous and quickly found. */
function worstSteps(pattern: RegExp, length: number): number {
  let shape = shapes.get(pattern)
  if (!shape) {
    shape = shapeOf(pattern.source)
    shapes.set(pattern, shape)
  }
  if (shape.repeatsGroups) return Number.POSITIVE_INFINITY
  return (length + 1) ** (1 + shape.quantifiers) * pattern.source.length * 2 ** shape.alternatives
}

/** Counts in what is left of the pattern without its escapes and character classes. */
function shapeOf(source: string): Shape {
  const bare = source.replace(/\\[\s\S]/g, 'e').replace(/\[[^\]]*\]/g, 'c')
  const count = (what: RegExp): number => bare.match(what)?.length ?? 0
  return {
    quantifiers: count(/[*+{]|[^(]\?/g),
    alternatives: count(/\|/g),
    repeatsGroups: /\)[*+{?]/.test(bare),
  }
}
