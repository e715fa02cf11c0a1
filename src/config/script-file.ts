/** Whether a script may be run at all: whoever can change its file could run what he likes as its user. */
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

const groupOrOthersWrite = 0o022
const sticky = 0o1000
const anyExecute = 0o111

/**
 * Why it is refused, with the path that is to blame; undefined when it may run. Looks at the file that the
 * path leads to and at every directory on the way: all must belong to root or to the user of this process,
 * and nobody else may write to them.
 */
export function scriptProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return `script ${path}: not an absolute path`
  let file: string
  let stat: Stats
  try {
    lstatSync(path)
    file = realpathSync(path)
    stat = statSync(file)
  } catch (error) {
    return `script ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`
  }
  if (!stat.isFile()) return `script ${path}: is not a regular file`
  if ((stat.mode & anyExecute) === 0) return `script ${path}: is not executable (chmod 755 ${file})`
  for (const start of new Set([path, file])) {
    const problem = writableBy(path, start)
    if (problem !== undefined) return problem
  }
  return undefined
}

function writableBy(script: string, start: string): string | undefined {
  for (let place = start; ; place = dirname(place)) {
    const stat = lstatSync(place)
    const subject = place === script ? `script ${script}` : `script ${script}: ${place}`
    if (stat.uid !== 0 && stat.uid !== process.getuid?.()) {
      return `${subject}: belongs to user ${stat.uid}, expected root`
    }
    // In a sticky directory nobody replaces what is not his; a link's own mode means nothing.
    const harmless = stat.isSymbolicLink() || (stat.isDirectory() && (stat.mode & sticky) !== 0)
    if (!harmless && (stat.mode & groupOrOthersWrite) !== 0) {
      const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0')
      return `${subject}: mode ${mode} lets others write to it (chmod go-w ${place})`
    }
    if (place === '/') return undefined
  }
}
