/** A root directory with a shell, the C and C++ libraries and an empty dpkg database, and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Outcome {
  readonly status: number | null
  readonly output: string
}

export class SmallRoot {
  readonly folder = mkdtempSync(join(tmpdir(), 'vipair-root-'))

  constructor() {
    for (const folder of ['tmp', 'proc', 'run', 'var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc'])
      mkdirSync(join(this.folder, folder), { recursive: true })
    for (const file of ['status', 'available']) writeFileSync(join(this.folder, 'var/lib/dpkg', file), '')
    // A shell and what the maintainer scripts call; Node's libraries, but not Node.
    const libraries = ['/bin/sh', '/bin/rm', process.execPath].flatMap((program) => {
      const text = execFileSync('ldd', [program], { encoding: 'utf8' })
      return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
    })
    for (const file of new Set(['/bin/sh', '/bin/rm', ...libraries])) {
      mkdirSync(join(this.folder, dirname(file)), { recursive: true })
      cpSync(file, join(this.folder, file), { dereference: true })
    }
  }

  /** Without dependencies: they are not here, as packages. */
  dpkg(...words: readonly string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(
      'dpkg',
      [`--root=${this.folder}`, '--force-depends', '--force-bad-path', ...words],
      { encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } },
    )
    return { status, output: stdout + stderr }
  }

  /** Inside, in an empty environment and a network namespace that has nothing. */
  run(...words: readonly string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(
      '/usr/bin/unshare',
      ['-n', '/usr/sbin/chroot', this.folder, ...words],
      {
        encoding: 'utf8',
        env: {},
      },
    )
    return { status, output: stdout + stderr }
  }

  /** Every path below it but dpkg's own. */
  paths(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('var/lib/dpkg') && !path.startsWith('var/log'))
      .sort()
  }

  close(): void {
    rmSync(this.folder, { recursive: true })
  }
}
