/** Things that must not occur twice. */
import { formatPath, type Path } from './node.js'
import type { Report } from './report.js'

export class Unique {
  private readonly seen = new Map<string, Path>()

  constructor(
    private readonly report: Report,
    /** What is wrong with the second: `this name is taken`. */
    private readonly message: string,
  ) {}

  /** Reports `path` when another one has claimed the same key, and says where that one stands. */
  claim(key: string, path: Path): void {
    const first = this.seen.get(key)
    if (!first) this.seen.set(key, path)
    else {
      const place = `${formatPath(first)} in line ${this.report.lineOf(first)}`
      this.report.error(path, `${this.message}: see ${place}`)
    }
  }
}
