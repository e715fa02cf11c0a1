/** Matches a body that may be hostile against a pattern that may be careless. */
import { createContext, Script } from 'node:vm'

/** What one match may take, in milliseconds of wall clock. 64 KiB need well under one for any sane pattern. */
const matchLimit = 100

const script = new Script('pattern.test(body)')
const context = createContext({ pattern: /(?:)/, body: '' })

/**
 * `gaveUp` when a pattern backtracks without end on this body: the engine is interrupted, because a regular
 * expression otherwise holds the whole process for as long as it likes.
 */
export function matchBody(pattern: RegExp, body: string): 'match' | 'noMatch' | 'gaveUp' {
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
