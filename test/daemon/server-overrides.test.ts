/** `POST /v1/services/NAME/servers/NAME`: from the path to what is remembered. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../src/base/ports.js'
import { millis } from '../../src/base/units.js'
import { parseConfig } from '../../src/config/parse.js'
import { findRoute } from '../../src/daemon/find-route.js'
import { OverrideFile } from '../../src/daemon/override-file.js'
import type { OperatorWord } from '../../src/daemon/peer/operator-word.js'
import { Refusal } from '../../src/daemon/refusal.js'
import { serverOrder } from '../../src/daemon/server-order.js'
import { ServerOverrides } from '../../src/daemon/server-overrides.js'

const parsed = parseConfig(readFileSync('configs/pair-dr.toml'))
assert.ok(parsed.ok)
const { virtualServices } = parsed.value.config
const [web] = virtualServices
assert.ok(web)
const [rs1, rs2] = web.realServers
assert.ok(rs1 && rs2)
const log: Log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
const place = [web.name, rs1.name]

describe('a route with names in its path', () => {
  const handler = () => 0
  const routes = { 'GET /v1/status': handler, 'POST /v1/services/*/servers/*': handler }
  const cases: readonly (readonly [method: string, url: string, names: readonly string[] | undefined])[] = [
    ['GET', '/v1/status', []],
    ['POST', '/v1/services/web/servers/10.0.0.21%3A80', ['web', '10.0.0.21:80']],
    ['POST', '/v1/services/a%2Fb/servers/%5B2001%3Adb8%3A%3A1%5D%3A80', ['a/b', '[2001:db8::1]:80']],
    ['GET', '/v1/services/web/servers/rs1', undefined],
    ['POST', '/v1/services/web/servers/', undefined],
    ['POST', '/v1/services/web/servers/rs1/more', undefined],
    ['POST', '/v1/services/%ff/servers/rs1', undefined],
    ['POST', '/v1/services/*/servers', undefined],
    ['GET', '/v1/constructor', undefined],
  ]
  for (const [method, url, names] of cases)
    it(`${method} ${url}: ${names === undefined ? 'none' : names.join(', ') || 'found'}`, () =>
      assert.deepEqual(findRoute(routes, method, url)?.names, names))
})

describe('an order for a server', () => {
  it('is an action, a weight with `weight` alone, and a reason of one line', () => {
    const { action, weight, reason } = serverOrder(place, {
      action: 'weight',
      weight: 7,
      reason: 'a\nb\u001b[1m',
    })
    assert.deepEqual([action, weight, reason], ['weight', 7, 'a b [1m'])
    const bad: readonly Readonly<Record<string, unknown>>[] = [
      {},
      { action: 'toString' },
      { action: 'weight' },
      { action: 'weight', weight: 1.5 },
      { action: 'weight', weight: 65_536 },
      { action: 'weight', weight: -1 },
      { action: 'drain', weight: 1 },
    ]
    for (const body of bad) assert.throws(() => serverOrder(place, body), Refusal, JSON.stringify(body))
  })
})

describe('what operators asked', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vipair-overrides-'))
    path = join(folder, 'servers.json')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const open = (now = 5000, boot = 'this') =>
    new ServerOverrides(new OverrideFile(path, boot), log, 'lb1', millis(now))
  const at = (now: number, wall = now) => ({ now: millis(now), wall })

  it('outlives the daemon until the server is enabled', () => {
    const overrides = open()
    const order = serverOrder(place, { action: 'drain', reason: 'new disk' })
    overrides.order(order, virtualServices, at(1234))
    const expected = { ...order, since: 1234 }
    assert.deepEqual(overrides.of(web.name, rs1.name), expected)
    assert.deepEqual(open().all, [{ ...expected, weight: undefined }])
    overrides.order(serverOrder(place, { action: 'enable' }), virtualServices, at(2345))
    assert.deepEqual([overrides.all, open().all], [[], []])
  })

  it('is refused for names that are not in the file, and names those that are', () => {
    const order = (names: readonly string[]) => () =>
      open().order(serverOrder(names, { action: 'disable' }), virtualServices, at(0))
    assert.throws(order(['wep', 'rs1']), {
      status: 404,
      message: /no virtual service wep: there (is|are) .*web/,
    })
    assert.throws(order([web.name, 'rs9']), { status: 404, message: /has no server rs9: there are / })
  })

  it('is refused when it cannot be remembered, and changes nothing', () => {
    const overrides = open()
    rmSync(folder, { recursive: true })
    const order = serverOrder(place, { action: 'disable' })
    assert.throws(() => overrides.order(order, virtualServices, at(0)), { status: 409 })
    assert.deepEqual(overrides.all, [])
  })

  it('begins anew after a boot', () => {
    open().order(serverOrder(place, { action: 'drain' }), virtualServices, at(4000))
    assert.equal(open(9000).all[0]?.since, 4000)
    assert.equal(open(9000, 'another').all[0]?.since, 9000)
  })

  it('of an earlier version stands until anybody says otherwise', () => {
    const old = { service: web.name, server: rs1.name, action: 'drain', since: 1000 }
    writeFileSync(path, JSON.stringify([old]))
    const overrides = open()
    assert.deepEqual(overrides.all, [{ ...old, weight: undefined, reason: undefined }])
    assert.equal(overrides.saidAt(web.name, rs1.name), undefined)
    const word = {
      ...old,
      action: 'enable',
      weight: undefined,
      reason: undefined,
      counter: 1,
      director: 'lb2',
    }
    overrides.hear([word as OperatorWord], millis(0))
    assert.deepEqual(overrides.all, [])
  })

  it('is forgotten with the server', () => {
    const overrides = open()
    for (const name of [rs1.name, rs2.name])
      overrides.order(serverOrder([web.name, name], { action: 'quiesce' }), virtualServices, at(0))
    const forgotten = overrides.forgetStrays([{ ...web, realServers: [rs2] }])
    assert.equal(forgotten.length, 1)
    assert.deepEqual(
      open().all.map(({ server }) => server),
      [rs2.name],
    )
  })

  it('says nothing where the file is not ours', () => {
    const good = { service: 'web', server: 'rs1', action: 'weight', weight: 3, since: 1 }
    const strange: readonly unknown[] = [
      good,
      { ...good, action: 'explode' },
      { ...good, weight: 'x' },
      { ...good, since: null },
      { ...good, server: 7 },
      null,
      [],
    ]
    for (const [text, count] of [
      ['', 0],
      ['{', 0],
      ['{}', 0],
      [JSON.stringify(strange), 1],
    ] as const) {
      writeFileSync(path, text)
      assert.equal(open().all.length, count, text)
    }
  })
})
