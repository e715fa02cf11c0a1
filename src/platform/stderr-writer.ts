/**
 * Writes lines to standard error and never waits for it. A stopped terminal or a journal that does not read
 * would otherwise freeze the process, and with it an election.
 */
import { writeSync } from 'node:fs'
import { libc } from './libc.js'

const stderr = 2
const POLLOUT = 0x4
/** A pipe that polls as writable takes PIPE_BUF bytes at once (pipe(7)). */
const longestLine = 4096

export class StderrWriter {
  private lost = 0

  constructor(private readonly fd: number = stderr) {}

  /** Writes the line, cut to 4,096 bytes, or drops it; a later one says how many were lost. */
  write(line: string): void {
    if (!this.writable()) {
      this.lost++
      return
    }
    const note = this.lost > 0 ? `(${this.lost} log lines lost: standard error was full)\n` : ''
    const bytes = Buffer.from(`${note}${line.replaceAll('\n', ' ')}\n`)
    const cut = bytes.length > longestLine
    if (cut) bytes[longestLine - 1] = 0x0a
    try {
      writeSync(this.fd, cut ? bytes.subarray(0, longestLine) : bytes)
      this.lost = 0
    } catch {
      // EAGAIN from somebody else's O_NONBLOCK, EPIPE from a reader that has gone: nobody can be told.
      this.lost++
    }
  }

  private writable(): boolean {
    // struct pollfd: descriptor, events wanted, events found. A regular file is always writable.
    const descriptor = new DataView(new ArrayBuffer(8))
    descriptor.setInt32(0, this.fd, true)
    descriptor.setInt16(4, POLLOUT, true)
    const found = libc.poll(new Uint8Array(descriptor.buffer), 1, 0)
    return found === 1 && (descriptor.getInt16(6, true) & POLLOUT) !== 0
  }
}
