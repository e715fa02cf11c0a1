#!/usr/bin/env node
import { createHash } from 'node:crypto'
// `npm run package`: a Debian package with everything in it, Node.js included. The same sources, Node.js and
// SOURCE_DATE_EPOCH make the same file.
import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { layOut } from './package/contents.mjs'
import { maintainerScripts } from './package/maintainer-scripts.mjs'
import { checkNode, neededGlibc } from './package/node-program.mjs'
import { packageDate, packageVersion } from './package/version.mjs'
import { build, buildIsStale } from './setup/build.mjs'
import { Missing, runQuietly } from './setup/report.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const usage = `usage: npm run package -- [--node PATH] [--output DIR] [--version VERSION] [--compression xz|gzip|none]
  --node         the Node.js that goes into it (the one that runs this)
  --output       where the package is put (build/package)
  --version      instead of package.json's and git's`
/** Debian's names of what Node calls x64, arm64 … */
const architectures = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'armhf',
  riscv64: 'riscv64',
  ppc64: 'ppc64el',
  ia32: 'i386',
}

function options() {
  try {
    return parseArgs({
      options: {
        node: { type: 'string', default: process.execPath },
        output: { type: 'string', default: join(root, 'build/package') },
        version: { type: 'string' },
        compression: { type: 'string', default: 'xz' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}\n`)
    process.exit(2)
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ path: join(entry.parentPath ?? entry.path, entry.name), entry }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function controlFile({ version, architecture, glibc, kilobytes }) {
  return `Package: vipair
Version: ${version}
Architecture: ${architecture}
Maintainer: vipair <vipair@localhost>
Installed-Size: ${kilobytes}
Depends: libc6 (>= ${glibc}), libstdc++6, libgcc-s1, kmod
Recommends: nftables, iproute2
Suggests: ipvsadm
Section: net
Priority: optional
Description: high availability and load balancing with VRRP and IPVS
 Two machines run the same daemon with the same file: they elect which of them
 owns the virtual addresses, check the real servers, keep the kernel's IPVS
 table right and mirror its connections, so that sessions outlive a director.
 .
 Everything is in this package, Node.js included.
`
}

async function makePackage({ node, output, version: wanted, compression }) {
  const program = resolve(node)
  const { arch } = checkNode(program)
  const architecture = architectures[arch]
  if (architecture === undefined) throw new Missing(`package: Debian has no name for ${arch}`)
  if (buildIsStale(root)) await build(root)
  const { version: released } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const version = wanted ?? packageVersion(root, released)
  const date = packageDate(root)

  mkdirSync(output, { recursive: true })
  const folder = mkdtempSync(join(output, '.new-'))
  try {
    const binaries = layOut(root, folder, { version, node: program, arch })
    const files = filesBelow(folder)
    const sizes = files.map(({ path, entry }) => (entry.isFile() ? Math.ceil(statSync(path).size / 1024) : 1))
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0)
    const glibc = neededGlibc(binaries)
    const debian = join(folder, 'DEBIAN')
    mkdirSync(debian)
    writeFileSync(join(debian, 'control'), controlFile({ version, architecture, glibc, kilobytes }))
    const digest = (path) => createHash('md5').update(readFileSync(path)).digest('hex')
    const sums = files
      .filter(({ entry }) => entry.isFile())
      .map(({ path }) => `${digest(path)}  ${path.slice(folder.length + 1)}\n`)
    writeFileSync(join(debian, 'md5sums'), sums.join(''))
    for (const [name, text] of Object.entries(maintainerScripts)) {
      writeFileSync(join(debian, name), text)
      chmodSync(join(debian, name), 0o755)
    }
    for (const name of ['control', 'md5sums']) chmodSync(join(debian, name), 0o644)
    chmodSync(folder, 0o755)
    for (const { path, entry } of filesBelow(folder)) {
      if (entry.isDirectory()) chmodSync(path, 0o755)
      lutimesSync(path, date, date)
    }
    lutimesSync(folder, date, date)
    const file = join(output, `vipair_${version}_${architecture}.deb`)
    // One thread: with several, xz's output depends on how many there are.
    const how = ['--root-owner-group', `-Z${compression}`, '-z1', '--threads-max=1', '--uniform-compression']
    await runQuietly('dpkg-deb', [...how, '--build', folder, `${folder}.deb`], {
      env: { SOURCE_DATE_EPOCH: String(date) },
    })
    renameSync(`${folder}.deb`, file)
    return file
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.deb`, { force: true })
  }
}

const chosen = options()
if (chosen.help) process.stdout.write(`${usage}\n`)
else
  try {
    const file = await makePackage(chosen)
    process.stdout.write(`${file} (${(statSync(file).size / 1e6).toFixed(1)} MB)\n`)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
