/** The Debian package: built, looked into, installed where nothing else is, upgraded and purged. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SmallRoot } from './small-root.js'

const routersOnly = `
director = [{ name = "lb1", address = "10.0.0.11" }]
virtual_router = [{ name = "front", vrid = 51, addresses = ["10.0.0.100/24"], interface = "eth0" }]
`

describe('npm run package', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'vipair-deb-'))
  const build = (version: string): string => {
    const words = ['scripts/package.mjs', '--compression', 'none', '--output', folder, '--version', version]
    const text = execFileSync(process.execPath, words, {
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
    })
    return text.slice(text.lastIndexOf(`${folder}/`)).replace(/ \(.*\n$/, '')
  }
  const field = (file: string, name: string): string =>
    execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim()
  let first = ''
  let second = ''
  before(() => {
    first = build('1.0.0')
    second = build('1.0.1')
  })
  after(() => rmSync(folder, { recursive: true }))

  it('says what it is and needs', () => {
    equal(field(first, 'Package'), 'vipair')
    equal(field(first, 'Version'), '1.0.0')
    equal(
      field(first, 'Architecture'),
      execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim(),
    )
    match(field(first, 'Depends'), /^libc6 \(>= 2\.\d+\), libstdc\+\+6, libgcc-s1, kmod$/)
  })

  it('has everything in it, owned by root, and nothing that only a build needs', () => {
    const lines = execFileSync('dpkg-deb', ['--contents', first], { encoding: 'utf8' }).trim().split('\n')
    const paths = lines.map((line) => line.split(/\s+/)[5] ?? '')
    for (const path of [
      './usr/bin/vipair',
      './usr/lib/vipair/bin/node',
      './usr/lib/vipair/build/bundle/daemon/cli.js',
      './usr/lib/vipair/build/bundle/daemon/vrrp-process.js',
      './usr/lib/systemd/system/vipair.service',
      './usr/lib/sysusers.d/vipair.conf',
      './usr/share/doc/vipair/copyright',
      './usr/share/doc/vipair/changelog.gz',
      './usr/share/doc/vipair/configs/minimal.toml',
      './usr/share/man/man1/vipair.1.gz',
      './usr/share/man/man5/vipair.toml.5.gz',
      './usr/share/bash-completion/completions/vipair',
      './usr/share/zsh/vendor-completions/_vipair',
      './usr/share/fish/vendor_completions.d/vipair.fish',
      './etc/vipair/',
    ])
      ok(paths.includes(path), path)
    ok(paths.some((path) => /koffi-linux-\w+\/linux_\w+\/koffi\.node$/.test(path)))
    deepEqual(
      paths.filter((path) => /\.map$|\.ts$|musl|typescript|esbuild|\/test\//.test(path)),
      [],
    )
    deepEqual(
      lines.filter((line) => !/^\S+ root\/root /.test(line)),
      [],
    )
    deepEqual(
      lines.filter((line) => /^.(....w|.......w)/.test(line) && !line.startsWith('l')),
      [],
      'writable by others',
    )
  })

  it('is the same file when it is built again', () => {
    const digest = (): string => createHash('sha256').update(readFileSync(first)).digest('hex')
    const before = digest()
    build('1.0.0')
    equal(digest(), before)
  })

  it('is installed, runs, is upgraded in place and purged where there is nothing else', () => {
    const root = new SmallRoot()
    try {
      const empty = root.paths()
      const done = (outcome: { status: number | null; output: string }): string => {
        equal(outcome.status, 0, outcome.output)
        return outcome.output
      }
      done(root.dpkg('--install', first))
      equal(done(root.run('/usr/bin/vipair', '--version')), '1.0.0\n')
      equal(root.run('/usr/bin/vipair', 'check').status, 2, 'there is no file yet')
      writeFileSync(join(root.folder, 'etc/vipair/vipair.toml'), routersOnly)
      done(root.run('/usr/bin/vipair', 'check'))
      // What needs native code and netlink, in an empty network.
      done(root.run('/usr/bin/vipair', 'release'))
      equal(root.run('/usr/bin/vipair', 'status').status, 3, 'no daemon there')
      match(done(root.run('/usr/bin/vipair', 'keygen')), /^[A-Za-z0-9+/]{43}=\n$/)

      done(root.dpkg('--install', second))
      equal(done(root.run('/usr/bin/vipair', '--version')), '1.0.1\n')
      equal(readFileSync(join(root.folder, 'etc/vipair/vipair.toml'), 'utf8'), routersOnly)

      for (const state of ['var/lib/vipair', 'run/vipair']) {
        mkdirSync(join(root.folder, state), { recursive: true })
        writeFileSync(join(root.folder, state, 'left.json'), '{}')
      }
      done(root.dpkg('--remove', 'vipair'))
      ok(root.paths().includes('etc/vipair/vipair.toml'), 'the file stays until it is purged')
      notEqual(root.run('/usr/bin/vipair', '--version').status, 0)
      done(root.dpkg('--purge', 'vipair'))
      deepEqual(
        root.paths().filter((path) => !empty.includes(path)),
        ['var/lib'].filter((path) => !empty.includes(path)),
      )
    } finally {
      root.close()
    }
  })

  it('leaves the service running while its files are replaced', () => {
    const scripts = join(folder, 'scripts')
    execFileSync('dpkg-deb', ['--control', first, scripts])
    for (const name of ['prerm', 'postinst', 'postrm']) {
      const text = readFileSync(join(scripts, name), 'utf8')
      execFileSync('/bin/sh', ['-n', join(scripts, name)])
      equal(/\bstop\b/.test(text), name === 'prerm', name)
    }
    match(readFileSync(join(scripts, 'prerm'), 'utf8'), /"\$1" = remove \].*\n.*stop vipair/)
    match(readFileSync(join(scripts, 'postinst'), 'utf8'), /try-restart vipair\.service/)
  })

  it('refuses a Node.js that is none', () => {
    const words = ['scripts/package.mjs', '--node', '/bin/true', '--output', folder]
    try {
      execFileSync(process.execPath, words, { encoding: 'utf8', stdio: 'pipe' })
      throw new Error('it was accepted')
    } catch (error) {
      match(String(error), /\/bin\/true/)
    }
  })
})
