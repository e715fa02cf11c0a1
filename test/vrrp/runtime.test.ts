import assert from 'node:assert/strict'
import { vrid } from '../../src/base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../../src/config/model.js'
import { encodeAdvertisement } from '../../src/vrrp/packet.js'
import { vrrpGroup, wrapAdvertisement } from '../../src/vrrp/receive.js'
import { startVrrp, type VrrpRuntime } from '../../src/vrrp/runtime.js'
import type { RouterStatus, VrrpFact } from '../../src/vrrp/status.js'
import { type FakeHost, FakeNetwork } from './fake-network.js'
import { ip, known, ms, notReady, prefix, prio, ready } from './support.js'

const lb1: DirectorConfig = {
  name: 'lb1',
  address: ip('10.0.0.11'),
  addresses: [],
  priority: prio(150),
  id: 1,
}
const lb2: DirectorConfig = {
  name: 'lb2',
  address: ip('10.0.0.12'),
  addresses: [],
  priority: prio(100),
  id: 2,
}

const front: VirtualRouterConfig = {
  name: 'front',
  vrid: known(vrid(51)),
  interface: undefined,
  addresses: [prefix('10.0.0.100/24')],
  transport: 'udp',
  version: 3,
  checksum: 'pseudo_header',
  password: undefined,
  advertisementInterval: ms(100),
  preempt: 'always',
  preemptDelay: ms(0),
  group: undefined,
  lease: ms(3000),
  garp: { count: 3, interval: ms(100), refresh: undefined },
  priority: {},
  track: [],
  routes: [],
  rules: [],
  accept: true,
  virtualMac: false,
}

interface Running {
  readonly host: FakeHost
  readonly runtime: VrrpRuntime
  readonly facts: VrrpFact[]
}

function start(network: FakeNetwork, id: number, router: Partial<VirtualRouterConfig> = {}): Running {
  const host = known(network.hosts[id])
  const facts: VrrpFact[] = []
  const [director, peer] = id === 0 ? [lb1, lb2] : [lb2, lb1]
  const setting = { director, peer, routers: [{ ...front, ...router }] }
  return { host, facts, runtime: startVrrp(host.ports(), setting, (fact) => facts.push(fact)) }
}

const router = ({ runtime }: Running): RouterStatus => known(runtime.status().routers[0])
const states = (...all: readonly Running[]): string => all.map((one) => router(one).state).join(' ')
const roles = ({ facts }: Running): string[] =>
  facts.flatMap((fact) => (fact.type === 'roleChanged' ? [`${fact.from} -> ${fact.to}, ${fact.reason}`] : []))

async function pair(more: Partial<VirtualRouterConfig> = {}) {
  const network = new FakeNetwork()
  const first = start(network, 0, more)
  const second = start(network, 1, more)
  await network.run(2_000)
  return { network, first, second }
}

describe('vrrp/runtime', () => {
  for (const transport of ['udp', 'multicast'] as const) {
    it(`${transport}: the higher priority is Active and alone holds the address`, async () => {
      const { network, first, second } = await pair({ transport })
      assert.equal(states(first, second), 'active backup')
      assert.deepEqual([first.host.held, second.host.held], [['10.0.0.100/24'], []])
      assert.equal(router(second).active, 'lb1')
      assert.equal(router(first).active, 'lb1')
      assert.ok(network.announced.every((text) => text === 'lb1 10.0.0.100'))
      assert.deepEqual(roles(first), [
        'initialize -> backup, started',
        'backup -> active, active-down timer (nobody heard)',
      ])
      assert.equal(first.host.lines.filter((line) => line.startsWith('info')).length, 2)
    })

    it(`${transport}: the peer of a dead Active takes over when its timer has run out`, async () => {
      const { network, first, second } = await pair({ transport })
      first.host.dead = true
      // 3 x 100 ms + skew 60.9 ms, counted from the last advertisement.
      await network.run(365)
      assert.equal(states(second), 'active')
      assert.match(
        router(second).reason,
        transport === 'udp'
          ? /^active-down timer \(lb1 silent for 32\d ms\)$/
          : /^active-down timer \(lb1 silent for 36\d ms\)$/,
      )
      await network.run(3_000)
      assert.deepEqual([first.host.held, second.host.held], [[], ['10.0.0.100/24']])
    })

    it(`${transport}: stop hands over, releases, resolves`, async () => {
      const { network, first, second } = await pair({ transport })
      let stopped = false
      const stopping = first.runtime.stop().then(() => {
        stopped = true
      })
      await network.run(10)
      assert.deepEqual([first.host.held, second.host.held], [[], ['10.0.0.100/24']])
      await network.run(50)
      await stopping
      assert.ok(stopped)
      assert.equal(states(second), 'active')
      assert.equal(router(second).reason, 'lb1 handed over')
      const { timersSet } = first.host
      await network.run(1_000)
      assert.equal(first.host.timersSet, timersSet, 'a stopped runtime sets no timer')
    })
  }

  it('holds back until the sessions are here, and says so', async () => {
    const { network, first, second } = await pair({ preempt: 'when_synced' })
    const stopping = first.runtime.stop()
    await network.run(500)
    await stopping
    const again = start(network, 0, { preempt: 'when_synced' })
    again.runtime.syncReadiness(notReady)
    await network.run(3_000)
    assert.equal(states(again, second), 'backup active')
    assert.equal(router(again).holdsBack, notReady.reason)
    again.runtime.syncReadiness(ready)
    await network.run(500)
    assert.equal(states(again, second), 'active backup')
    assert.equal(router(again).reason, 'preempts lb2 (priority 150 over 100)')
    assert.equal(router(again).holdsBack, undefined)
  })

  it('a refused claim is a fault with its reason; the peer takes over', async () => {
    const { network, first, second } = await pair()
    first.host.refuses = 'EPERM'
    await network.run(1_100)
    assert.equal(router(first).state, 'fault')
    assert.equal(router(first).reason, 'claim 10.0.0.100/24 on eth0: netlink newaddr: EPERM')
    assert.deepEqual(first.host.held, [])
    assert.equal(states(second), 'active')
    first.host.refuses = undefined
    await network.run(3_000)
    assert.equal(states(first, second), 'backup active')
    assert.equal(
      router(first).holdsBack,
      'was refused what it needs: claim 10.0.0.100/24 on eth0: netlink newaddr: EPERM',
    )
    second.host.dead = true
    await network.run(1_000)
    assert.equal(states(first), 'active')
    assert.deepEqual(first.host.held, ['10.0.0.100/24'])
  })

  it('a lost link is a fault; it comes back as a Backup', async () => {
    const { network, first, second } = await pair({ preempt: 'never' })
    first.host.setInterfaces([{ ...first.host.interface, up: false }])
    await network.run(100)
    assert.equal(states(first, second), 'fault active')
    assert.equal(router(first).reason, 'link of eth0 is down')
    assert.deepEqual(first.host.held, [])
    first.host.setInterfaces([first.host.interface])
    await network.run(2_000)
    assert.equal(states(first, second), 'backup active')
  })

  it('waits for an interface that is not there yet', async () => {
    const network = new FakeNetwork()
    known(network.hosts[0]).interfaces = []
    const first = start(network, 0)
    await network.run(1_000)
    assert.equal(router(first).reason, 'no interface holds 10.0.0.11')
    first.host.setInterfaces([first.host.interface])
    await network.run(2_000)
    assert.equal(states(first), 'active')
  })

  it('tries again when its sockets cannot be opened', async () => {
    const network = new FakeNetwork()
    known(network.hosts[0]).closed = 'EPERM'
    const first = start(network, 0, { transport: 'multicast' })
    await network.run(1_000)
    assert.equal(router(first).reason, 'socket raw 112: EPERM')
    first.host.closed = undefined
    await network.run(6_000)
    assert.equal(states(first), 'active')
  })

  it('a director without a peer owns its addresses at once', async () => {
    const network = new FakeNetwork(1)
    const host = known(network.hosts[0])
    const setting = { director: lb1, peer: undefined, routers: [front] }
    const runtime = startVrrp(host.ports(), setting, () => {})
    await network.run(20)
    assert.equal(known(runtime.status().routers[0]).reason, 'started, no peer is configured')
    assert.deepEqual(host.held, ['10.0.0.100/24'])
    assert.equal(runtime.status().link, undefined)
  })

  it('a stalled Backup does not elect itself over datagrams that waited', async () => {
    const { network, first, second } = await pair()
    second.host.stalled = true
    await network.run(400)
    second.host.wake()
    await network.run(50)
    assert.equal(states(first, second), 'active backup')
    assert.equal(router(second).transitions, 1)
  })

  it('an Active frozen past its lease wakes as a Backup and says nothing first', async () => {
    const { network, first, second } = await pair({ preempt: 'when_synced' })
    first.host.stalled = true
    await network.run(5_000)
    assert.deepEqual([first.host.held, second.host.held], [[], ['10.0.0.100/24']])
    network.announced.length = 0
    const { sent } = router(first).advertisements
    first.host.wake()
    await network.run(1_000)
    assert.equal(states(first, second), 'backup active')
    assert.equal(router(first).advertisements.sent, sent)
    assert.ok(network.announced.every((text) => text.startsWith('lb2')))
    assert.match(roles(first).at(-1) ?? '', /lease ran out/)
  })

  it('rearms one timer', async () => {
    const { network, first } = await pair()
    await network.run(5_000)
    const before = first.host.timersSet
    await network.run(1_000)
    // An advertisement each 100 ms, a refresh a second.
    assert.ok(first.host.timersSet - before <= 15, `${first.host.timersSet - before} timers in a second`)
  })

  describe('what it throws away', () => {
    const own = ip('10.0.0.12')
    const pdu = (more: { vrid?: number; priority?: number } = {}) =>
      encodeAdvertisement({
        vrid: known(vrid(more.vrid ?? 51)),
        priority: prio(more.priority ?? 200),
        interval: ms(100),
        addresses: [ip('10.0.0.100')],
      })
    const packet = { payload: pdu(), source: own, destination: vrrpGroup, ttl: 255 }
    const withByte = (at: number, value: number) => {
      const bytes = pdu()
      bytes[at] = value
      return bytes
    }
    const cases = [
      ['ttl', { ...packet, ttl: 254 }],
      ['destination', { ...packet, destination: ip('10.0.0.11') }],
      ['own_address', { ...packet, source: ip('10.0.0.11') }],
      ['version', { ...packet, payload: withByte(0, 0x21) }],
      ['type', { ...packet, payload: withByte(0, 0x32) }],
      ['truncated', { ...packet, payload: pdu().subarray(0, 11) }],
      ['no_addresses', { ...packet, payload: withByte(3, 0) }],
      ['checksum', { ...packet, payload: withByte(2, 201) }],
    ] as const
    for (const [reason, bad] of cases) {
      it(`${reason}: counted at its router, changes nothing, one line in the log`, async () => {
        const { first } = await pair({ transport: 'multicast' })
        for (let i = 0; i < 1_000; i++) first.host.inject(bad)
        assert.deepEqual(router(first).advertisements.discarded, { [reason]: 1_000 })
        assert.equal(router(first).state, 'active')
        assert.equal(first.host.lines.filter((line) => line.startsWith('warn')).length, 1)
      })
    }

    it('unknown_vrid and random bytes: counted for the process', async () => {
      const { first } = await pair({ transport: 'multicast' })
      first.host.inject({ ...packet, payload: pdu({ vrid: 52 }) })
      first.host.inject({ ...packet, payload: Uint8Array.of(0x31) })
      assert.deepEqual(first.runtime.status().discarded, { unknown_vrid: 1, truncated: 1 })
    })

    it('on udp: what is no advertisement', async () => {
      const { first } = await pair()
      first.host.injectPair(Uint8Array.of(9, 1, 2, 3))
      first.host.injectPair(new Uint8Array(0))
      first.host.injectPair(wrapAdvertisement(withByte(2, 201), 4))
      assert.deepEqual(first.runtime.status().discarded, { message_type: 2 })
      assert.deepEqual(router(first).advertisements.discarded, { checksum: 1 })
    })

    it('believes and notes other settings', async () => {
      const { first } = await pair({ transport: 'multicast' })
      const other = encodeAdvertisement({
        vrid: front.vrid,
        priority: prio(200),
        interval: ms(200),
        addresses: [ip('10.0.0.101')],
      })
      first.host.inject({ ...packet, payload: other })
      assert.equal(router(first).state, 'backup')
      assert.deepEqual(router(first).advertisements.noted, { interval_mismatch: 1, address_list_mismatch: 1 })
      assert.equal(first.facts.filter(({ type }) => type === 'warning').length, 2)
    })
  })
})
