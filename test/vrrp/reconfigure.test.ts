import assert from 'node:assert/strict'
import { vrid } from '../../src/base/units.js'
import { changesOf as changesBetween, sameRouter } from '../../src/vrrp/reconfigure.js'
import { FakeNetwork } from './fake-network.js'
import { back, changesOf, front, lb1, pairOf, rolesOf, routerOf, settingOf, start } from './pair.js'
import { ip, known, ms, prefix, prio, route, rule } from './support.js'

const other = { ...back, interface: undefined }

describe('vrrp/reconfigure', () => {
  it('knows which keys make another router', () => {
    assert.ok(sameRouter(front, { ...front, addresses: [prefix('10.0.0.7/24')], lease: undefined }))
    assert.ok(sameRouter(front, { ...front, priority: { lb1: prio(7) }, group: 'x' }))
    assert.ok(!sameRouter(front, { ...front, vrid: known(vrid(7)) }))
    assert.ok(!sameRouter(front, { ...front, interface: 'eth1' }))
    assert.ok(!sameRouter(front, { ...front, transport: 'multicast' }))
    assert.ok(sameRouter(front, { ...front, routes: [route], rules: [rule] }))
  })

  it('knows what an Active must claim and announce again', () => {
    const labelled = { ...prefix('10.0.0.100/24'), label: 'eth0:vip' }
    for (const [change, claim, announce] of [
      [{}, false, false],
      [{ addresses: [prefix('10.0.0.100/16')] }, true, true],
      [{ addresses: [labelled] }, true, true],
      [{ addresses: [] }, true, false],
      [{ routes: [route] }, true, false],
      [{ rules: [rule] }, true, false],
      [{ lease: ms(5000) }, true, false],
      [{ priority: { lb1: prio(7) } }, false, false],
    ] as const)
      assert.deepEqual(
        changesBetween(front, { ...front, ...change }),
        { claim, announce },
        JSON.stringify(change),
      )
  })

  it('an Active claims and announces what is new, releases what is gone, and stays Active', async () => {
    const { network, first, second } = await pairOf(front)
    const changed = { ...front, addresses: [prefix('10.0.0.101/24'), prefix('10.0.0.102/24')] }
    network.announced.length = 0
    first.runtime.configure(settingOf(0, [changed]))
    assert.deepEqual(first.host.held, ['10.0.0.101/24', '10.0.0.102/24'])
    assert.deepEqual(network.announced, ['lb1 10.0.0.101', 'lb1 10.0.0.102'])
    second.runtime.configure(settingOf(1, [changed]))
    await network.run(5_000)
    assert.deepEqual([changesOf(first).length, changesOf(second).length], [2, 1])
    assert.deepEqual(first.host.held, ['10.0.0.101/24', '10.0.0.102/24'])
    assert.deepEqual(routerOf(first).advertisements.noted, {})
  })

  it('interval, garp and lease change without an election, one director after the other', async () => {
    const { network, first, second } = await pairOf(front)
    const changed = { ...front, advertisementInterval: ms(500), lease: ms(6_000) }
    first.runtime.configure(settingOf(0, [changed]))
    await network.run(3_000)
    second.runtime.configure(settingOf(1, [changed]))
    await network.run(3_000)
    assert.deepEqual([changesOf(first).length, changesOf(second).length], [2, 1])
    first.host.dead = true
    await network.run(1_000)
    assert.equal(rolesOf(second), 'front backup')
    await network.run(700)
    assert.equal(rolesOf(second), 'front active')
  })

  it('a lower priority is advertised at once, and the preempt rule does the rest', async () => {
    const { network, first, second } = await pairOf(front)
    const weaker = { ...front, priority: { lb1: prio(50) } }
    first.runtime.configure(settingOf(0, [weaker]))
    assert.equal(routerOf(first).effectivePriority, 50)
    await network.run(500)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front backup', 'front active'])
  })

  it('takes the director’s own priority as well', async () => {
    const { first } = await pairOf(front)
    first.runtime.configure(settingOf(0, [front], { director: { ...lb1, priority: prio(120) } }))
    assert.equal(routerOf(first).priority, 120)
    assert.equal(rolesOf(first), 'front active')
  })

  it('adding and removing a router leaves the others alone', async () => {
    const { network, first, second } = await pairOf(front)
    const before = routerOf(first).advertisements.sent
    for (const [id, one] of [first, second].entries()) one.runtime.configure(settingOf(id, [front, other]))
    await network.run(2_000)
    assert.equal(rolesOf(first), 'front active, back active')
    assert.equal(rolesOf(second), 'front backup, back backup')
    for (const [id, one] of [first, second].entries()) one.runtime.configure(settingOf(id, [front]))
    assert.deepEqual(first.host.held, ['10.0.0.100/24'])
    await network.run(1_000)
    assert.equal(rolesOf(first), 'front active')
    assert.deepEqual(
      changesOf(first).filter((text) => text.startsWith('front')),
      changesOf(first).slice(0, 2),
    )
    assert.ok(routerOf(first).advertisements.sent > before + 25)
  })

  for (const lease of [ms(3_000), undefined])
    it(`what moves from one router to another stays, lease ${lease ?? 'none'}`, async () => {
      const [one, two] = [prefix('10.0.0.101/24'), prefix('10.0.0.102/24')]
      const early = { ...front, lease }
      const late = { ...other, lease, addresses: [one, two], rules: [rule] }
      const { network, first } = await pairOf(early)
      first.runtime.configure(settingOf(0, [early, late]))
      await network.run(2_000)
      assert.equal(rolesOf(first), 'front active, back active')
      const { host } = first
      host.did.length = 0
      const more = { ...early, addresses: [...early.addresses, two], rules: [rule] }
      first.runtime.configure(settingOf(0, [more, { ...late, addresses: [one], rules: [] }]))
      assert.deepEqual([...host.held].sort(), ['10.0.0.100/24', '10.0.0.101/24', '10.0.0.102/24'])
      assert.deepEqual(
        host.did.filter((text) => text.startsWith('-')),
        [],
      )
      first.runtime.configure(
        settingOf(0, [
          { ...early, addresses: [two] },
          { ...late, addresses: [one] },
        ]),
      )
      assert.deepEqual([...host.held].sort(), ['10.0.0.101/24', '10.0.0.102/24'])
      assert.ok(host.routing.held.has('rule 1000'))
    })

  it('what moves to a router that is no Active here is released', async () => {
    const { network, first } = await pairOf(front)
    first.runtime.configure(settingOf(0, [front, { ...other, priority: { lb1: prio(1) } }]))
    await network.run(20)
    assert.equal(rolesOf(first), 'front active, back backup')
    first.host.did.length = 0
    const taken = { ...other, priority: { lb1: prio(1) }, addresses: front.addresses }
    first.runtime.configure(settingOf(0, [{ ...front, addresses: [prefix('10.0.0.105/24')] }, taken]))
    assert.deepEqual(first.host.did.slice(0, 2), ['-address 10.0.0.100/24', '+address 10.0.0.105/24'])
  })

  it('adds what is new of routes and rules, removes what is gone first, and touches nothing else', async () => {
    const routes = [route, { ...route, to: prefix('10.1.0.0/16') }]
    const { network, first, second } = await pairOf({ ...front, routes, rules: [rule] })
    const { host } = first
    assert.deepEqual(host.did.slice(0, 4), [
      '-rule 1000',
      '-route 10.1.0.0/16 via 10.0.0.1',
      '-route 0.0.0.0/0 via 10.0.0.1',
      '-address 10.0.0.100/24',
    ])
    assert.deepEqual(host.did.slice(4, 8), [
      '+address 10.0.0.100/24',
      '+route 0.0.0.0/0 via 10.0.0.1',
      '+route 10.1.0.0/16 via 10.0.0.1',
      '+rule 1000',
    ])
    const changed = {
      ...front,
      routes: [{ ...route, via: ip('10.0.0.2') }, routes[1] ?? route],
      rules: [rule, { ...rule, priority: 2000 }],
    }
    host.did.length = 0
    network.announced.length = 0
    first.runtime.configure(settingOf(0, [changed]))
    assert.deepEqual(host.did, [
      '-route 0.0.0.0/0 via 10.0.0.1',
      '+address 10.0.0.100/24',
      '+route 0.0.0.0/0 via 10.0.0.2',
      '+route 10.1.0.0/16 via 10.0.0.1',
      '+rule 1000',
      '+rule 2000',
    ])
    assert.deepEqual(network.announced, [])
    second.runtime.configure(settingOf(1, [changed]))
    await network.run(1_000)
    assert.deepEqual([changesOf(first).length, changesOf(second).length], [2, 1])
    assert.deepEqual([...second.host.routing.held], [])
    host.did.length = 0
    const stopped = first.runtime.stop()
    await network.run(2_000)
    await stopped
    assert.deepEqual(
      host.did.filter((text) => text.startsWith('-')),
      [
        '-rule 2000',
        '-rule 1000',
        '-route 10.1.0.0/16 via 10.0.0.1',
        '-route 0.0.0.0/0 via 10.0.0.2',
        '-address 10.0.0.100/24',
      ],
    )
    assert.deepEqual([host.routing.held.size, second.host.routing.held.size], [0, 4])
  })

  for (const lease of [ms(3_000), undefined])
    it(`a new route that the kernel refuses costs no role, lease ${lease ?? 'none'}`, async () => {
      const { network, first, second } = await pairOf({ ...front, lease })
      const changed = { ...front, lease, routes: [route], rules: [rule] }
      for (const [id, one] of [first, second].entries()) {
        one.host.routing.refuses = 'ENETUNREACH'
        one.runtime.configure(settingOf(id, [changed]))
      }
      await network.run(20_000)
      assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
      assert.deepEqual([changesOf(first).length, changesOf(second).length], [2, 1])
      assert.deepEqual([...first.host.routing.held], ['rule 1000'])
      assert.match(
        first.runtime.status().warnings.join(),
        /^front: addRoute 0\.0\.0\.0\/0: ENETUNREACH.*: stays Active without it, and tries again$/,
      )
      first.host.routing.refuses = undefined
      await network.run(6_000)
      assert.ok(first.host.routing.held.has('route 0.0.0.0/0 via 10.0.0.1'))
      assert.deepEqual(first.runtime.status().warnings, [])
    })

  it('a route that is refused at a take-over is a fault, and the peer with all of it is let be', async () => {
    const network = new FakeNetwork()
    known(network.hosts[0]).routing.refuses = 'ENETUNREACH'
    const bad = { ...front, routes: [route] }
    const second = start(network, 1, [front])
    await network.run(2_000)
    const first = start(network, 0, [bad])
    await network.run(20_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front backup', 'front active'])
    assert.deepEqual([first.host.held, [...first.host.routing.held]], [[], []])
    assert.equal(changesOf(first).filter((text) => text.includes('-> active')).length, 1)
    assert.match(
      routerOf(first).holdsBack ?? '',
      /^was refused what it needs: addRoute 0\.0\.0\.0\/0: ENETUN/,
    )
    assert.deepEqual(second.runtime.status().warnings, [])
    first.runtime.configure(settingOf(0, [front]))
    await network.run(2_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
  })

  it('who was refused a route takes over from a dead Active, without it', async () => {
    const network = new FakeNetwork()
    for (const { routing } of network.hosts) routing.refuses = 'ENETUNREACH'
    const bad = { ...front, routes: [route] }
    const [first, second] = [start(network, 0, [bad]), start(network, 1, [bad])]
    await network.run(5_000)
    const active = [first, second].filter((one) => rolesOf(one) === 'front active')
    assert.equal(active.length, 1)
    const one = known(active[0])
    const other = one === first ? second : first
    assert.deepEqual([one.host.held, other.host.held], [['10.0.0.100/24'], []])
    one.host.dead = true
    await network.run(3_000)
    assert.equal(rolesOf(other), 'front active')
  })

  it('an address for an interface that does not exist is a fault, and the rest is not claimed', async () => {
    const { network, first, second } = await pairOf(front)
    const elsewhere = { ...prefix('10.0.0.101/24'), interface: 'eth9' }
    first.runtime.configure(settingOf(0, [{ ...front, addresses: [...front.addresses, elsewhere] }]))
    await network.run(1_000)
    assert.equal(routerOf(first).reason, 'interface eth9 does not exist')
    assert.deepEqual([first.host.held, rolesOf(second)], [[], 'front active'])
  })

  it('the peer hears of the new hash', async () => {
    const { network, first, second } = await pairOf(front)
    first.runtime.configure(settingOf(0, [front], { configHash: '0123456789abcdef' }))
    await network.run(50)
    assert.equal(second.runtime.status().link?.peerConfigHash, '0123456789abcdef')
  })
})

describe('vrrp/adoption', () => {
  const resumed = { active: ['front'], handedOver: {}, maintenance: undefined }
  const left = front.addresses.map((one) => ({ interfaceIndex: 2, prefix: one }))

  for (const transport of ['udp', 'multicast'] as const) {
    it(`${transport}: keeps the address of its predecessor and is Active again when nobody else is`, async () => {
      const { network, first, second } = await pairOf({
        ...front,
        transport,
        advertisementInterval: ms(1_000),
      })
      await network.run(4_000)
      assert.deepEqual([rolesOf(first), rolesOf(second)], ['front active', 'front backup'])
      first.host.dead = true
      await network.run(300)
      first.host.dead = false
      first.host.left = left
      const router = { ...front, transport, advertisementInterval: ms(1_000) }
      const again = start(network, 0, [router], { resumed })
      await network.run(100)
      assert.equal(rolesOf(again), 'front backup')
      assert.deepEqual(again.host.held, ['10.0.0.100/24'])
      await network.run(2_000)
      assert.equal(rolesOf(again), 'front active')
      assert.equal(changesOf(second).length, 1)
      assert.deepEqual(again.host.held, ['10.0.0.100/24'])
    })
  }

  it('gives it up as soon as another Active is heard, although its priority is higher', async () => {
    const { network, first, second } = await pairOf({ ...front, preempt: 'never' })
    first.host.dead = true
    await network.run(500)
    assert.equal(rolesOf(second), 'front active')
    first.host.dead = false
    first.host.left = left
    const again = start(network, 0, [{ ...front, preempt: 'never' }], { resumed })
    await network.run(150)
    assert.deepEqual(again.host.held, [])
    await network.run(3_000)
    assert.deepEqual([rolesOf(again), rolesOf(second)], ['front backup', 'front active'])
  })

  it('keeps an address that only an Active of before can have leased, also without a word of it', async () => {
    const { network, first } = await pairOf(front)
    first.host.dead = true
    await network.run(100)
    first.host.dead = false
    first.host.left = left.map((one) => ({ ...one, validSeconds: 2 }))
    first.host.did.length = 0
    const again = start(network, 0, [front])
    await network.run(10)
    assert.deepEqual([rolesOf(again), first.host.did], ['front backup', ['+address 10.0.0.100/24']])
  })

  it('does not keep what is there with another prefix length, label or scope: it is made anew', async () => {
    for (const misfit of [
      { interfaceIndex: 2, prefix: prefix('10.0.0.100/32') },
      { interfaceIndex: 2, prefix: prefix('10.0.0.100/24'), label: 'eth0:old' },
      { interfaceIndex: 2, prefix: prefix('10.0.0.100/24'), scope: 'link' } as const,
    ]) {
      const network = new FakeNetwork()
      const host = known(network.hosts[0])
      host.left = [misfit]
      start(network, 0, [front], { resumed })
      await network.run(10)
      const gone = `-address 10.0.0.100/${misfit.prefix.length}`
      assert.deepEqual(host.did, [gone, '+address 10.0.0.100/24'])
    }
  })

  it('releases an address that nobody says it owned', async () => {
    const { network, first } = await pairOf(front)
    first.host.dead = true
    await network.run(100)
    first.host.dead = false
    first.host.left = left
    const again = start(network, 0, [front])
    await network.run(10)
    assert.ok(again.host.lines.some((line) => line.includes('10.0.0.100/24 was put here for ever')))
    assert.deepEqual(again.host.held, [])
  })

  it('remembers to whom it was handed over', async () => {
    const { network, first, second } = await pairOf(front)
    first.host.dead = true
    await network.run(500)
    first.host.dead = false
    const again = start(network, 0, [front], {
      resumed: { active: [], handedOver: { front: 'lb2' }, maintenance: undefined },
    })
    await network.run(3_000)
    assert.deepEqual([rolesOf(again), rolesOf(second)], ['front backup', 'front active'])
    assert.equal(routerOf(again).holdsBack, 'until lb2 goes or hands back')
  })
})

describe('vrrp/hold-down', () => {
  it('a router that keeps failing lets the peer be, for longer each time, and says so', async () => {
    const { network, first, second } = await pairOf(front)
    const { interfaces } = first.host
    const flap = async () => {
      first.host.setInterfaces([])
      await network.run(1_000)
      first.host.setInterfaces(interfaces)
      await network.run(2_000)
    }
    await flap()
    assert.equal(rolesOf(first), 'front active')
    await flap()
    assert.equal(rolesOf(second), 'front active')
    assert.equal(routerOf(first).holdsBack, 'its role changed too often, held down for another 8 s')
    await network.run(10_000)
    assert.equal(rolesOf(first), 'front active')
  })

  it('goes on while the router goes on failing, also as a Backup', async () => {
    const { network, first, second } = await pairOf(front)
    const { interfaces } = first.host
    const flap = async () => {
      first.host.setInterfaces([])
      await network.run(500)
      first.host.setInterfaces(interfaces)
      await network.run(900)
    }
    for (let i = 0; i < 10; i++) await flap()
    await network.run(8_000)
    assert.deepEqual([rolesOf(first), rolesOf(second)], ['front backup', 'front active'])
    await network.run(60_000)
    assert.equal(rolesOf(first), 'front active')
  })

  it('does not keep anybody from replacing a dead Active', async () => {
    const { network, first, second } = await pairOf(front)
    const { interfaces } = first.host
    for (let i = 0; i < 2; i++) {
      first.host.setInterfaces([])
      await network.run(1_000)
      first.host.setInterfaces(interfaces)
      await network.run(1_000)
    }
    second.host.dead = true
    await network.run(500)
    assert.equal(rolesOf(first), 'front active')
  })
})
