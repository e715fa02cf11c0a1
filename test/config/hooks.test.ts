/** Hooks in the file, and what is refused of them. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { diff } from '../../src/config/diff.js'
import { parseConfig } from '../../src/config/parse.js'
import { formatProblem } from '../../src/config/problem.js'
import { programsOf } from '../../src/config/program.js'
import { baseFile } from './base-file.js'

const withHook = (...lines: readonly string[]): string => `${baseFile}[[hook]]\n${lines.join('\n')}\n`

const saidOf = (text: string): readonly string[] => {
  const result = parseConfig(text)
  const problems = result.ok ? result.value.warnings : result.error
  return problems.map((problem) => formatProblem('f', problem).slice(2))
}

const configOf = (text: string) => {
  const result = parseConfig(text)
  ok(result.ok, JSON.stringify(result))
  return result.value.config
}

describe('config hook', () => {
  it('with a command has every default', () => {
    const config = configOf(
      withHook('on = ["service.health", "router.role"]', 'command = ["/usr/lib/page", "-q"]'),
    )
    deepEqual(config.hooks, [
      {
        kind: 'command',
        name: 'page',
        on: ['router.role', 'service.health'],
        timeout: 10_000,
        retryFor: 600_000,
        command: ['/usr/lib/page', '-q'],
        user: 'nobody',
      },
    ])
    deepEqual(programsOf(config), [
      { use: 'hook', command: ['/usr/lib/page', '-q'], user: 'nobody', timeout: 10_000 },
    ])
  })

  it('with a URL has every default, and "*" is all there is', () => {
    const [hook] = configOf(withHook('on = ["*"]', 'url = "https://hooks.example.com/x"')).hooks
    equal(hook?.on.length, 9)
    deepEqual(
      { ...hook, on: [] },
      {
        kind: 'url',
        name: 'hooks.example.com',
        on: [],
        timeout: 10_000,
        retryFor: 600_000,
        url: 'https://hooks.example.com/x',
        headers: {},
        verify: true,
        caFile: undefined,
      },
    )
  })

  it('differs where its secrets do, and does not tell them', () => {
    const of = (secret: string) =>
      configOf(
        withHook(`headers = { K = "${secret}" }`, 'on = ["*"]', `url = "https://h.example.com/${secret}"`),
      )
    const entries = diff(of('first'), of('second'))
    deepEqual(
      entries.map(({ subject, keys }) => [subject, keys.map(({ key }) => key)]),
      [[{ table: 'hook', name: 'h.example.com' }, ['url', 'headers.K']]],
    )
    ok(!/first|second/.test(JSON.stringify(entries)))
  })

  const table: readonly (readonly [title: string, lines: readonly string[], ...problems: string[]])[] = [
    [
      'of no kind',
      ['on = ["*"]'],
      '17:1: hook[0]: none of "command", "url" is there, expected a [[hook]] with a command or a url',
    ],
    [
      'of both kinds',
      ['on = ["*"]', 'command = ["/usr/lib/page"]', 'url = "https://h.example.com/"'],
      '20:1: hook[0].url: unknown key, did you mean url in a [[hook]] of its own?',
    ],
    [
      'without events',
      ['command = ["/usr/lib/page"]', 'events = []'],
      '17:1: hook[0]: "on" is missing, expected a list of events such as ["router.role", "service.health"], or ["*"]',
      '19:1: hook[0].events: unknown key, did you mean on?',
    ],
    [
      'of an unknown event',
      ['command = ["/usr/lib/page"]', 'on = ["router.rol", "*", "active"]'],
      '19:6: hook[0].on: warning: "*" beside other events, expected it alone: it is all of them',
      '19:7: hook[0].on[0]: "router.rol" is not one of them, expected "director.state", "router.role", "router.handover", "server.health", "server.held", "service.health", "peer.link", "table.drift", "config.reload", "*", did you mean "router.role"?',
      '19:26: hook[0].on[2]: "active" is not one of them, expected "director.state", "router.role", "router.handover", "server.health", "server.held", "service.health", "peer.link", "table.drift", "config.reload", "*"',
    ],
    [
      'twice of one name',
      ['on = ["*"]', 'command = ["/usr/lib/page"]', '[[hook]]', 'on = ["*"]', 'command = ["/opt/page"]'],
      '20:1: hook[1]: two hooks of one name: see hook[0] in line 17',
    ],
    [
      'with a relative path, as root',
      ['on = ["*"]', 'command = ["page"]', 'user = "root"'],
      '19:12: hook[0].command[0]: "page" is not an absolute path, expected an absolute path: no shell and no PATH look it up',
      '20:8: hook[0].user: warning: the hook runs as root, expected a user of its own',
    ],
    [
      'with what is no web address, which is not repeated',
      ['on = ["*"]', 'url = "hooks.example.com/secret"'],
      '19:7: hook[0].url: this is not a URL, expected a URL such as "https://example.com/vipair"',
    ],
    [
      'with another protocol',
      ['on = ["*"]', 'url = "ftp://hooks.example.com/secret"'],
      '19:7: hook[0].url: ftp: is no web address, expected a URL such as "https://example.com/vipair"',
    ],
    [
      'in the clear, with what only HTTPS has',
      ['on = ["*"]', 'url = "http://hooks.example.com/secret"', 'verify = false'],
      '19:7: hook[0].url: warning: events, and any secret in it, go to "hooks.example.com" in the clear, expected https',
      '20:1: hook[0].verify: plain HTTP has no certificate, expected it with https',
    ],
    ['in the clear on this machine', ['on = ["*"]', 'url = "http://127.0.0.1:9000/"']],
    [
      'that believes anybody',
      ['on = ["*"]', 'url = "https://hooks.example.com/"', 'verify = false'],
      '20:10: hook[0].verify: warning: anybody on the way can read and answer, expected ca_file with the certificate that vouches for it',
    ],
    [
      'with a header of two lines, which is not repeated',
      ['on = ["*"]', 'url = "https://hooks.example.com/"', 'headers = { K = "secret\\nX: y", "a b" = "c" }'],
      '20:17: hook[0].headers.K: this is not valid, expected text without line breaks',
      '20:33: hook[0].headers."a b": not the name of a header',
    ],
  ]
  for (const [title, lines, ...problems] of table)
    it(title, () => deepEqual(saidOf(withHook(...lines)), problems))
})
