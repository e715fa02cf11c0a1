import assert from 'node:assert/strict'
import type { RouteSpec, RuleSpec } from '../../src/base/ports.js'
import { type Millis, millis } from '../../src/base/units.js'
import { SystemClock } from '../../src/platform/clock.js'
import { KernelLinks } from '../../src/platform/links.js'
import { Reactor } from '../../src/platform/reactor.js'
import { KernelRouting } from '../../src/platform/routing.js'
import { ip, prefix } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair, type Namespace } from './namespace.js'

const route: RouteSpec = {
  to: prefix('10.50.0.0/16'),
  via: ip('10.9.0.2'),
  interfaceIndex: undefined,
  source: undefined,
  metric: undefined,
  table: 254,
  scope: 'global',
  onlink: false,
}
const rule: RuleSpec = {
  family: 4,
  from: prefix('10.9.0.100/32'),
  to: undefined,
  fwmark: undefined,
  interface: undefined,
  table: 100,
  priority: 1000,
}
const route6: RouteSpec = { ...route, to: prefix('2001:db8:50::/48'), via: ip('2001:db8::2') }

describe('routing', function () {
  this.timeout(30_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let left: Namespace
  let routing: KernelRouting
  let links: KernelLinks
  let index: number

  beforeEach(async () => {
    reactor = Reactor.open()
    pair = createPair()
    left = pair.left
    left.ip('addr add 2001:db8::1/64 dev left0 nodad')
    const clock = new SystemClock(reactor)
    routing = left.enter(() => new KernelRouting(reactor, clock))
    links = left.enter(() => new KernelLinks(reactor, clock))
    index = (await links.read()).interfaces.find(({ name }) => name === 'left0')?.index ?? 0
  })
  afterEach(() => {
    routing.close()
    links.close()
    reactor.close()
    pair.close()
  })

  type Outcome = Promise<string | undefined>
  const outcome = (run: (done: (error: Error | undefined) => void) => void): Outcome =>
    new Promise((resolve) => run((error) => resolve(error?.message)))
  const add = (spec: RouteSpec, lease?: Millis): Outcome =>
    outcome((done) => routing.addRoute(spec, lease, done))
  const remove = (spec: RouteSpec): Outcome => outcome((done) => routing.removeRoute(spec, done))
  const shown = (family = 4): string => left.ip(`-${family} route show table all proto 118`).trim()

  it('has the request in the kernel when the call returns, marked as ours', () => {
    routing.addRoute(route, undefined, () => {})
    assert.match(shown(), /^10\.50\.0\.0\/16 via 10\.9\.0\.2 dev left0\s*$/)
    routing.removeRoute(route, () => {})
    assert.equal(shown(), '')
  })

  it('adds twice and removes twice without a word', async () => {
    for (const spec of [route, route6]) {
      assert.equal(await add(spec, millis(3000)), undefined)
      assert.equal(await add(spec, millis(3000)), undefined)
      assert.notEqual(shown(spec.to.address.family), '')
      assert.equal(await remove(spec), undefined)
      assert.equal(await remove(spec), undefined)
      assert.equal(shown(spec.to.address.family), '')
    }
  })

  it('reads back what it added, every field of it', async () => {
    const routes: readonly RouteSpec[] = [
      { ...route, interfaceIndex: index, source: ip('10.9.0.1'), metric: 7, table: 1000 },
      { ...route, to: prefix('0.0.0.0/0'), via: ip('10.77.0.1'), interfaceIndex: index, onlink: true },
      { ...route, to: prefix('10.60.0.0/16'), via: undefined, interfaceIndex: index, scope: 'link' },
      { ...route6, interfaceIndex: index },
      { ...route6, to: prefix('::/0'), interfaceIndex: index, metric: 9, source: ip('2001:db8::1') },
    ]
    const rules: readonly RuleSpec[] = [
      rule,
      { ...rule, from: undefined, to: prefix('10.1.0.0/16'), fwmark: { value: 16, mask: 240 }, table: 1000 },
      { ...rule, family: 6, from: prefix('2001:db8::/32'), interface: 'left0' },
    ]
    for (const spec of routes) assert.equal(await add(spec), undefined)
    for (const spec of rules) assert.equal(await outcome((done) => routing.addRule(spec, done)), undefined)
    const key = (spec: object): string => JSON.stringify(spec)
    const own = await routing.readOwn()
    const sorted = (specs: readonly object[]): string[] => specs.map((spec) => key(normal(spec))).sort()
    assert.deepEqual(sorted(own.routes), sorted(routes))
    assert.deepEqual(sorted(own.rules), sorted(rules))
    for (const spec of own.routes) assert.equal(await remove(spec), undefined)
    for (const spec of own.rules)
      assert.equal(await outcome((done) => routing.removeRule(spec, done)), undefined)
    assert.deepEqual(await routing.readOwn(), { routes: [], rules: [] })
  })

  it('goes before a foreign route of the same destination, and leaves it when it goes', async () => {
    left.ip('route add 10.50.0.0/16 via 10.9.0.9')
    left.ip('-6 route add 2001:db8:50::/48 via 2001:db8::9 metric 2000')
    assert.equal(await add(route), undefined)
    assert.match(left.ip('route get 10.50.1.1'), /via 10\.9\.0\.2 /)
    assert.equal(await remove(route), undefined)
    assert.match(left.ip('route get 10.50.1.1'), /via 10\.9\.0\.9 /)
    assert.equal(await remove({ ...route, via: undefined }), undefined)
    assert.equal(await remove({ ...route6, via: undefined, metric: 2000 }), undefined)
    assert.match(left.ip('route show'), /10\.50\.0\.0\/16 via 10\.9\.0\.9/)
    assert.match(left.ip('-6 route show'), /2001:db8:50::\/48 via 2001:db8::9/)
    assert.deepEqual(await routing.readOwn(), { routes: [], rules: [] })
  })

  it('leaves a foreign rule that says the same', async () => {
    left.ip('rule add from 10.9.0.100 table 100 priority 1000')
    assert.equal(await outcome((done) => routing.addRule(rule, done)), undefined)
    assert.equal(await outcome((done) => routing.addRule(rule, done)), undefined)
    for (let i = 0; i < 2; i++)
      assert.equal(await outcome((done) => routing.removeRule(rule, done)), undefined)
    assert.match(left.ip('rule show'), /^1000:\tfrom 10\.9\.0\.100 lookup 100\s*$/m)
  })

  it('names the errno of what the kernel refuses', async () => {
    const far = { ...route, via: ip('10.77.0.1') }
    assert.equal(await add(far), 'addRoute 10.50.0.0/16 table 254: ENETUNREACH')
    assert.equal(await add({ ...route, source: ip('10.9.0.100') }), 'addRoute 10.50.0.0/16 table 254: EINVAL')
    assert.equal(await remove(far), undefined)
  })

  it('an IPv4 route whose source is the address goes with its lease, and others stay', async () => {
    links.claim(index, prefix('10.9.0.100/24'), millis(1000), () => {})
    const bound = { ...route, source: ip('10.9.0.100') }
    assert.equal(await add(bound), undefined)
    assert.equal(await add({ ...route, to: prefix('10.60.0.0/16') }), undefined)
    await eventually('the kernel removes the address', () => !left.ip('addr').includes('10.9.0.100'), 10_000)
    assert.match(shown(), /^10\.60\.0\.0\/16 via 10\.9\.0\.2 dev left0\s*$/)
  })

  it('an IPv6 route is leased: adding it again puts its end off, and it is not used after it', async () => {
    const kept = { ...route6, to: prefix('2001:db8:60::/48') }
    await add(route6, millis(1000))
    await add(kept, millis(1000))
    const refresh = setInterval(() => routing.addRoute(kept, millis(1000), () => {}), 200)
    const used = (address: string): boolean => {
      try {
        return left.ip(`-6 route get ${address}`).includes('2001:db8::2')
      } catch {
        return false
      }
    }
    await eventually('it is no longer used', () => !used('2001:db8:50::1'), 10_000)
    assert.ok(used('2001:db8:60::1'))
    clearInterval(refresh)
    await eventually('nor is the other one', () => !used('2001:db8:60::1'), 10_000)
  })
})

/** Addresses as text, keys in one order. */
const normal = (spec: object): object =>
  Object.fromEntries(
    Object.entries(spec)
      .map(([key, value]): [string, unknown] => [key, textOf(value)])
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

const textOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? [...inner] : inner))
    : value
