import { readdirSync, readFileSync } from 'node:fs'

/** Parent of every process, by pid. */
function parents(): Map<number, number> {
  const found = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    try {
      // proc(5), stat: pid (comm) state ppid …; comm may hold spaces and brackets, so read from its end.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      found.set(pid, Number(parent))
    } catch {
      // It ended while we looked.
    }
  }
  return found
}

/** `root` and everything that descends from it, parents before children. */
export function processTree(root: number): number[] {
  const parentOf = parents()
  const tree = [root]
  for (const pid of tree) {
    for (const [child, parent] of parentOf) if (parent === pid) tree.push(child)
  }
  return tree
}
