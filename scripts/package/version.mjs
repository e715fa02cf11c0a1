// The package's version: package.json's at its tag; before and after it, one that sorts as the history goes.
import { spawnSync } from 'node:child_process'

function git(root, ...words) {
  const { status, stdout } = spawnSync('git', ['-C', root, ...words], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/**
 * `0.1.0` at the tag v0.1.0 and in a tree without history, `0.1.0+git3.abc1234` three commits after it, and before it
 * `0.1.0~git245.abc1234`, which dpkg sorts before 0.1.0. Changed files add `.changed`.
 */
export function packageVersion(root, version) {
  if (git(root, 'rev-parse', '--show-cdup') !== '') return version
  const hash = git(root, 'rev-parse', '--short=7', 'HEAD')
  if (hash === undefined) return version
  const changed = git(root, 'status', '--porcelain', '--untracked-files=no') === '' ? '' : '.changed'
  const since = git(root, 'rev-list', '--count', `v${version}..HEAD`)
  if (since !== undefined)
    return Number(since) === 0 && !changed ? version : `${version}+git${since}.${hash}${changed}`
  return `${version}~git${git(root, 'rev-list', '--count', 'HEAD') ?? 0}.${hash}${changed}`
}

/** Seconds since 1970 that all files of the package bear: SOURCE_DATE_EPOCH, or the last commit's. */
export function packageDate(root, environment = process.env) {
  const wanted = environment.SOURCE_DATE_EPOCH || git(root, 'log', '-1', '--format=%ct') || '0'
  if (!/^\d+$/.test(wanted)) throw new Error(`SOURCE_DATE_EPOCH: ${wanted} is no number of seconds`)
  return Number(wanted)
}
