import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { breaches, readSources } from './layers.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('layers', () => {
  it('hold in every file of src/', () => {
    const sources = readSources(root)
    assert.ok(sources.some(({ path }) => path === 'base/units.ts'))
    assert.deepEqual(breaches(sources), [])
  })

  const table: [path: string, text: string, breach: string | undefined][] = [
    ['base/ip.ts', "import { x } from './bytes.js'", undefined],
    ['base/ip.ts', "import { x } from 'node:net'", 'node:net in a pure file'],
    ['base/ip.ts', "import type { Config } from '../config/model.js'", 'base imports config'],
    ['config/load.ts', "import { open } from 'node:fs/promises'\nawait open()", undefined],
    ['config/parse.ts', "import { open } from 'node:fs/promises'", 'node:fs/promises in a pure file'],
    ['config/tables/check.ts', "import { ip } from '../../base/ip.js'", undefined],
    ['vrrp/machine.ts', "import { plan } from '../ipvs/plan.js'", 'vrrp imports ipvs'],
    ['vrrp/machine.ts', "import { createSocket } from 'node:dgram'", 'node:dgram in a pure file'],
    ['vrrp/runtime.ts', "import type { PairLink } from '../pair/link.js'\nawait x", undefined],
    ['ipvs/client.ts', "import type { PairLink } from '../pair/link.js'", 'ipvs imports pair'],
    ['ipvs/plan.ts', 'export const f = async () => { await x }', 'await in a pure file'],
    ['ipvs/plan.ts', '// setTimeout would be wrong here\n/* and await too */', undefined],
    ['sync/relay.ts', 'x = Date.now()', 'Date.now in a pure file'],
    ['ipvs/plan.ts', 'fetch(url)', 'fetch in a pure file'],
    ['ipvs/plan.ts', 'fetchAll(url)', undefined],
    ['ipvs/plan.ts', "['from', 'to']", undefined],
    ['vrrp/status.ts', 'at: new Date()', 'new Date() in a pure file'],
    ['vrrp/status.ts', 'at: new Date(wall)', undefined],
    ['sync/relay.ts', 'setTimeout(f, 1)', 'setTimeout in a pure file'],
    ['healthcheck/checkers/http.ts', "import got from 'got'\nimport { connect } from 'node:net'", undefined],
    [
      'healthcheck/runtime.ts',
      "import got from 'got'",
      'only healthcheck/checkers/ and hooks/client.ts imports got',
    ],
    ['daemon/main.ts', "const koffi = await import('koffi')", 'only platform/ imports koffi'],
    ['daemon/main.ts', "import { start } from '../vrrp/runtime.js'", undefined],
    ['platform/netlink.ts', "import { x } from 'netlink/dist/structs.js'", undefined],
    ['platform/log.ts', "import { x } from '../config/model.js'", 'platform imports config'],
    ['cli/status.ts', "import { x } from '../daemon/main.js'", 'cli imports daemon'],
    ['vrrp/machine.ts', "import x from 'lodash'", 'lodash is no known package'],
    ['helpers/x.ts', "import { x } from '../base/ip.js'", 'helpers is no known room'],
  ]
  for (const [path, text, breach] of table) {
    it(`${path}, ${JSON.stringify(text)}: ${breach ?? 'fine'}`, () => {
      assert.deepEqual(breaches([{ path, text }]), breach === undefined ? [] : [`${path}: ${breach}`])
    })
  }
})
