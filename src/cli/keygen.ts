/** `vipair keygen [FILE]`: a new pair key, into FILE with mode 0600 or on stdout. */
import { randomBytes } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { formatPairKey, pairKeyLength } from '../pair/key.js'

export interface KeygenIo {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

/** Exit status: 0 done; 1 refused or failed, with the reason on stderr. Never overwrites. */
export async function runKeygen(file: string | undefined, io: KeygenIo): Promise<number> {
  const text = formatPairKey(randomBytes(pairKeyLength))
  if (file === undefined) {
    io.out(text)
    return 0
  }
  try {
    await writeNewFile(file, text)
  } catch (error) {
    io.error(`keygen: ${reason(file, error)}\n`)
    return 1
  }
  io.error(`keygen: wrote ${file}; copy it to the other director, and keep it readable by root alone\n`)
  return 0
}

async function writeNewFile(file: string, text: string): Promise<void> {
  // `wx` neither overwrites nor follows a link that somebody left there.
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await unlink(file)
    throw error
  } finally {
    await handle.close()
  }
}

function reason(file: string, error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === 'EEXIST') return `${file} exists; a key in use is not overwritten, remove it first`
  return `cannot write ${file}: ${code ?? String(error)}`
}
