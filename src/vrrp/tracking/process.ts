/** Whether a process is the tracked program's. Pure. */
import type { ProcessTrackConfig } from '../../config/model.js'

/** What /proc/PID says. */
export interface ProcessLook {
  /** `comm`: the first 15 bytes of the program's name. */
  readonly comm: string
  /** The link `exe`; undefined where it may not be read, which is so for other users' processes. */
  readonly exe: string | undefined
  /** The first word of `cmdline`; empty for a kernel thread and a zombie. */
  readonly argv0: string
}

/** TASK_COMM_LEN of include/linux/sched.h, without the final NUL. */
const longestComm = 15

/** A zombie has no command line, and does nothing any more. */
export function isProgram({ program }: Pick<ProcessTrackConfig, 'program'>, look: ProcessLook): boolean {
  if (look.argv0 === '') return false
  if (program.startsWith('/')) return look.exe === undefined ? look.argv0 === program : look.exe === program
  const bytes = Buffer.byteLength(program)
  if (bytes <= longestComm) return look.comm === program
  return baseName(look.exe ?? look.argv0) === program
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
