/** Keeps the elections in time on a busy machine: real-time priority and memory that is not paged out. */
import { Writer } from '../base/bytes.js'
import { lastErrno, libc } from './libc.js'

/** include/uapi/linux/sched.h; children start with the ordinary policy. */
const SCHED_RR = 2
const SCHED_RESET_ON_FORK = 0x40000000
/**
 * include/uapi/asm-generic/mman-common.h: pages are locked once they are touched. Without ONFAULT the whole
 * of V8's address space would be.
 */
const MCL = { CURRENT: 1, FUTURE: 2, ONFAULT: 4 } as const

/**
 * Asks for both, for the calling thread and the process, and answers in one line what happened. What is not
 * permitted is no error. `priority`: 1 (lowest) to 99 of SCHED_RR. The process must keep its privilege: with
 * locked memory and a limit on it, later allocations would fail.
 */
export function claimRealtime(priority: number): string {
  const parameters = new Writer(4).u32host(priority).finish()
  const scheduled = libc.schedSetScheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, parameters)
  const scheduling = scheduled < 0 ? `ordinary scheduling (${lastErrno()})` : `real-time priority ${priority}`
  const locked = libc.lockMemory(MCL.CURRENT | MCL.FUTURE | MCL.ONFAULT)
  const memory = locked < 0 ? `memory not locked (${lastErrno()})` : 'memory locked'
  return `${scheduling}, ${memory}`
}
