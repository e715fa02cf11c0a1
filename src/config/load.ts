/** Reads a configuration file from disk. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { fail, ok, type Result } from '../base/result.js'
import type { Problem } from './problem.js'
import { type Reading, readConfig } from './reading.js'
import { maxFileBytes } from './text.js'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'this user may not read the file',
  EPERM: 'this user may not read the file',
  ELOOP: 'the path has too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
}

/** Never rejects: a file that cannot be read is a problem at its first line. */
export async function loadConfig(path: string): Promise<Result<Reading, readonly Problem[]>> {
  const bytes = await readConfigFile(path)
  return bytes.ok ? readConfig(bytes.value) : fail([bytes.error])
}

/** Its bytes; never rejects. */
export async function readConfigFile(path: string): Promise<Result<Uint8Array, Problem>> {
  let file: FileHandle | undefined
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (stat.isDirectory()) return fail(unreadable('this is a directory', 'a file'))
    if (!stat.isFile()) return fail(unreadable('this is not a regular file', 'a file'))
    if (stat.size > maxFileBytes) {
      return fail(unreadable(`the file has ${stat.size} bytes`, `at most ${maxFileBytes} (4 MiB)`))
    }
    return ok(await readUpTo(file, stat.size, maxFileBytes + 1))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return fail(unreadable(reasons[code] ?? `the file cannot be read: ${code}`))
  } finally {
    await file?.close()
  }
}

/** `size`: what is expected. A file may grow while it is read: `readConfig` refuses what is longer than its limit. */
async function readUpTo(file: FileHandle, size: number, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  while (length < limit) {
    // One more than it should have shows at once that there is no more.
    const buffer = Buffer.allocUnsafe(Math.min(Math.max(size + 1 - length, 4096), limit - length))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  const [only, ...more] = chunks
  return only && more.length === 0 ? only : Buffer.concat(chunks)
}

const unreadable = (message: string, expected?: string): Problem => ({
  severity: 'error',
  line: 1,
  column: 1,
  path: '',
  message,
  ...(expected === undefined ? {} : { expected }),
})
