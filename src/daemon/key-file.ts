/** Reads the pair key from its file, and refuses a file that others could read. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { fail, ok, type Result } from '../base/result.js'
import { type PairKey, pairKeyProblemText, parsePairKey } from '../pair/key.js'

/** A key is one short line; whatever is larger is something else. */
const largestKeyFile = 1024

/** The 32 bytes of the key, or one line that says what is wrong with the file. */
export function readKeyFile(path: string): Result<PairKey, string> {
  let fd: number
  try {
    // A FIFO must be refused, not waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return fail(`pair key ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
  try {
    // The open descriptor is judged, not the path: nobody can exchange the file in between.
    const stat = fstatSync(fd)
    if (!stat.isFile()) return fail(`pair key ${path}: is not a regular file`)
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      return fail(`pair key ${path}: mode ${mode} lets others read it, expected 0600 (chmod 600 ${path})`)
    }
    if (stat.size > largestKeyFile) return fail(`pair key ${path}: ${stat.size} bytes, expected one line`)
    const buffer = Buffer.alloc(largestKeyFile)
    const key = parsePairKey(buffer.toString('utf8', 0, readSync(fd, buffer)))
    return key.ok ? ok(key.value) : fail(`pair key ${path}: ${pairKeyProblemText(key.error)}`)
  } finally {
    closeSync(fd)
  }
}
