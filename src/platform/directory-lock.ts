/** One process a directory: the kernel's own lock on it, which ends with its holder however that ends. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { OpError } from '../base/result.js'
import { lastErrno, libc } from './libc.js'

/** include/uapi/asm-generic/fcntl.h */
const LOCK = { EX: 2, NB: 4 } as const

export interface DirectoryLock {
  close(): void
}

/**
 * Takes the lock, on the directory itself, so that no file in it that somebody removes can make room for a
 * second holder. Children do not inherit it. Answers the holder's pid instead when there is one, 0 where it
 * cannot be seen. Throws `OpError`, or what opening the directory throws.
 */
export function lockDirectory(path: string): DirectoryLock | { readonly heldBy: number } {
  const fd = openSync(path, 'r')
  if (libc.flock(fd, LOCK.EX | LOCK.NB) === 0) return { close: () => closeSync(fd) }
  const errno = lastErrno()
  const holder = errno === 'EAGAIN' ? holderOf(fd) : undefined
  closeSync(fd)
  if (holder === undefined) throw new OpError('flock', path, errno)
  return { heldBy: holder }
}

/** proc_locks(5): `1: FLOCK  ADVISORY  WRITE 1234 00:2f:5678 0 EOF`. */
function holderOf(fd: number): number {
  const inode = String(fstatSync(fd).ino)
  for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
    const [, kind, , , pid, file = ''] = line.split(/ +/)
    if (kind === 'FLOCK' && file.split(':')[2] === inode) return Number(pid)
  }
  return 0
}
