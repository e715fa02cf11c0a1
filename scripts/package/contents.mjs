// What is in the package, laid out below a folder as it will be below /.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Missing } from '../setup/report.mjs'
import { nodeLicence } from './node-program.mjs'

const home = 'usr/lib/vipair'
const documents = 'usr/share/doc/vipair'

/** `folder` is empty; answers the binaries in it. `node`: the program; `arch`: its name of the architecture. */
export function layOut(root, folder, { version, node, arch }) {
  const put = (path, content, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
    chmodSync(join(folder, path), mode)
  }
  const copy = (from, path, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    copyFileSync(join(root, from), join(folder, path))
    chmodSync(join(folder, path), mode)
  }
  const copyNode = () => {
    mkdirSync(join(folder, home, 'bin'), { recursive: true })
    copyFileSync(node, join(folder, home, 'bin/node'))
    chmodSync(join(folder, home, 'bin/node'), 0o755)
  }

  copyNode()
  // Its own Node, whatever else is installed and whatever PATH says.
  const script = readFileSync(join(root, 'bin/vipair'), 'utf8')
  put(`${home}/bin/vipair`, script.replace(/^#!.*/, `#!/${home}/bin/node`), 0o755)
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  symlinkSync('../lib/vipair/bin/vipair', join(folder, 'usr/bin/vipair'))
  put(
    `${home}/package.json`,
    `${JSON.stringify({ name: 'vipair', version, private: true, type: 'module' }, null, 2)}\n`,
  )
  for (const name of readdirSync(join(root, 'build/bundle/daemon')))
    if (name.endsWith('.js')) copy(`build/bundle/daemon/${name}`, `${home}/build/bundle/daemon/${name}`)
  const native = koffiFiles(root, arch)
  for (const file of native) copy(file, `${home}/${file}`)

  copy('configs/vipair.service', 'usr/lib/systemd/system/vipair.service')
  put(
    'usr/lib/sysusers.d/vipair.conf',
    'u vipair - "vipair, processes without privilege" / /usr/sbin/nologin\n',
  )
  mkdirSync(join(folder, 'etc/vipair'), { recursive: true })

  copy('README.md', `${documents}/README.md`)
  copy('ARCHITECTURE.md', `${documents}/ARCHITECTURE.md`)
  for (const name of readdirSync(join(root, 'docs')))
    if (name.endsWith('.md')) copy(`docs/${name}`, `${documents}/docs/${name}`)
  for (const name of readdirSync(join(root, 'configs')))
    if (name !== 'vipair.service') copy(`configs/${name}`, `${documents}/configs/${name}`)
  put(`${documents}/changelog.gz`, gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }))
  put(`${documents}/copyright`, copyright(root, node))
  putWritten(join(folder, home, 'bin'), put)
  return [
    join(folder, home, 'bin/node'),
    ...native.filter((file) => file.endsWith('.node')).map((file) => join(folder, home, file)),
  ]
}

/** koffi finds its native part from its own folder, so it is the one package that is not in the bundle. */
function koffiFiles(root, arch) {
  const native = `node_modules/@koromix/koffi-linux-${arch}`
  return [
    ...['package.json', 'index.js', 'src/koffi/index.js'].map((name) => `node_modules/koffi/${name}`),
    ...sourcesOf(root, 'node_modules/koffi/src/koffi'),
    ...['package.json', 'index.js', `linux_${arch}/koffi.node`].map((name) => `${native}/${name}`),
  ].filter((file, index, all) => all.indexOf(file) === index && existsSync(join(root, file)))
}

const sourcesOf = (root, folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `${folder}/${name}`)

/** Ours, Node's, and that of each package in the bundle. */
function copyright(root, node) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const names = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(root, path, 'package.json')))
    .map(([path]) => path)
    .sort()
  const texts = names.map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, path)).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(root, path, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}`
  })
  const ours = `vipair is licensed under the Apache License, Version 2.0;\non Debian systems its text is in /usr/share/common-licenses/Apache-2.0.`
  return `${[ours, `Node.js, in /${home}/bin/node\n\n${nodeLicence(node).trim()}`, ...texts].join(`\n\n${'-'.repeat(72)}\n\n`)}\n`
}

/** What the program itself writes, and where it belongs. */
const written = {
  'usr/share/man/man1/vipair.1.gz': ['manual', 'vipair.1'],
  'usr/share/man/man5/vipair.toml.5.gz': ['manual', 'vipair.toml.5'],
  'usr/share/bash-completion/completions/vipair': ['completion', 'bash'],
  'usr/share/zsh/vendor-completions/_vipair': ['completion', 'zsh'],
  'usr/share/fish/vendor_completions.d/vipair.fish': ['completion', 'fish'],
}

/** Written by the program as it lies in the package: it says the package's version, and that it runs is seen. */
function putWritten(programs, put) {
  for (const [path, words] of Object.entries(written)) {
    const { status, stdout, stderr } = spawnSync(
      join(programs, 'node'),
      [join(programs, 'vipair'), ...words],
      {
        encoding: 'utf8',
      },
    )
    if (status !== 0) throw new Missing(`package: vipair ${words.join(' ')} failed: ${stderr}`)
    put(path, path.endsWith('.gz') ? gzipSync(stdout, { level: 9 }) : stdout)
  }
}
