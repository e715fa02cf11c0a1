/** Keeps the elections in time on a busy machine. */
import { constants, setPriority } from 'node:os'
import { Writer } from '../base/bytes.js'
import { lastErrno, libc } from './libc.js'

/** include/uapi/linux/sched.h; with the second, children start with the ordinary policy. */
const SCHED_RR = 2
const SCHED_RESET_ON_FORK = 0x40000000

/**
 * Asks for real-time scheduling of the main thread and answers in one line what happened; not to be
 * permitted is no error. `priority`: 1 (lowest) to 99 of SCHED_RR.
 *
 * Memory is not locked: V8 gives pages back by madvise(MADV_DONTNEED), which fails on locked memory, and V8
 * aborts the process on that. Keeping it out of swap is for the service manager (MemorySwapMax=0).
 */
export function claimRealtime(priority: number): string {
  const parameters = new Writer(4).u32host(priority).finish()
  const result = libc.schedSetScheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, parameters)
  return result < 0 ? `ordinary scheduling: ${lastErrno()}` : `real-time priority ${priority}`
}

/** On a single processor that process runs before the others, until it is over; not to be permitted is no error. */
export function prefer(pid: number | undefined, preferred: boolean): void {
  const { PRIORITY_HIGHEST, PRIORITY_NORMAL } = constants.priority
  try {
    if (pid !== undefined) setPriority(pid, preferred ? PRIORITY_HIGHEST : PRIORITY_NORMAL)
  } catch {
    // It runs as it is.
  }
}
