import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { formatPrefix, type IpPrefix } from '../../src/base/ip.js'
import type { AddressState } from '../../src/base/ports.js'
import { type Millis, millis } from '../../src/base/units.js'
import { SystemClock } from '../../src/platform/clock.js'
import { KernelLinks } from '../../src/platform/links.js'
import { Reactor } from '../../src/platform/reactor.js'
import { prefix } from './addresses.js'
import { eventually } from './eventually.js'
import { createPair, type Namespace } from './namespace.js'

describe('links', function () {
  this.timeout(30_000)
  let reactor: Reactor
  let pair: ReturnType<typeof createPair>
  let left: Namespace
  let links: KernelLinks
  let index: number

  beforeEach(async () => {
    reactor = Reactor.open()
    pair = createPair()
    left = pair.left
    // A small buffer for events, so that a flood overflows it on every kernel.
    links = left.enter(
      () => new KernelLinks(reactor, new SystemClock(reactor), { eventBufferBytes: 64 * 1024 }),
    )
    index = (await links.read()).interfaces.find(({ name }) => name === 'left0')?.index ?? 0
  })
  afterEach(() => {
    links.close()
    reactor.close()
    pair.close()
  })

  const claim = (address: IpPrefix, lease: Millis | undefined, on = index): Promise<Error | undefined> =>
    new Promise((resolve) => links.claim(on, address, lease, resolve))
  const release = (address: IpPrefix, on = index): Promise<Error | undefined> =>
    new Promise((resolve) => links.release(on, address, resolve))
  const find = async (text: string): Promise<AddressState | undefined> =>
    (await links.read()).addresses.find((state) => formatPrefix(state.prefix) === text)

  it('reads interfaces and addresses', async () => {
    const isUp = async () => (await links.read()).interfaces.find(({ name }) => name === 'left0')?.up
    // The carrier of a new pair comes when the kernel has looked at both ends.
    for (let looks = 0; looks < 100 && (await isUp()) !== true; looks++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    const { interfaces, addresses } = await links.read()
    const found = interfaces.find(({ name }) => name === 'left0')
    const shown = JSON.parse(left.ip('-json link show left0'))[0]
    assert.ok(found)
    assert.deepEqual(
      [found.index, Buffer.from(found.mac).toString('hex'), found.mtu, found.up],
      [shown.ifindex, shown.address.replaceAll(':', ''), shown.mtu, true],
    )
    assert.deepEqual(interfaces.find(({ name }) => name === 'lo')?.mac, new Uint8Array(0))
    const own = addresses.find((state) => formatPrefix(state.prefix) === '10.9.0.1/24')
    assert.deepEqual(own, { interfaceIndex: found.index, prefix: prefix('10.9.0.1/24'), label: 'left0' })
  })

  it('sees that the cable is cut', async () => {
    // The kernel works the change out a moment later, and tells.
    let up: boolean | undefined
    const watch = left.enter(() =>
      links.watch(async () => {
        up = (await links.read()).interfaces.find(({ name }) => name === 'left0')?.up
      }),
    )
    pair.right.ip('link set right0 down')
    await eventually('the link is not up', () => up === false)
    watch.close()
  })

  it('has the claim in the kernel when the call returns', () => {
    links.claim(index, prefix('10.9.0.100/24'), millis(3000), () => {})
    assert.match(left.ip('addr show dev left0'), /inet 10\.9\.0\.100\/24 .*valid_lft 3sec/s)
    links.release(index, prefix('10.9.0.100/24'), () => {})
    assert.doesNotMatch(left.ip('addr show dev left0'), /10\.9\.0\.100/)
  })

  it('claims, refreshes and releases', async () => {
    const vip = prefix('10.9.0.100/24')
    assert.equal(await claim(vip, undefined), undefined)
    assert.equal((await find('10.9.0.100/24'))?.validSeconds, undefined)
    assert.equal(await claim(vip, millis(59_001)), undefined)
    assert.equal((await find('10.9.0.100/24'))?.validSeconds, 60)
    assert.equal(await release(vip), undefined)
    assert.equal(await find('10.9.0.100/24'), undefined)
    assert.equal(await release(vip), undefined)
  })

  it('gives an IPv4 address its label and its scope, and keeps them when the lease is refreshed', async () => {
    const vip = { ...prefix('10.9.0.100/32'), label: 'left0:vip', scope: 'link' } as const
    for (const lease of [30_000, 60_000]) assert.equal(await claim(vip, millis(lease)), undefined)
    assert.match(left.ip('addr show dev left0'), /inet 10\.9\.0\.100\/32 scope link .*left0:vip\n/)
    const { validSeconds: _, ...rest } = (await find('10.9.0.100/32')) ?? {}
    assert.deepEqual(rest, {
      interfaceIndex: index,
      prefix: prefix('10.9.0.100/32'),
      label: 'left0:vip',
      scope: 'link',
    })
    // The kernel wants one scope in one network.
    const other = { ...prefix('10.9.0.101/24'), scope: 'link' } as const
    assert.equal((await claim(other, undefined))?.message, 'claim 10.9.0.101/24: EINVAL')
    assert.equal(await release(prefix('10.9.0.100/32')), undefined)
    assert.equal(await find('10.9.0.100/32'), undefined)
  })

  it('claims IPv6 without waiting for duplicate detection', async () => {
    assert.equal(await claim(prefix('2001:db8::100/64'), millis(60_000)), undefined)
    const shown = left.ip('-6 addr show dev left0 to 2001:db8::100')
    assert.doesNotMatch(shown, /tentative/)
    // Not a source for what the machine itself opens.
    assert.match(shown, /deprecated/)
    assert.ok((await find('2001:db8::100/64'))?.validSeconds)
    assert.equal(await release(prefix('2001:db8::100/64')), undefined)
    assert.equal(await find('2001:db8::100/64'), undefined)
  })

  it('lets the kernel take away what is not refreshed, and only that', async () => {
    const [kept, left1] = [prefix('10.9.0.100/24'), prefix('10.9.0.101/24')]
    await claim(kept, millis(1000))
    await claim(left1, millis(1000))
    const refresh = setInterval(() => links.claim(index, kept, millis(1000), () => {}), 200)
    await eventually(
      'the kernel removes it',
      () => !left.ip('addr show dev left0').includes('10.9.0.101'),
      10_000,
    )
    assert.match(left.ip('addr show dev left0'), /10\.9\.0\.100/)
    clearInterval(refresh)
    await eventually(
      'and the other one',
      () => !left.ip('addr show dev left0').includes('10.9.0.100'),
      10_000,
    )
  })

  it('sees that the kernel still looks for a duplicate of an IPv6 address, and when it is done', async () => {
    left.ip('addr add 2001:db8::11/64 dev left0')
    assert.equal((await find('2001:db8::11/64'))?.tentative, true)
    let seen: AddressState | undefined
    const watch = left.enter(() =>
      links.watch(async () => {
        seen = await find('2001:db8::11/64')
      }),
    )
    await eventually('the kernel tells', () => seen !== undefined && !seen.tentative, 10_000)
    watch.close()
  })

  it('leases IPv6 as well, and leaves the route of a network that the machine is on itself', async () => {
    left.ip('addr add 2001:db8::11/64 dev left0 nodad')
    const [kept, lost] = [prefix('2001:db8::100/64'), prefix('fe80::100/64')]
    await claim(kept, millis(1000))
    await claim(lost, millis(1000))
    const refresh = setInterval(() => links.claim(index, kept, millis(1000), () => {}), 200)
    const shown = (): string => left.ip('-6 addr show dev left0')
    await eventually('the kernel removes it', () => !shown().includes('fe80::100'), 10_000)
    assert.match(shown(), /2001:db8::100/)
    clearInterval(refresh)
    await eventually('and the other one', () => !shown().includes('2001:db8::100'), 10_000)
    assert.match(left.ip('-6 route show dev left0'), /^2001:db8::\/64 (?!.*expires)/m)
  })

  it('names the errno of a claim that fails', async () => {
    assert.equal(
      (await claim(prefix('10.9.0.100/24'), undefined, 4711))?.message,
      'claim 10.9.0.100/24: ENODEV',
    )
    assert.equal(await release(prefix('10.9.0.100/24'), 4711), undefined)
  })

  it('tells of changes, many as one', async () => {
    const calls: boolean[] = []
    const watch = left.enter(() => links.watch((overflow) => calls.push(overflow)))
    left.ip('addr add 10.9.0.50/24 dev left0')
    await eventually('an address is told', () => calls.length > 0)
    const before = calls.length
    for (let i = 0; i < 50; i++) links.claim(index, prefix(`10.9.1.${i}/32`), undefined, () => {})
    await eventually('the claims are told', () => calls.length > before)
    pair.right.ip('link set right0 down')
    await eventually('the cut cable is told', () => calls.length > before + 1)
    assert.ok(calls.length < 20, `${calls.length} calls`)
    assert.ok(calls.every((overflow) => !overflow))
    watch.close()
    const closed = calls.length
    left.ip('addr add 10.9.0.51/24 dev left0')
    reactor.drain()
    assert.equal(calls.length, closed)
  })

  it('survives 3,000 events while it stood still, knows that it missed some, and reads again', async () => {
    const calls: boolean[] = []
    let counts: number[] = []
    // The interface's own IPv6 address comes when the kernel is done with it.
    const ours = ({ interfaceIndex, prefix }: AddressState): boolean =>
      interfaceIndex === index && prefix.address.family === 4
    const watch = left.enter(() =>
      links.watch(async (overflow) => {
        calls.push(overflow)
        const { addresses } = await links.read()
        counts.push(addresses.filter(ours).length)
      }),
    )
    const lines = Array.from({ length: 3000 }, (_, i) => `addr add 10.20.${i >> 8}.${i & 255}/32 dev left0`)
    const before = (await links.read()).addresses.filter(ours).length
    // Synchronous: the loop is blocked until the last event has been sent.
    left.enter(() => execFileSync('ip', ['-batch', '-'], { input: lines.join('\n') }))
    assert.equal(calls.length, 0)
    await eventually('it knows of all', () => counts.at(-1) === before + 3000)
    assert.ok(calls.includes(true), 'the overflow was told')
    // And it goes on hearing.
    counts = []
    left.ip('addr del 10.20.0.1/32 dev left0')
    await eventually('it hears the next change', () => counts.at(-1) === before + 2999)
    watch.close()
  })
})
