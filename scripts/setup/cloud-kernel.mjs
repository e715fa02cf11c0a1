// Debian's cloud kernel for the QEMU guest: downloaded and unpacked, never installed.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { Missing, runQuietly } from './report.mjs'

/** Where downloads are kept; the same rule stands in lab/paths.ts. */
function cacheFolder(root) {
  const wanted = process.env.XDG_CACHE_HOME || `${homedir()}/.cache`
  try {
    mkdirSync(wanted, { recursive: true })
    accessSync(wanted, constants.W_OK)
    return `${wanted}/vipair`
  } catch {
    return `${root}build/cache`
  }
}

export const missingCloudKernel = (root) => !existsSync(`${cacheFolder(root)}/cloud-kernel/boot`)

export async function fetchCloudKernel(root) {
  const target = `${cacheFolder(root)}/cloud-kernel`
  const scratch = `${target}.new`
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true, mode: 0o755 })
  const depends = () => {
    try {
      return execFileSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], { encoding: 'utf8' })
    } catch {
      return ''
    }
  }
  const image = () => /Depends: (linux-image-\S+-cloud-amd64)/.exec(depends())?.[1]
  if (image() === undefined && process.getuid?.() === 0) await runQuietly('apt-get', ['update', '-q'])
  const name = image()
  if (name === undefined) {
    throw new Missing('setup: apt knows no linux-image-cloud-amd64; run `sudo apt-get update` and try again')
  }
  // Without the sandbox apt may write into a folder that only we can read.
  await runQuietly('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', name], { cwd: scratch })
  const archive = readdirSync(scratch).find((file) => file.endsWith('.deb'))
  if (archive === undefined)
    throw new Missing(`setup: apt-get download ${name} left no package in ${scratch}`)
  await runQuietly('dpkg-deb', ['-x', archive, '.'], { cwd: scratch })
  rmSync(`${scratch}/${archive}`)
  // The package leaves this index to its installation.
  for (const version of readdirSync(`${scratch}/lib/modules`)) {
    await runQuietly('depmod', ['-b', scratch, version])
  }
  rmSync(target, { recursive: true, force: true })
  mkdirSync(dirname(target), { recursive: true })
  renameSync(scratch, target)
}
