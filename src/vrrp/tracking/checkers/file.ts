/** Looks at a tracked file. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type FileLook, longestContent } from '../file.js'

/** Never rejects. Opening must not wait for a pipe's writer; a file system that hangs is its caller's time limit. */
export async function lookAtFile(path: string): Promise<FileLook> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) return { there: true, content: '' }
    const buffer = Buffer.alloc(longestContent)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return { there: true, content: buffer.toString('utf8', 0, bytesRead) }
  } catch (error) {
    return { there: false, code: (error as NodeJS.ErrnoException).code ?? String(error) }
  } finally {
    await file?.close()
  }
}
