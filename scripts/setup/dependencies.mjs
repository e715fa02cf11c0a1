// npm packages: what package-lock.json asks for against what npm says it installed.
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { Missing, runQuietly } from './report.mjs'

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

const same = (a, b) => a?.version === b?.version && a?.integrity === b?.integrity

/** How many packages are absent or of another version. Optional ones may be absent: they are for other platforms. */
export function missingDependencies(root) {
  const wanted = packagesOf(`${root}package-lock.json`)
  const present = packagesOf(`${root}node_modules/.package-lock.json`)
  const absent = Object.entries(wanted).filter(
    ([path, entry]) =>
      path !== '' && !same(entry, present[path]) && !(entry.optional && present[path] === undefined),
  )
  const foreign = Object.keys(present).filter((path) => wanted[path] === undefined)
  return absent.length + foreign.length
}

/** `npm ci`, without install scripts: every native part comes as a prebuilt package. */
export async function installDependencies(root) {
  const folder = `${root}node_modules`
  // npm ci empties the folder; through a link it would empty somebody else's.
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new Missing(
      `setup: node_modules is a link to ${realpathSync(folder)}; install there, or remove the link`,
    )
  }
  const count = () => {
    try {
      return `(${readdirSync(folder).length} folders so far)`
    } catch {
      return ''
    }
  }
  await runQuietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    progress: count,
  })
}
