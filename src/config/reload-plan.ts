/**
 * What `POST /v1/plan` answers and `vipair plan --json` prints. Names are a contract with people's scripts:
 * add, never rename.
 */
import type { KernelChange } from '../base/kernel-change.js'
import type { DiffEntry } from './diff.js'

export interface ReloadPlan {
  /** The one that the daemon would read. */
  readonly file: string
  readonly configHash: string
  readonly runningConfigHash: string
  /** Not empty: a reload would be refused, as `log.format`. */
  readonly needsRestart: readonly string[]
  /** Not empty: a reload would be refused. A sentence each. */
  readonly refusals: readonly string[]
  /** Everything that differs in the file, in its own words. */
  readonly changes: readonly DiffEntry[]
  /** Of the kernel's table, in the order of application; what somebody else did to it and is undone included. */
  readonly kernel: readonly KernelChange[]
  /** Why the kernel's part cannot be told; null: it is told. */
  readonly kernelUnknown: string | null
  readonly warnings: readonly string[]
}
