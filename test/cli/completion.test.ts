/** Completion scripts, made by the program itself and asked in the shells that are there. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const vipair = (...words: readonly string[]) =>
  spawnSync(process.execPath, ['bin/vipair', ...words], { encoding: 'utf8' })

describe('vipair completion', function () {
  this.timeout(30_000)

  let folder = ''
  let script = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-completion-'))
    script = join(folder, 'vipair.bash')
    const { status, stdout, stderr } = vipair('completion', 'bash')
    equal(status, 0, stderr)
    writeFileSync(script, stdout)
    // Stands for the program that is asked for names.
    writeFileSync(
      join(folder, 'vipair'),
      `#!/bin/sh
case "$*" in
  'names routers') echo front; echo back ;;
  'names services') echo web; echo mail; echo '$(touch ${join(folder, 'trap')})' ;;
  'names servers web --runtime-dir /run/a') echo 10.0.0.21:80; echo 10.0.0.22:80 ;;
esac
`,
    )
    chmodSync(join(folder, 'vipair'), 0o755)
  })
  after(() => rmSync(folder, { recursive: true }))

  /** What bash would offer for the last word; `more` is loaded before. */
  const offered = (line: readonly string[], more = ':'): readonly string[] => {
    const words = line.map((word) => `'${word}'`).join(' ')
    const ask = `${more}; . ${script}; COMP_WORDS=(${join(folder, 'vipair')} ${words}); COMP_CWORD=${line.length}
      _vipair; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-uc', ask], { encoding: 'utf8' })
    equal(status, 0, stderr)
    equal(stderr, '')
    return stdout.split('\n').filter((one) => one !== '')
  }

  const cases: readonly (readonly [line: readonly string[], offers: readonly string[]])[] = [
    [['stat'], ['status']],
    [['re'], ['reload', 'real-server', 'release']],
    [['nonsense', ''], []],
    [
      ['maintenance', ''],
      ['on', 'off'],
    ],
    [['maintenance', 'on', '--re'], ['--reason']],
    [
      ['maintenance', '--reason', 'new memory', 'o'],
      ['on', 'off'],
    ],
    [
      ['handover', ''],
      ['front', 'back'],
    ],
    [['server', 'w'], ['web']],
    [
      ['server', '--runtime-dir', '/run/a', 'web', ''],
      ['10.0.0.21:80', '10.0.0.22:80'],
    ],
    [
      ['server', 'web', '10.0.0.21:80', 'd'],
      ['drain', 'disable'],
    ],
    [['server', '--reason', 'x', 'web', '10.0.0.21:80', 'q'], ['quiesce']],
    [
      ['events', '--type', 'router'],
      ['router.role', 'router.handover'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['check', '--config', 'package.js'], ['package.json']],
    [['run', '--state-dir', 'doc'], ['docs']],
    [['status', ''], []],
  ]
  for (const [line, offers] of cases)
    it(`bash: vipair ${line.join(' ')}_`, () => deepEqual(offered(line), offers))

  it('bash: the names of the daemon are words, never commands', () => {
    deepEqual(offered(['server', '']), ['web', 'mail', `$(touch ${join(folder, 'trap')})`])
    equal(spawnSync('ls', [join(folder, 'trap')]).status, 2)
  })

  for (const [shell, check] of [
    ['bash', ['bash', '-n']],
    ['zsh', ['zsh', '-n']],
    ['fish', ['fish', '-n']],
  ] as const)
    it(`${shell}: is a script of every command`, () => {
      const { status, stdout } = vipair('completion', shell)
      equal(status, 0)
      for (const command of ['run', 'status', 'events', 'handover', 'server', 'schema']) {
        match(stdout, new RegExp(`\\b${command}\\b`))
      }
      ok(!/\bnames\b.*\bwhat the running\b/.test(stdout))
      const file = join(folder, shell)
      writeFileSync(file, stdout)
      const [program, ...words] = check
      const checked = spawnSync(program, [...words, file], { encoding: 'utf8' })
      // A shell that is not installed cannot judge.
      if (!(checked.error && 'code' in checked.error && checked.error.code === 'ENOENT'))
        equal(checked.status, 0, checked.stderr)
    })

  it('refuses a shell that it does not know', () => equal(vipair('completion', 'tcsh').status, 2))
})
