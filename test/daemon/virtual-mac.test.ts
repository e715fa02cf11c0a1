/** Real directors whose addresses have the virtual router MAC address, and a client that must not notice who has them. */
import assert from 'node:assert/strict'
import { type Director, Pair, until, virtualAddress } from './directors.js'
import { type Frames, listen, senderOf } from './frames.js'

const mac = '00:00:5e:00:01:33'
const mac6 = '00:00:5e:00:02:33'

interface Face {
  readonly index: number
  readonly up: boolean
  readonly mac: string
  readonly addresses: readonly string[]
}

/** Undefined: there is no such interface. */
function face({ namespace }: Director, name = 'vrrp.51'): Face | undefined {
  const all = JSON.parse(namespace.ip('-json address show')) as {
    ifname: string
    ifindex: number
    flags: string[]
    address: string
    addr_info: { local: string; prefixlen: number }[]
  }[]
  const found = all.find(({ ifname }) => ifname === name)
  return (
    found && {
      index: found.ifindex,
      up: found.flags.includes('UP'),
      mac: found.address,
      addresses: found.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    }
  )
}

const untilFace = (director: Director, what: string, fits: (one: Face | undefined) => boolean) =>
  until(`${director.name}: ${what}`, async () => (fits(face(director)) ? true : undefined))

const active = (one: Face | undefined): boolean => one?.up === true && one.addresses.length > 0
const backup = (one: Face | undefined): boolean => one?.up === false && one.addresses.length === 0

/** `arp_ignore` and `arp_announce` of eth0. */
const arpOf = ({ namespace }: Director): string =>
  namespace.run('sysctl', '-n', 'net.ipv4.conf.eth0.arp_ignore', 'net.ipv4.conf.eth0.arp_announce').trim()

/** What every frame of ARP that names the address as its sender's came from. */
const claimants = (lines: readonly string[]): string[] => [
  ...new Set(
    lines
      .filter((line) => new RegExp(`tell ${virtualAddress},|${virtualAddress} is-at`).test(line))
      .map(senderOf),
  ),
]

const vrrpOf = (lines: readonly string[]): string[] => [
  ...new Set(lines.filter((line) => / VRRPv3, /.test(line)).map(senderOf)),
]

describe('daemon/virtual MAC', function () {
  this.timeout(120_000)

  let pair: Pair
  let frames: Frames | undefined

  afterEach(async () => {
    await frames?.close()
    frames = undefined
    await pair.close()
  })

  const start = async (front: string): Promise<Pair> => {
    pair = new Pair({ front: `virtual_mac = true\npreempt = "always"\n${front}` })
    frames = await listen(pair.client, 'br0', 'ip proto 112 or arp')
    await pair.start()
    return pair
  }
  const seen = async (): Promise<readonly string[]> => {
    const lines = (await frames?.close()) ?? []
    frames = undefined
    return lines
  }

  for (const transport of ['multicast', 'unicast', 'udp']) {
    it(`${transport}: the client sees one MAC address through handover, death and return`, async () => {
      const { lb1, lb2 } = await start(`transport = "${transport}"`)
      assert.deepEqual(face(lb1)?.mac, mac)
      assert.ok(active(face(lb1)) && backup(face(lb2)))
      await pair.startLoad()
      assert.equal((await lb1.command('handover')).status, 0)
      await lb2.untilState('active')
      await lb1.untilState('backup')
      await untilFace(lb1, 'lets go', backup)
      const there = await pair.window()
      assert.deepEqual([there.lost, there.last], [0, 'lb2'], `gap ${there.gap} ms of ${there.sent}`)
      assert.equal((await lb2.post('/v1/handover', { router: 'front' })).status, 200)
      await lb1.untilState('active')
      await lb2.untilState('backup')
      const back = await pair.window()
      assert.deepEqual([back.lost, back.last], [0, 'lb1'], `gap ${back.gap} ms of ${back.sent}`)

      assert.equal(await lb1.end('SIGTERM'), 0)
      assert.equal((await pair.window()).lost, 0)
      assert.equal(face(lb1), undefined)
      assert.equal(arpOf(lb1), '0\n0')
      lb1.start()
      await lb1.untilState('active')
      await lb2.untilState('backup')

      const lines = await seen()
      assert.deepEqual(claimants(lines), [mac])
      const own = [lb1, lb2].map((director) => face(director, 'eth0')?.mac ?? '')
      const expected = { multicast: [mac], unicast: own, udp: [] }[transport]
      assert.deepEqual(vrrpOf(lines).sort(), expected?.sort())
      assert.match(pair.client.ip(`neigh show ${virtualAddress}`), new RegExp(mac))
    })
  }

  it('the vrrp process is killed: its successor takes up the interface as it is', async () => {
    const { lb1, lb2 } = await start('transport = "multicast"')
    await pair.startLoad()
    const before = face(lb1)
    const pid = await lb1.pidOf('vrrp')
    process.kill(pid, 'SIGKILL')
    await lb1.untilState('active', ({ processes, virtualRouters }) =>
      processes.some(
        (each) => each.name === 'vrrp' && each.pid !== pid && virtualRouters[0]?.state === 'active',
      ),
    )
    await lb2.untilState('backup')
    assert.deepEqual(face(lb1), before)
    const { gap, lost, sent } = await pair.window()
    assert.ok(gap <= 500, `gap ${gap} ms, lost ${lost} of ${sent}`)
    assert.deepEqual(claimants(await seen()), [mac])
    assert.equal(await lb1.end('SIGTERM'), 0)
    assert.deepEqual([face(lb1), arpOf(lb1)], [undefined, '0\n0'])
  })

  it('frozen beyond its lease: says nothing with the MAC address, and is down when it wakes', async () => {
    const { lb1, lb2 } = await start('transport = "multicast"')
    await pair.startLoad()
    const pid = await lb1.pidOf('vrrp')
    process.kill(pid, 'SIGSTOP')
    await lb2.untilState('active')
    await untilFace(lb1, 'the lease is over', (one) => one?.addresses.length === 0)
    const silent = await listen(lb1.namespace, 'eth0', `ether src ${mac}`, '-Q', 'out')
    await pair.window()
    await until('the client was answered for long', async () =>
      (await pair.window()).sent > 50 ? true : undefined,
    )
    assert.deepEqual(await silent.close(), [])
    process.kill(pid, 'SIGCONT')
    // By priority it takes over again; until then it was Backup, or it would not have been asked.
    await lb1.untilState('active', ({ virtualRouters }) => /preempts/.test(virtualRouters[0]?.reason ?? ''))
    assert.ok(lb1.lines.some((line) => /Active -> Backup, lease ran out/.test(line)))
    await untilFace(lb2, 'is Backup', backup)
    assert.deepEqual(claimants(await seen()), [mac])
  })

  it('two Actives of one MAC address hear each other when the LAN heals', async () => {
    const { lb1, lb2 } = await start('transport = "multicast"')
    const apart = (state: string): void => {
      for (const port of ['lb1', 'lb2'])
        pair.client.ip(`link set ${port} type bridge_slave isolated ${state}`)
    }
    apart('on')
    await untilFace(lb2, 'is Active, too', active)
    assert.ok(active(face(lb1)))
    apart('off')
    await lb2.untilState('backup')
    await untilFace(lb2, 'is down', backup)
    await lb1.untilState('active')
  })

  it('reload: comes and goes with the router and with virtual_mac, the parent is given back', async () => {
    const { lb1 } = await start('transport = "multicast"')
    assert.equal(arpOf(lb1), '1\n2')
    const reload = async (front: string): Promise<void> => {
      pair.write({ front: `preempt = "always"\ntransport = "multicast"\n${front}` }, lb1)
      const answer = await lb1.command('reload')
      assert.equal(answer.status, 0, answer.error)
    }
    await reload('')
    await untilFace(lb1, 'the interface is gone', (one) => one === undefined)
    await until('the address is on eth0', async () =>
      lb1.addresses().includes(`${virtualAddress}/24`) ? true : undefined,
    )
    assert.equal(arpOf(lb1), '0\n0')
    await reload('virtual_mac = true')
    await untilFace(lb1, 'is Active on it again', active)
    assert.deepEqual(lb1.addresses(), [])
    await reload(`virtual_mac = true\naddresses = ["${virtualAddress}/24", "10.9.0.101/24"]`)
    await untilFace(lb1, 'has both addresses', (one) => one?.addresses.length === 2)
    await reload('virtual_mac = true\naddresses = ["10.9.0.101/24"]')
    await untilFace(lb1, 'has the second one', (one) => one?.addresses.join() === '10.9.0.101/24')
  })

  it('everything killed: the addresses go with their lease, `vipair release` removes the rest', async () => {
    const { lb1, lb2 } = await start('transport = "multicast"')
    for (const { pid } of (await lb1.status())?.processes ?? [])
      if (pid !== null) process.kill(pid, 'SIGKILL')
    await lb1.end('SIGKILL')
    await lb2.untilState('active')
    await untilFace(lb1, 'the lease is over', (one) => one?.addresses.length === 0)
    const answer = await lb1.command('release')
    assert.deepEqual([answer.status, answer.out], [0, 'released interface vrrp.51\n'], answer.error)
    assert.deepEqual([face(lb1), arpOf(lb1)], [undefined, '0\n0'])
  })

  it("somebody else's interface of that name is left alone, with the reason; one that vipair left is adopted", async () => {
    pair = new Pair({ front: 'virtual_mac = true\ntransport = "multicast"' })
    const { lb1 } = pair
    lb1.namespace.ip('link add vrrp.51 link eth0 type macvlan mode bridge')
    const own = face(lb1)?.mac
    lb1.start()
    const status = await lb1.untilState('fault')
    assert.equal(
      status.virtualRouters[0]?.reason,
      `vrrp.51 exists and is not ours: its MAC address is ${own}`,
    )
    lb1.namespace.ip('link del vrrp.51')
    await lb1.untilState('active')
    const { index } = face(lb1) ?? {}
    for (const { pid } of (await lb1.status())?.processes ?? [])
      if (pid !== null) process.kill(pid, 'SIGKILL')
    await lb1.end('SIGKILL')
    lb1.start()
    await lb1.untilState('active')
    assert.equal(face(lb1)?.index, index)
    assert.equal(await lb1.end('SIGTERM'), 0)
    assert.deepEqual([face(lb1), arpOf(lb1)], [undefined, '0\n0'])
  })

  it('the interface is deleted, or taken down, under an Active: it comes back', async () => {
    const { lb1 } = await start('transport = "multicast"')
    lb1.namespace.ip('link set vrrp.51 down')
    await untilFace(lb1, 'is up again', active)
    const before = face(lb1)?.index
    lb1.namespace.ip('link del vrrp.51')
    await untilFace(lb1, 'is there again', (one) => active(one) && one?.index !== before)
    await lb1.untilState('active')
  })

  it('its parent goes down, and is replaced: it lets go, and is there again', async () => {
    const { lb1, lb2 } = await start('transport = "multicast"')
    lb1.namespace.ip('link set eth0 down')
    await lb1.untilState('fault')
    await lb2.untilState('active')
    await untilFace(lb1, 'is down', backup)
    lb1.namespace.ip('link set eth0 up')
    await lb1.untilState('active')
    await untilFace(lb2, 'is Backup', backup)

    const before = face(lb1)?.index
    lb1.namespace.ip('link del eth0')
    await lb1.untilState('fault')
    assert.equal(face(lb1), undefined)
    lb1.namespace.ip(`link add eth0 type veth peer name lb1 netns ${pair.client.path}`)
    pair.client.ip('link set lb1 master br0')
    pair.client.ip('link set lb1 up')
    lb1.namespace.ip('addr add 10.9.0.11/24 dev eth0')
    lb1.namespace.ip('link set eth0 up')
    await untilFace(lb1, 'is there again', (one) => active(one) && one?.index !== before)
    await lb1.untilState('active')
    await lb2.untilState('backup')
    assert.equal(arpOf(lb1), '1\n2')
  })

  it('IPv6: advertisements, neighbour advertisements and answers have its MAC address', async () => {
    pair = new Pair({
      front: 'virtual_mac = true\ntransport = "multicast"\naddresses = ["fe80::100/64", "2001:db8::100/64"]',
    })
    const { lb1, lb2 } = pair
    frames = await listen(pair.client, 'br0', 'ip6 proto 112 or icmp6')
    lb1.start()
    await lb1.untilState('active')
    lb2.start()
    await lb2.untilState('backup', ({ virtualRouters: [front] }) => front?.active !== null)
    assert.deepEqual(face(lb1, 'vrrp6.51')?.mac, mac6)
    assert.deepEqual(face(lb1, 'vrrp6.51')?.addresses.toSorted(), ['2001:db8::100/64', 'fe80::100/64'])
    assert.deepEqual(face(lb2, 'vrrp6.51')?.addresses, [])
    assert.equal(await pair.knock('fe80::100%br0'), 'refused')
    assert.match(pair.client.ip('neigh show fe80::100'), new RegExp(mac6))
    assert.equal((await lb1.command('handover')).status, 0)
    await lb2.untilState('active')
    assert.equal(await pair.knock('fe80::100%br0'), 'refused')
    assert.match(pair.client.ip('neigh show fe80::100'), new RegExp(mac6))
    const lines = await seen()
    assert.deepEqual(vrrpOf(lines), [mac6])
    const told = lines.filter((line) => /neighbor advertisement, tgt is (fe80::100|2001:db8::100)/.test(line))
    assert.ok(told.length > 0)
    assert.deepEqual([...new Set(told.map(senderOf))], [mac6])
    // Nothing else has an address on the virtual MAC address.
    const others = lines.filter(
      (line) =>
        senderOf(line) === mac6 &&
        !/VRRPv3|neighbor (advertisement|solicitation)|multicast listener/.test(line),
    )
    assert.deepEqual(others, [])
    for (const director of [lb1, lb2]) assert.equal(await director.end('SIGTERM'), 0)
    for (const director of [lb1, lb2]) assert.equal(face(director, 'vrrp6.51'), undefined)
  })
})
