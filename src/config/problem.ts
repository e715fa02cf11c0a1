/** What is wrong with a file, and where. */
import { printable } from './printable.js'

export interface Problem {
  /** A warning leaves the file valid. */
  readonly severity: 'error' | 'warning'
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units as editors count. */
  readonly column: number
  /** `virtual_router[0].garp.count`; empty for the whole file. Always something that the file contains. */
  readonly path: string
  /** What is wrong. */
  readonly message: string
  /** What would have been right: follows the word "expected". */
  readonly expected?: string
  /** Follows "did you mean"; as the file would write it. */
  readonly suggestion?: string
}

export const isError = (problem: Problem): boolean => problem.severity === 'error'

export const byPosition = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column

/** `file:line:column: path: what is wrong, expected what, did you mean that?` */
export function formatProblem(file: string, problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  const warning = problem.severity === 'warning' ? 'warning: ' : ''
  const expected = problem.expected === undefined ? '' : `, expected ${problem.expected}`
  const suggestion = problem.suggestion === undefined ? '' : `, did you mean ${problem.suggestion}?`
  return printable(
    `${file}:${problem.line}:${problem.column}: ${path}${warning}${problem.message}${expected}${suggestion}`,
  )
}
