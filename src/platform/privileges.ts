/** Gives up root in a process that needs none. */

/** Debian's `nobody` and `nogroup`. */
const nobody = 65534

/**
 * For good: neither root nor any supplementary group is left. Does nothing in a process that is not root
 * (a service manager has taken its privileges already). Modules must have been loaded before: the program
 * may lie where only root can read.
 */
export function becomeNobody(): void {
  if (process.getuid?.() !== 0) return
  process.setgroups?.([])
  process.setgid?.(nobody)
  process.setuid?.(nobody)
}
