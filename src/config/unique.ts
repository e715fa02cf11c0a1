/** Things that must not occur twice. */
import type { Path } from './node.js'
import type { Details, Report } from './report.js'

export class Unique {
  private readonly seen = new Map<string, Path>()

  constructor(
    private readonly report: Report,
    /** What is wrong with the second: `this name is taken`. */
    private readonly message: string,
    private readonly details: Details = {},
  ) {}

  /** False when another one has claimed the same key: reported with the place of that one. */
  claim(key: string, path: Path): boolean {
    const first = this.seen.get(key)
    if (first) this.report.error(path, `${this.message}: see ${this.report.placeOf(first)}`, this.details)
    else this.seen.set(key, path)
    return first === undefined
  }
}
