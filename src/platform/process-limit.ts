/** How many processes and threads the user of this process's children may have. */
import { check, libc } from './libc.js'

/** include/uapi/asm-generic/resource.h */
const RLIMIT_NPROC = 6

/**
 * For good, here and in every child: past this fork answers EAGAIN. The kernel counts per user, whatever else that
 * user runs, and lets root be. Never raises the limit. Throws `OpError`.
 */
export function limitProcesses(most: number): void {
  const limit = new BigUint64Array(2)
  check(libc.getrlimit(RLIMIT_NPROC, limit), 'getrlimit', 'RLIMIT_NPROC')
  const lower = limit.map((value) => (value < BigInt(most) ? value : BigInt(most)))
  check(libc.setrlimit(RLIMIT_NPROC, lower), 'setrlimit', 'RLIMIT_NPROC')
}
