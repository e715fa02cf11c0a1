/** Advertisements that are missing while the peer is heard over the pair link. */
import assert from 'node:assert/strict'
import { vrid } from '../../src/base/units.js'
import type { VirtualRouterConfig } from '../../src/config/model.js'
import { startDirector, type VrrpDirector } from '../../src/vrrp/director/runtime.js'
import { type PeerView, secondOpinion } from '../../src/vrrp/second-opinion.js'
import { SeededRandom } from '../sim/random.js'
import { FakeNetwork } from './fake-network.js'
import { front, lb1, lb2 } from './pair.js'
import {
  aBackup,
  activeDown,
  advert,
  anActive,
  deadlineRead,
  ip,
  known,
  type Machine,
  ms,
  prefix,
  prio,
} from './support.js'

const view = (more: Partial<PeerView> = {}): PeerView => ({
  name: 'lb2',
  active: true,
  priority: prio(150),
  lost: undefined,
  at: ms(1_000),
  ...more,
})
const gateway = 'gateway 10.0.0.1 down: does not answer ARP'

describe('vrrp/second-opinion', () => {
  const cases: readonly (readonly [
    title: string,
    peer: PeerView | undefined,
    lost: string | undefined,
    now: number,
    answer: string,
  ])[] = [
    ['no link to the peer', undefined, undefined, 1_000, 'none'],
    ['no link, and our gateway lost', undefined, gateway, 1_000, 'none'],
    ['alive, not Active', view({ active: false }), undefined, 1_000, 'none'],
    ['alive, not Active, gateway lost', view({ active: false, lost: gateway }), undefined, 1_000, 'none'],
    ['Active, heard just now', view(), undefined, 1_000, 'stay between'],
    ['Active, one report lost', view(), undefined, 1_249, 'stay between'],
    ['silent there too', view(), undefined, 1_250, 'none'],
    ['silent there too, had lost its gateway', view({ lost: gateway }), undefined, 1_250, 'none'],
    ['Active, we lost our gateway', view(), gateway, 1_100, 'stay own'],
    ['Active, it lost its gateway', view({ lost: gateway }), undefined, 1_100, 'takeOver'],
    ['Active, both lost it', view({ lost: gateway }), gateway, 1_100, 'stay between'],
  ]
  for (const [title, peer, lost, now, answer] of cases) {
    it(`${title}: ${answer}`, () => {
      const opinion = secondOpinion({ peer, lost, interval: ms(100) }, ms(now))
      assert.equal(opinion.verdict === 'stay' ? `stay ${opinion.suspect}` : opinion.verdict, answer)
    })
  }
})

const reported = (at: number, more: Partial<PeerView> = {}) =>
  ({
    type: 'peerReported',
    peer: view({ ...more, at: ms(at) }),
    source: ip('10.0.0.12'),
    interval: ms(100),
  }) as const

describe('vrrp/machine second opinion', () => {
  it('a Backup stays one while the silent Active is alive, says so once, and looks again each interval', () => {
    const backup = aBackup().at(0, advert(150))
    backup.at(activeDown - 50, reported(activeDown - 50)).at(activeDown, deadlineRead)
    assert.equal(backup.did, 'link fault')
    assert.equal(backup.backup().activeDownAt, activeDown + 100)
    backup.at(activeDown + 50, reported(activeDown + 50)).at(activeDown + 100, deadlineRead)
    assert.equal(backup.did, '')
    // Now it dies: heard last at +50.
    for (let at = activeDown + 200; at <= activeDown + 300; at += 100) backup.at(at, deadlineRead)
    assert.equal(backup.did, 'send 100, claim, announce, backup -> active')
  })

  it('a Backup that hears the Active again says so', () => {
    const backup = aBackup()
      .at(activeDown - 10, reported(activeDown - 10))
      .at(activeDown, deadlineRead)
    assert.equal(backup.did, 'link fault')
    backup.at(activeDown + 10, advert(150))
    assert.equal(backup.did, 'heard again')
    assert.equal(backup.backup().linkFault, undefined)
  })

  it('a Backup takes over from an Active that has lost its gateway, and says why', () => {
    const backup = aBackup()
      .at(0, advert(150))
      .at(activeDown - 10, reported(activeDown - 10, { lost: gateway }))
    backup.at(activeDown, deadlineRead)
    backup.active()
    assert.equal(
      backup.reason,
      `active-down timer (lb2 silent for 361 ms); lb2 is alive and Active, but lost its way: ${gateway}`,
    )
  })

  it('a resignation is believed when the peer says so over the link as well, and at once', () => {
    const doubted = (): Machine => {
      const backup = aBackup().at(0, advert(150)).at(90, reported(90)).at(100, advert(0))
      return backup.at(backup.backup().activeDownAt, deadlineRead)
    }
    const early = aBackup().at(0, advert(150)).at(90, reported(90)).at(100, advert(0))
    const due = early.backup().activeDownAt
    early
      .at(101, reported(101, { active: false }))
      .at(due, deadlineRead)
      .active()
    const late = doubted()
    assert.equal(late.did, '')
    late.at(due + 3, reported(due + 3, { active: false })).at(due + 3, deadlineRead)
    assert.equal(late.active().sentAt, due + 3)
    const lost = doubted()
    lost.at(lost.backup().activeDownAt, deadlineRead)
    lost.at(lost.backup().activeDownAt, deadlineRead)
    assert.equal(lost.active().sentAt, 90 + 250)
  })

  it('a resignation that the peer denies is none, and somebody forges it', () => {
    const backup = aBackup().at(0, advert(150)).at(90, reported(90)).at(100, advert(0))
    for (let at = 110; at < 2_000; at += 50) {
      backup.at(at, reported(at)).at(at, advert(0))
      backup
        .at(at + 40, reported(at + 40))
        .at(backup.backup().activeDownAt, deadlineRead)
        .backup()
    }
    assert.equal(backup.did, 'forgery')
  })

  it('a preemption is none of its business, unless our own way is lost', () => {
    const preempts = aBackup()
      .at(activeDown - 20, reported(activeDown - 20))
      .at(activeDown - 10, advert(50))
    preempts.at(activeDown, deadlineRead).active()
    const lost = aBackup({ lost: gateway }).at(activeDown - 20, reported(activeDown - 20))
    lost
      .at(activeDown - 10, advert(50))
      .at(activeDown, deadlineRead)
      .backup()
  })

  it('of two Actives the one that lost its way gives way, else the priority decides', () => {
    const now = activeDown + 50
    const against = (more: Partial<PeerView>, lost?: string) =>
      anActive(lost === undefined ? {} : { lost }).at(now, reported(now, more)).state.name
    assert.equal(against({ priority: prio(50) }, gateway), 'backup')
    assert.equal(against({ priority: prio(200), lost: gateway }), 'active')
    assert.equal(against({ priority: prio(200) }), 'backup')
    assert.equal(against({ priority: prio(50) }), 'active')
    assert.equal(against({ priority: prio(200), lost: gateway }, gateway), 'backup')
    assert.equal(against({ priority: prio(100) }), 'backup', 'the higher address')
    assert.equal(against({ priority: prio(200), active: false }), 'active')
  })
})

describe("vrrp/machine two Actives by the peer's word", () => {
  const every = ms(1_000)
  const now = activeDown + 50
  /** At these moments the peer says so; meanwhile the timers run. */
  const saying = (moments: readonly number[], more: Partial<PeerView>) => {
    const machine = anActive()
    for (let at = now; at <= Math.max(...moments); at += 50) {
      machine.at(at, deadlineRead)
      if (moments.includes(at)) machine.at(at, reported(at, { every, ...more }))
    }
    return machine
  }

  it('the lesser gives way once it has lasted, and stays Backup for as long as the peer says so', () => {
    const lesser = anActive()
    for (const at of [now, now + 1_000]) lesser.at(at, reported(at, { every })).active()
    lesser.at(now + 2_000, reported(now + 2_000, { every }))
    assert.equal(lesser.did, 'release, active -> backup')
    assert.equal(lesser.reason, 'two Actives: lb2 advertises priority 150 over 100')
    for (let at = now + 2_100; at < now + 6_000; at += 100) {
      if ((at - now) % 1_000 === 0) lesser.at(at, reported(at, { every }))
      lesser.at(at, deadlineRead).backup()
    }
    lesser.at(now + 6_000, reported(now + 6_000, { every, active: false }))
    lesser.at(lesser.backup().activeDownAt, deadlineRead).active()
  })

  it('when its reports end the peer is dead', () => {
    const lesser = anActive()
    for (const at of [now, now + 1_000, now + 2_000]) lesser.at(at, reported(at, { every }))
    for (let at = now + 2_100; at < now + 4_500; at += 100) lesser.at(at, deadlineRead).backup()
    for (let at = now + 4_500; at < now + 4_700; at += 100) lesser.at(at, deadlineRead)
    lesser.active()
  })

  it('the greater stays, and announces when the lesser has given way', () => {
    const less = { every, priority: prio(50) }
    const greater = saying([now, now + 1_000, now + 2_000], less)
    assert.equal(greater.did, 'send 100, announce')
    greater.at(now + 2_100, reported(now + 2_100, { ...less, active: false })).active()
    assert.equal(greater.did, 'send 100, announce')
  })

  it('words far apart are none that last', () => {
    saying([now, now + 3_000, now + 6_000], {}).active()
    saying([now, now + 1_000, now + 3_000], {}).backup()
  })

  it('an Active that is heard and then dies is not waited for because of its reports', () => {
    const backup = aBackup()
      .at(10, reported(10, { every }))
      .at(20, advert(150))
      .at(30, reported(30, { every }))
    backup.at(backup.backup().activeDownAt, deadlineRead).active()
  })
})

/** Two directors over protocol 112, each tracking what can be taken from it, on a LAN that carries only the link. */
function directors(second: Partial<VirtualRouterConfig> = {}, first: Partial<VirtualRouterConfig> = {}) {
  const network = new FakeNetwork()
  const router = {
    ...front,
    transport: 'multicast' as const,
    track: [
      { kind: 'interface', name: 'uplink', interface: 'eth1', address: undefined, weight: -1 },
    ] as const,
  }
  const eth1 = { name: 'eth1', index: 3, up: true, mac: new Uint8Array(6), mtu: 1500 }
  const started = network.hosts.map((host, id): VrrpDirector => {
    host.interfaces = [host.interface, eth1]
    const [director, peer] = id === 0 ? [lb1, lb2] : [lb2, lb1]
    const ports = { ...host.ports(), openFrames: undefined }
    const routers = [{ ...router, ...(id === 0 ? first : second) }]
    return startDirector(ports, { director, peer, routers }, () => {})
  })
  const uplink = (id: number, up: boolean): void => {
    const host = known(network.hosts[id])
    host.setInterfaces([host.interface, { ...eth1, up }])
  }
  const states = (): string =>
    started.map((each, id) => (network.hosts[id]?.dead ? 'dead' : each.status().routers[0]?.state)).join(' ')
  const status = (id: number) => known(started[id]?.status().routers[0])
  const configure = (id: number, more: Partial<VirtualRouterConfig>): void => {
    const [director, peer] = id === 0 ? [lb1, lb2] : [lb2, lb1]
    known(started[id]).configure({ director, peer, routers: [{ ...router, ...more }] })
  }
  const warnings = (id: number): string => known(started[id]).status().warnings.join('\n')
  return { network, uplink, states, status, configure, warnings }
}

const otherVrid = { vrid: known(vrid(52)) }
const udp = { transport: 'udp' } as const

describe('vrrp/director two files that differ', () => {
  const differ: readonly (readonly [string, Partial<VirtualRouterConfig>, Partial<VirtualRouterConfig>])[] = [
    ['the transport', udp, {}],
    ['the transport, the other way round', {}, udp],
    ['the vrid over udp', { ...udp, ...otherVrid }, udp],
    ['the vrid', otherVrid, {}],
    ['transport and vrid', { ...udp, ...otherVrid }, {}],
  ]
  for (const [what, second, first] of differ) {
    it(`${what}: one Active, and the other when it dies`, async () => {
      const { network, states } = directors(second, first)
      await network.run(6_000)
      let seen = states()
      for (let i = 0; i < 100; i++) {
        await network.run(100)
        assert.equal(states(), seen)
      }
      assert.ok(['active backup', 'backup active'].includes(seen), seen)
      known(network.hosts[seen === 'active backup' ? 0 : 1]).dead = true
      await network.run(4_500)
      seen = states()
      assert.ok(['dead active', 'active dead'].includes(seen), seen)
    })
  }

  it('a rolling reload to another transport never makes two Actives, and is named on both', async () => {
    const { network, states, configure, warnings } = directors(udp, udp)
    await network.run(2_000)
    const never = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        await network.run(20)
        assert.notEqual(states(), 'active active')
      }
    }
    configure(0, {})
    await never()
    assert.equal(states(), 'backup active')
    assert.match(warnings(0), /lb2 advertises over the pair's link, this director by multicast/)
    configure(1, {})
    await never()
    assert.equal(states(), 'active backup')
  })
})

describe('vrrp/director second opinion', () => {
  it('adverts that do not arrive make no second Active while the peer is alive; its death does', async () => {
    const { network, states, status } = directors()
    await network.run(2_000)
    assert.equal(states(), 'active backup')
    assert.deepEqual([status(0).peerState, status(1).peerState], ['backup', 'active'])
    assert.deepEqual([status(0).active, status(1).active], ['lb1', 'lb1'])
    network.loses = 'raw'
    await network.run(5_000)
    assert.equal(states(), 'active backup')
    assert.equal(status(1).linkFault, 'lb1 is alive and Active, but its advertisements do not arrive')
    assert.ok(network.hosts[1]?.lines.some((line) => line.startsWith('warn front: does not take over')))
    known(network.hosts[0]).dead = true
    await network.run(500)
    assert.equal(states(), 'dead active')
  })

  it('whoever lost its way gives the addresses up, and gets them back when all is well', async () => {
    const { network, uplink, states, status } = directors()
    await network.run(2_000)
    network.loses = 'raw'
    uplink(0, false)
    await network.run(2_000)
    assert.equal(states(), 'backup active')
    assert.match(status(1).reason, /lb1 is alive and Active, but lost its way: uplink down/)
    assert.match(status(0).reason, /lb2 is alive and Active, and this director lost its way/)
    uplink(0, true)
    network.loses = undefined
    await network.run(2_000)
    assert.equal(states(), 'active backup')
  })

  it('an Active that advertises from a link-local address is named all the same', async () => {
    const ipv6 = { addresses: [prefix('2001:db8::100/64')] }
    const { network, states, status } = directors(ipv6, ipv6)
    await network.run(3_000)
    assert.equal(states(), 'active backup')
    assert.equal(status(1).active, 'lb1')
  })

  it('a dead pair link leaves the election to the advertisements', async () => {
    const { network, states, status } = directors()
    await network.run(2_000)
    network.loses = 'pair'
    await network.run(2_000)
    assert.equal(states(), 'active backup')
    assert.equal(status(0).peerState, 'backup')
    await network.run(2_000)
    assert.equal(status(0).peerState, undefined)
    known(network.hosts[0]).dead = true
    await network.run(365)
    assert.equal(states(), 'dead active')
  })

  it('whatever the LAN does and whoever loses its way, two are Active only for an exchange', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new SeededRandom(seed)
      const { network, uplink, states } = directors()
      await network.run(2_000)
      let two = 0
      for (let step = 0; step < 60; step++) {
        const chance = random.between(0, 1)
        if (chance < 0.3) network.loses = network.loses === undefined ? 'raw' : undefined
        else if (chance < 0.6) uplink(random.between(0, 1) < 0.5 ? 0 : 1, random.between(0, 1) < 0.5)
        for (let i = 0; i < 20; i++) {
          await network.run(20)
          two = states() === 'active active' ? two + 20 : 0
          assert.ok(two <= 240, `seed ${seed}, step ${step}: two Actives for ${two} ms`)
        }
      }
      network.loses = undefined
      uplink(0, true)
      uplink(1, true)
      await network.run(3_000)
      // Which of them: one that changed its role too often is held down for a while.
      assert.equal(states().split(' ').sort().join(' '), 'active backup', `seed ${seed}`)
    }
  }).timeout(60_000)
})
