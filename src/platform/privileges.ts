/** Gives up root in a process that needs none. */

import { findUser } from './users.js'

/** The user that the package makes: other programs' processes are nobody too. */
const own = 'vipair'
/** Debian's `nobody` and `nogroup`. */
const nobody = { uid: 65534, gid: 65534 }

/**
 * The user `vipair` where there is one. For good: neither root nor any supplementary group is left. Does nothing in a process that is not root
 * (a service manager has taken its privileges already). Modules must have been loaded before: the program
 * may lie where only root can read.
 */
export function becomeNobody(): void {
  if (process.getuid?.() !== 0) return
  const user = findUser(own)
  const { uid, gid } = user.ok ? user.value : nobody
  process.setgroups?.([])
  process.setgid?.(gid)
  process.setuid?.(uid)
}
