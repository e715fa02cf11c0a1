// The TypeScript build and its bundle, made when a source differs from what the last build saw.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { runQuietly } from './report.mjs'

const folders = ['src', 'lab', 'bench', 'test']
const stampOf = (root) => `${root}build/.sources.json`

const filesUnder = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`)
    : []

/** Path, time and size of every source, as one comparable text. */
function fingerprint(root) {
  const sources = folders
    .flatMap((folder) => filesUnder(root + folder))
    .filter((file) => file.endsWith('.ts'))
  const seen = [...sources, `${root}tsconfig.json`, `${root}package-lock.json`].sort().map((file) => {
    const { mtimeMs, size } = statSync(file)
    return [file.slice(root.length), Math.round(mtimeMs), size]
  })
  return JSON.stringify(seen)
}

export function buildIsStale(root) {
  try {
    return readFileSync(stampOf(root), 'utf8') !== fingerprint(root)
  } catch {
    return true
  }
}

/** Removes outputs whose source has gone: a deleted test must not go on running. */
function removeOrphans(root) {
  for (const file of filesUnder(`${root}build`)) {
    if (file.startsWith(`${root}build/bundle`)) continue
    const source = file.slice(root.length + 'build/'.length).replace(/\.js(\.map)?$/, '.ts')
    if (/\.js(\.map)?$/.test(file) && !existsSync(root + source)) rmSync(file)
  }
}

export async function build(root) {
  const before = fingerprint(root)
  rmSync(stampOf(root), { force: true })
  await runQuietly(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', '.'], { cwd: root })
  removeOrphans(root)
  await runQuietly(process.execPath, [`${root}scripts/setup/bundle.mjs`], { cwd: root })
  writeFileSync(stampOf(root), before)
}
