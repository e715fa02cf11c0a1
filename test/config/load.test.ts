import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCheck } from '../../src/cli/check.js'
import { loadConfig } from '../../src/config/load.js'
import { formatProblem } from '../../src/config/problem.js'
import { baseFile, changed, inserted } from './base-file.js'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vipair-config-'))
  await chmod(directory, 0o755)
})
afterEach(() => rm(directory, { recursive: true }))

const at = (name: string): string => join(directory, name)

async function problemsOf(path: string): Promise<readonly string[]> {
  const result = await loadConfig(path)
  return result.ok ? [] : result.error.map((problem) => formatProblem('f', problem))
}

describe('a file that cannot be read', () => {
  it('is missing', async () => {
    deepEqual(await problemsOf(at('none')), ['f:1:1: the file does not exist'])
  })

  it('is under a file', async () => {
    await writeFile(at('file'), '')
    deepEqual(await problemsOf(at('file/none')), ['f:1:1: a part of the path is not a directory'])
  })

  it('is a directory', async () => {
    deepEqual(await problemsOf(directory), ['f:1:1: this is a directory, expected a file'])
  })

  it('is a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [at('pipe')])
    deepEqual(await problemsOf(at('pipe')), ['f:1:1: this is not a regular file, expected a file'])
  })

  it('is a device', async () => {
    deepEqual(await problemsOf('/dev/zero'), ['f:1:1: this is not a regular file, expected a file'])
  })

  it('is a link to itself', async () => {
    await symlink('loop', at('loop'))
    deepEqual(await problemsOf(at('loop')), ['f:1:1: the path has too many symbolic links'])
  })

  it('is not for this user', async () => {
    await writeFile(at('secret'), baseFile, { mode: 0o000 })
    deepEqual(await asNobody(() => problemsOf(at('secret'))), ['f:1:1: this user may not read the file'])
  })

  it('has 100 MB', async () => {
    const file = await open(at('huge'), 'w')
    await file.truncate(100_000_000)
    await file.close()
    deepEqual(await problemsOf(at('huge')), [
      'f:1:1: the file has 100000000 bytes, expected at most 4194304 (4 MiB)',
    ])
  })

  it('has a NUL in its path', async () => {
    deepEqual(await problemsOf('a\0b'), ['f:1:1: the file cannot be read: ERR_INVALID_ARG_VALUE'])
  })
})

/** Root may read everything, so it steps down for the attempt. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run()
  process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}

describe('vipair check', () => {
  async function check(text: string, json = false): Promise<{ status: number; said: string }> {
    await writeFile(at('vipair.toml'), text)
    let said = ''
    const output = {
      write: (part: string) => {
        said += part
      },
    }
    const status = await runCheck(at('vipair.toml'), output, { json })
    return { status, said: said.replaceAll(at('vipair.toml'), 'FILE') }
  }

  it('answers a valid file with one line and 0', async () => {
    const { status, said } = await check(baseFile)
    equal(status, 0)
    equal(
      said.replace(/hash [0-9a-f]{16}/, 'hash H'),
      'FILE: valid: 2 directors, 1 virtual router, 1 virtual service, 2 real servers (hash H)\n',
    )
  })

  it('answers warnings with 0', async () => {
    const { status, said } = await check(changed('"10.0.0.100:80"', '"10.0.0.200:80"'))
    equal(status, 0)
    deepEqual(
      said.split('\n').map((line) => line.replace(/\(.*\)/, '')),
      [
        'FILE:15:11: virtual_service[0].address: warning: no virtual_router holds 10.0.0.200',
        'FILE: valid: 2 directors, 1 virtual router, 1 virtual service, 2 real servers : 1 warning',
        '',
      ],
    )
  })

  it('looks for tracked scripts on this machine', async () => {
    const track = 'track = [{ script = ["/nonexistent/script"], user = "nobody" }]'
    const { status, said } = await check(inserted(12, track))
    equal(status, 0)
    equal(
      said.split('\n')[0],
      'FILE:13:22: virtual_router[0].track[0].script[0]: warning: this machine would not run it: script /nonexistent/script: ENOENT, expected the file on each director, before vipair starts',
    )
  })

  it('answers a bad file with every problem and 2', async () => {
    const { status, said } = await check(inserted(12, 'colour = "red"', 'leese = "3s"'))
    equal(status, 2)
    deepEqual(said.split('\n'), [
      'FILE:13:1: virtual_router[0].colour: unknown key',
      'FILE:14:1: virtual_router[0].leese: unknown key, did you mean lease?',
      'FILE: not valid: 2 errors',
      '',
    ])
  })

  it('answers in JSON', async () => {
    const { status, said } = await check(changed('51', '300'), true)
    equal(status, 2)
    deepEqual(JSON.parse(said), {
      file: 'FILE',
      valid: false,
      problems: [
        {
          severity: 'error',
          line: 11,
          column: 8,
          path: 'virtual_router[0].vrid',
          message: '300 is out of range',
          expected: 'an integer from 1 to 255',
        },
      ],
    })
  })
})
