/** The connection table as records, from chunks that end anywhere. */
import { isMarker } from '../kernel-record.js'
import { type Persistence, type RowProblem, recordOfRow } from './table-row.js'

export class TableLines {
  private rest = ''
  private heading = true

  /** What cannot be carried is told to `onProblem`. */
  constructor(
    private readonly persistence: Persistence,
    private readonly onProblem: (problem: RowProblem) => void,
  ) {}

  /** The rows that end in `chunk`. */
  records(chunk: Uint8Array): readonly Uint8Array[] {
    const lines = (this.rest + Buffer.from(chunk).toString('latin1')).split('\n')
    this.rest = lines.pop() ?? ''
    if (this.heading && lines.length > 0) {
      this.heading = false
      lines.shift()
    }
    const records: Uint8Array[] = []
    for (const line of lines) {
      const record = recordOfRow(line, this.persistence)
      if (typeof record === 'string') this.onProblem(record)
      else if (!isMarker(record)) records.push(record)
    }
    return records
  }
}
