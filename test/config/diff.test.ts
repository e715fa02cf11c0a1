import { deepEqual } from 'node:assert/strict'
import { type DiffEntry, diff } from '../../src/config/diff.js'
import type { Config } from '../../src/config/model.js'
import { parseConfig } from '../../src/config/parse.js'
import { baseFile, changed, inserted } from './base-file.js'

function parse(text: string): Config {
  const result = parseConfig(text)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value.config
}

const web = { table: 'virtual_service', name: 'web' } as const
const server = (name: string) => ({ table: 'real_server', service: 'web', name }) as const
const secondService = `[[virtual_service]]
name = "dns"
address = "10.0.0.100:53"
real_servers = ["10.0.0.21:53"]
`

const cases: readonly (readonly [
  title: string,
  before: string,
  after: string,
  entries: readonly DiffEntry[],
])[] = [
  ['the same text', baseFile, baseFile, []],
  ['another text of the same meaning', baseFile, inserted(12, 'lease = "3000ms" # the default'), []],
  [
    'an interval and the announcements of a router',
    baseFile,
    inserted(12, 'advertisement_interval = "1s"', 'garp = { count = 3 }'),
    [
      {
        subject: { table: 'virtual_router', name: 'front' },
        change: 'changed',
        keys: [
          { key: 'advertisement_interval', before: '100ms', after: '1s' },
          { key: 'garp.count', before: 5, after: 3 },
        ],
      },
    ],
  ],
  [
    'a priority by director and an interface',
    baseFile,
    inserted(12, 'priority = { lb2 = 200 }', 'interface = "eth1"'),
    [
      {
        subject: { table: 'virtual_router', name: 'front' },
        change: 'changed',
        keys: [
          { key: 'priority.lb2', before: undefined, after: 200 },
          { key: 'interface', before: undefined, after: 'eth1' },
        ],
      },
    ],
  ],
  [
    'a weight',
    changed('"10.0.0.22:80"', '{ address = "10.0.0.22:80", weight = 1 }'),
    baseFile,
    [
      {
        subject: server('10.0.0.22:80'),
        change: 'changed',
        keys: [{ key: 'weight', before: 1, after: 100 }],
      },
    ],
  ],
  [
    'one server for another',
    baseFile,
    changed('10.0.0.22:80', '10.0.0.23:80'),
    [
      { subject: server('10.0.0.22:80'), change: 'removed', keys: [] },
      { subject: server('10.0.0.23:80'), change: 'added', keys: [] },
    ],
  ],
  [
    'a scheduler, beside a server',
    baseFile,
    changed(', "10.0.0.22:80"]', ']\nscheduler = "rr"'),
    [
      { subject: web, change: 'changed', keys: [{ key: 'scheduler', before: 'wlc', after: 'rr' }] },
      { subject: server('10.0.0.22:80'), change: 'removed', keys: [] },
    ],
  ],
  [
    'a service comes',
    baseFile,
    baseFile + secondService,
    [{ subject: { table: 'virtual_service', name: 'dns' }, change: 'added', keys: [] }],
  ],
  [
    'a service goes',
    baseFile + secondService,
    baseFile,
    [{ subject: { table: 'virtual_service', name: 'dns' }, change: 'removed', keys: [] }],
  ],
  [
    'the log and the pair',
    baseFile,
    changed('/etc/vipair/pair.key', '/etc/vipair/new.key').concat('[log]\nlevel = "debug"\n'),
    [
      {
        subject: { table: 'pair' },
        change: 'changed',
        keys: [{ key: 'key_file', before: '/etc/vipair/pair.key', after: '/etc/vipair/new.key' }],
      },
      {
        subject: { table: 'log' },
        change: 'changed',
        keys: [{ key: 'level', before: 'info', after: 'debug' }],
      },
    ],
  ],
  [
    'another second director',
    baseFile,
    changed('"lb2"', '"lb3"'),
    [
      { subject: { table: 'director', name: 'lb2' }, change: 'removed', keys: [] },
      { subject: { table: 'director', name: 'lb3' }, change: 'added', keys: [] },
    ],
  ],
]

describe('diff tells what changed, by name and key', () => {
  for (const [title, before, after, entries] of cases) {
    it(title, () => deepEqual(diff(parse(before), parse(after)), entries))
  }
})
