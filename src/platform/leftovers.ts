/** Finds what programs leave running: whoever leaves its process group and loses its parent becomes our child. */
import { readdirSync, readFileSync } from 'node:fs'
import { lastErrno, libc } from './libc.js'

/** include/uapi/linux/prctl.h */
const PR_SET_CHILD_SUBREAPER = 36
/** include/uapi/linux/wait.h */
const WNOHANG = 1
/** Of children that die while they are looked at, new ones come to light; not for ever in one go. */
const rounds = 8

/** From now on the orphans among our descendants are our children. A text says why not. */
export function adoptOrphans(): string | undefined {
  return libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? lastErrno() : undefined
}

/**
 * Kills, with their process groups, the children that belong to no running program. `isRunning`: whether a number is
 * that of a program's process group that runs, which is its session too. True: there were some.
 */
export function endLeftovers(isRunning: (group: number) => boolean): boolean {
  const own = fieldsOf('self')?.group
  let found = false
  for (let round = 0; round < rounds; round++) {
    const left = children().filter(({ pid, session }) => !isRunning(pid) && !isRunning(session))
    if (left.length === 0) return found
    found = true
    for (const { pid, group } of left) {
      // All of the process group at once, or a fork bomb outruns us.
      if (group !== own) kill(-group)
      kill(pid)
      libc.waitpid(pid, null, WNOHANG)
    }
  }
  return found
}

interface Child {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
}

function children(): readonly Child[] {
  return readdirSync('/proc').flatMap((name) => {
    const fields = /^\d+$/.test(name) ? fieldsOf(name) : undefined
    return fields?.parent === process.pid ? [fields] : []
  })
}

/** proc(5): `pid (comm) state ppid pgrp session …`; the name may hold anything. Undefined: it is gone. */
function fieldsOf(name: string): Child | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [parent = 0, group = 0, session = 0] = stat
      .slice(stat.lastIndexOf(')') + 4)
      .split(' ', 3)
      .map(Number)
    return { pid: Number.parseInt(stat, 10), parent, group, session }
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ESRCH: it has ended since.
  }
}
