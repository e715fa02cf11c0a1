/** TOML text to statements, reading on after a broken line so that one run tells every syntax error. */
import parser, { type TomlStatement } from 'toml/lib/parser.js'
import { Lines } from './lines.js'
import { plainStatements } from './plain-syntax.js'
import { quote } from './printable.js'
import type { Problem } from './problem.js'

export interface Syntax {
  /** Undefined when the text could not be read to its end. */
  readonly statements: readonly TomlStatement[] | undefined
  readonly problems: readonly Problem[]
  /** The text that the statements' offsets refer to: broken values are replaced in it. */
  readonly lines: Lines
  /** Lines whose value was replaced. */
  readonly brokenLines: ReadonlySet<number>
  /** No value in a list has a key twice or a number that is too large. */
  readonly plain: boolean
}

/** Each attempt reads the whole file again, at 2 to 3 MB a second: a large file gets few. */
const maxAttempts = 20
const maxCharacters = 4_000_000

export function readSyntax(source: string): Syntax {
  const problems: Problem[] = []
  const brokenLines = new Set<number>()
  let lines = new Lines(source)
  const plain = plainStatements(source)
  if (plain) return { statements: plain, problems, lines, brokenLines, plain: true }
  let statements: readonly TomlStatement[] | undefined
  const attempts = Math.max(1, Math.min(maxAttempts, Math.floor(maxCharacters / source.length)))
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      statements = parser.parse(lines.text)
      break
    } catch (error) {
      const problem = describeFailure(error, lines)
      const previous = problems.at(-1)?.line ?? 0
      // Only what stands behind the previous error is news; the rest follows from it.
      if (problem.line <= previous) break
      problems.push(problem)
      const repaired = withoutValue(lines, problem.line)
      if (repaired === undefined) break
      lines = repaired
      brokenLines.add(problem.line)
    }
  }
  return { statements, problems, lines, brokenLines, plain: false }
}

/** The text with the value of `key = value` on that line made a string; undefined for any other line. */
function withoutValue(lines: Lines, line: number): Lines | undefined {
  const { start, end } = lines.boundsOf(line)
  const key = /^\s*[\w-]+[ \t]*=/.exec(lines.text.slice(start, end))?.[0]
  return key === undefined
    ? undefined
    : new Lines(`${lines.text.slice(0, start)}${key} ""${lines.text.slice(end)}`)
}

interface Failure {
  readonly message: string
  readonly location?: { readonly start: { readonly line: number; readonly column: number } }
  readonly line?: number
  readonly column?: number
  readonly expected?: readonly { readonly type: string; readonly text?: string }[] | null
  readonly found?: string | null
}

function describeFailure(error: unknown, lines: Lines): Problem {
  const failure = error as Failure
  const line = failure.location?.start.line ?? failure.line ?? 1
  const column = failure.location?.start.column ?? failure.column ?? 1
  const common = { severity: 'error', line, column, path: '' } as const
  if (!failure.expected) return { ...common, message: sentence(failure.message) }
  const wanted = new Set(failure.expected.map((item) => item.text ?? item.type))
  const message = `unexpected ${found(failure.found)}`
  const { start, end } = lines.boundsOf(line)
  const bare = bareValue(lines.text.slice(start, end), column)
  if (bare !== undefined) {
    return { ...common, message, expected: 'a value', suggestion: quote(bare) }
  }
  return { ...common, message, expected: expectation(wanted) }
}

/** A value without its quotes, `wlc` or `100ms`, in which the error stands. */
function bareValue(line: string, column: number): string | undefined {
  const match = /^(\s*[\w.-]+\s*=\s*)([\w][\w./:-]*)\s*(?:#.*)?$/.exec(line)
  return match && column > (match[1]?.length ?? 0) ? match[2] : undefined
}

function expectation(wanted: ReadonlySet<string>): string {
  if (wanted.has('true')) return 'a value: "text", a number, true, false, [list] or { table }'
  if (wanted.has('=')) return '"=" after the key'
  if (wanted.has(']')) return '"," or "]"'
  if (wanted.has('}')) return '"," or "}"'
  if (wanted.has('"""') || wanted.has("'''")) return 'the closing quotes'
  if (wanted.has('"') && wanted.has('\\')) return 'the closing quote on the same line'
  if (wanted.has("'")) return wanted.has('[') ? '[table], [[table]] or key = value' : "the closing quote (')"
  return 'the end of the line'
}

function found(character: string | null | undefined): string {
  if (character === null || character === undefined) return 'end of the file'
  return character === '\n' || character === '\r' ? 'end of the line' : quote(character)
}

const sentence = (text: string): string =>
  `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`
