/** Offsets to lines and columns. */
export interface Position {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

export class Lines {
  private readonly starts: number[] = [0]

  constructor(readonly text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1)
  }

  positionOf(offset: number): Position {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 }
  }

  /** Offsets of a line's first character and of its end, the line break left out. */
  boundsOf(line: number): { readonly start: number; readonly end: number } {
    const start = this.starts[line - 1] ?? this.text.length
    const next = this.starts[line]
    const end = next === undefined ? this.text.length : next - 1
    return { start, end: this.text[end - 1] === '\r' && end > start ? end - 1 : end }
  }
}
