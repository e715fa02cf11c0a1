/** Programs in the file: checks that run one, and what is refused of them. */
import { deepEqual, ok } from 'node:assert/strict'
import { normalForm } from '../../src/config/normal.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import { programsOf } from '../../src/config/program.js'
import { baseFile, changed } from './base-file.js'

const withCheck = (check: string): string => baseFile.concat(`check = ${check}\n`)

const saidOf = (text: string, scriptProblem?: (path: string) => string | undefined): readonly string[] => {
  const result = parseConfig(text, scriptProblem)
  const problems = result.ok ? result.value.warnings : result.error
  return problems.map((problem) => formatProblem('f', problem).slice(2))
}

const configOf = (text: string) => {
  const result = parseConfig(text)
  ok(result.ok, JSON.stringify(result))
  return result.value.config
}

describe('config script check', () => {
  const check = '{ type = "script", command = ["/usr/lib/check", "-q"] }'

  it('has every default', () => {
    const { virtualServices } = configOf(withCheck(check))
    deepEqual(virtualServices[0]?.realServers[0]?.checks, [
      {
        type: 'script',
        interval: 1000,
        timeout: 1000,
        rise: 2,
        fall: 3,
        port: undefined,
        address: undefined,
        bind: undefined,
        fastInterval: undefined,
        command: ['/usr/lib/check', '-q'],
        user: 'nobody',
        weightFromExit: false,
      },
    ])
  })

  it('comes back in the words of the file', () => {
    const [service] = normalForm(configOf(withCheck(check))).virtual_service
    deepEqual(JSON.parse(JSON.stringify(service)).real_servers[0].check, [
      {
        type: 'script',
        interval: '1s',
        timeout: '1s',
        rise: 2,
        fall: 3,
        command: ['/usr/lib/check', '-q'],
        user: 'nobody',
        weight_from_exit: false,
      },
    ])
  })

  it('is one program however many servers it looks at', () => {
    deepEqual(programsOf(configOf(withCheck(check))), [
      { use: 'check', command: ['/usr/lib/check', '-q'], user: 'nobody', timeout: 1000 },
    ])
  })

  it('needs no port', () => {
    const text = changed('address = "10.0.0.100:80"', 'address = "10.0.0.100:80-81"')
      .replace('"10.0.0.21:80", "10.0.0.22:80"', '"10.0.0.21"')
      .concat(`check = ${check}\n`)
    deepEqual(saidOf(text), [])
  })

  const table: readonly (readonly [title: string, check: string, ...problems: string[]])[] = [
    [
      'without a command',
      '{ type = "script", script = "/usr/lib/check" }',
      '17:9: virtual_service[0].check: "command" is missing, expected a program and its arguments such as ["/usr/lib/vipair/check", "--fast"]',
      '17:28: virtual_service[0].check.script: unknown key, did you mean command?',
    ],
    [
      'with a command for a shell',
      '{ type = "script", command = "/usr/lib/check -q" }',
      '17:38: virtual_service[0].check.command: "/usr/lib/check -q" is a string, expected a program and its arguments such as ["/usr/lib/vipair/check", "--fast"]',
    ],
    [
      'with a relative path and a source address',
      '{ type = "script", command = ["check"], bind = "10.0.0.11" }',
      '17:39: virtual_service[0].check.command[0]: "check" is not an absolute path, expected an absolute path: no shell and no PATH look it up',
      '17:49: virtual_service[0].check.bind: unknown key, did you mean bind in a check?',
    ],
    [
      'in a list, as root',
      '[{ type = "tcp" }, { type = "script", command = ["/usr/lib/check"], user = "root" }]',
      '17:84: virtual_service[0].check[1].user: warning: the check runs as root, expected a user of its own',
    ],
  ]
  for (const [title, check, ...problems] of table)
    it(title, () => deepEqual(saidOf(withCheck(check)), problems))

  it('warns where this machine would not run it', () => {
    deepEqual(
      saidOf(withCheck(check), (path) => `script ${path}: ENOENT`),
      [
        '17:39: virtual_service[0].check.command[0]: warning: this machine would not run it: script /usr/lib/check: ENOENT, expected the file on each director, before vipair starts',
      ],
    )
  })
})
