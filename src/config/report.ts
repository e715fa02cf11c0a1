/** Collects the problems of one file while it is read. */
import type { Lines } from './lines.js'
import { formatPath, locate, type Node, type Path } from './node.js'
import type { Problem } from './problem.js'

export interface Details {
  /** Where to point: at the value (default) or at its key. */
  readonly at?: 'key' | 'value'
  /** Follows "expected". */
  readonly expected?: string | undefined
  /** Follows "did you mean". */
  readonly suggestion?: string | undefined
}

/** A file with more errors is no configuration file: a person reads the first of them. */
export const mostErrors = 1000

/** Thrown by the error that is one too many. */
export class TooManyErrors extends Error {}

export class Report {
  private errors = 0

  constructor(
    private readonly root: Node,
    private readonly lines: Lines,
    /** Which tables know a key: for keys that stand in the wrong one. */
    readonly homes: ReadonlyMap<string, readonly string[]>,
    /** Those that are known already, and those that follow. */
    readonly problems: Problem[],
  ) {}

  get hasErrors(): boolean {
    return this.problems.some((problem) => problem.severity === 'error')
  }

  error(path: Path, message: string, details: Details = {}): void {
    if (++this.errors > mostErrors) throw new TooManyErrors()
    this.add('error', path, message, details)
  }

  warning(path: Path, message: string, details: Details = {}): void {
    this.add('warning', path, message, details)
  }

  /** Whether the file says nothing at all under that path. */
  isAbsent(path: Path): boolean {
    return locate(this.root, path).path.length < path.length
  }

  /** `virtual_router[0].vrid in line 12` */
  placeOf(path: Path): string {
    const found = locate(this.root, path)
    return `${formatPath(found.path)} in line ${this.lines.positionOf(found.keyOffset).line}`
  }

  private add(severity: Problem['severity'], path: Path, message: string, details: Details): void {
    const found = locate(this.root, path)
    const offset = details.at === 'key' ? found.keyOffset : found.node.offset
    this.problems.push({
      severity,
      ...this.lines.positionOf(offset),
      path: formatPath(found.path),
      message,
      ...(details.expected === undefined ? {} : { expected: details.expected }),
      ...(details.suggestion === undefined ? {} : { suggestion: details.suggestion }),
    })
  }
}
