import assert from 'node:assert/strict'
import { groupOrders, groupPriority } from '../../src/vrrp/groups.js'
import { type Backup, nextDeadline, type State } from '../../src/vrrp/state.js'
import { back, changesOf, front, pairOf, rolesOf, routerOf, settingOf, start } from './pair.js'
import { aBackup, activeDown, anActive, deadlineRead, known, Machine, ms, params, prio } from './support.js'

const group = 'nat'
const nat = [
  { ...front, group },
  { ...back, group },
] as const

const expired = (): State => ({ ...aBackup().backup(), expired: true })
const waiting = (): Backup => aBackup().backup()
const active = (): State => anActive().state
const down = (): State => aBackup().at(10, { type: 'linkDown', reason: 'link of eth1 is down' }).state
const orders = (...states: readonly State[]): string =>
  groupOrders(
    'nat',
    states.map((state, i) => ({ name: `r${i}`, state, joins: false })),
    'peer silent',
  )
    .map(({ member, event }) => `${member} ${event.type}${'reason' in event ? `: ${event.reason}` : ''}`)
    .join('; ')

describe('vrrp/groups, one decision', () => {
  const cases: readonly (readonly [string, () => readonly State[], string])[] = [
    ['all wait', () => [waiting(), waiting()], ''],
    ['one would take over, the other hears an Active', () => [expired(), waiting()], ''],
    [
      'all would take over',
      () => [expired(), expired()],
      'r0 groupTakeOver: peer silent; r1 groupTakeOver: peer silent',
    ],
    ['all are Active', () => [active(), active()], ''],
    ['one is no longer Active', () => [active(), waiting()], 'r0 groupStepDown: r1 of group nat is Backup'],
    [
      'nor although it would be again',
      () => [active(), expired()],
      'r0 groupStepDown: r1 of group nat is Backup',
    ],
    ['one has no link', () => [active(), down()], 'r0 blocked: r1 of group nat: link of eth1 is down'],
    [
      'both have no link',
      () => [down(), down()],
      'r0 blocked: r1 of group nat: link of eth1 is down; r1 blocked: r0 of group nat: link of eth1 is down',
    ],
  ]
  for (const [name, states, wanted] of cases) {
    it(name, () => assert.equal(orders(...states()), wanted))
  }

  it('a newcomer follows the Active others, and only them', () => {
    const of = (...states: readonly State[]) =>
      groupOrders(
        'nat',
        states.map((state, i) => ({ name: `r${i}`, state, joins: i === 1 })),
        '',
      ).map(({ member, event }) => `${member} ${event.type}`)
    assert.deepEqual(of(active(), waiting()), ['r1 groupTakeOver'])
    assert.deepEqual(of(waiting(), waiting()), [])
  })

  it('weighs as little as its least', () => {
    assert.equal(groupPriority([prio(150), prio(90), prio(120)]), 90)
  })

  it('a member that waits for the others takes over alone when a reload takes it out of the group', () => {
    const waiting = aBackup({ grouped: true }).at(activeDown, deadlineRead)
    assert.equal(nextDeadline(waiting.state), undefined)
    const alone = new Machine(params)
    alone.state = waiting.state
    alone.at(activeDown + 50, { type: 'parametersChanged' })
    assert.equal(nextDeadline(alone.state), activeDown)
    alone.at(activeDown + 50, deadlineRead)
    assert.equal(alone.state.name, 'active')
  })

  it('a member asks at its deadline, waits, and forgets it when an Active is heard', () => {
    const machine = aBackup({ grouped: true })
    machine.at(machine.backup().activeDownAt, deadlineRead)
    assert.equal(machine.did, 'request: active-down timer (nobody heard)')
    assert.equal(machine.backup().expired, true)
    assert.equal(machine.at(1_000, deadlineRead).did, '')
    const heard = {
      type: 'advertisementReceived',
      sender: 'lb2',
      source: front.addresses[0]?.address,
    } as const
    machine.at(1_100, { ...heard, source: known(heard.source), priority: prio(200), interval: ms(100) })
    assert.equal(machine.backup().expired, false)
  })
})

describe('vrrp/groups, two directors', () => {
  const both = async () => pairOf(...nat)

  it('one owns everything', async () => {
    const { first, second } = await both()
    assert.equal(rolesOf(first), 'front active, back active')
    assert.equal(rolesOf(second), 'front backup, back backup')
  })

  it('a link that fails takes the whole group to the peer, and back, each router once', async () => {
    const { network, first, second } = await both()
    const { interfaces } = first.host
    const before = changesOf(second).length
    first.host.setInterfaces(interfaces.slice(0, 1))
    await network.run(500)
    assert.equal(rolesOf(first), 'front fault, back fault')
    assert.equal(routerOf(first).reason, 'back of group nat: interface eth1 does not exist')
    assert.equal(rolesOf(second), 'front active, back active')
    assert.deepEqual(first.host.held, [])
    first.host.setInterfaces(interfaces)
    await network.run(3_000)
    assert.equal(rolesOf(first), 'front active, back active')
    assert.equal(rolesOf(second), 'front backup, back backup')
    assert.equal(changesOf(second).length - before, 4)
  })

  it('comes back from maintenance with one change of role each', async () => {
    const { network, second } = await pairOf(...nat)
    for (const reason of ['by the operator', undefined]) {
      void second.runtime.maintenance(reason)
      await network.run(500)
    }
    const changes = changesOf(second)
    for (const name of ['front', 'back'])
      assert.deepEqual(changes.filter((line) => line.startsWith(name)).slice(-2), [
        `${name} backup -> maintenance, by the operator`,
        `${name} maintenance -> backup, maintenance is over`,
      ])
  })

  it('a dead peer is replaced in all its roles at once', async () => {
    const { network, first, second } = await both()
    first.host.dead = true
    await network.run(500)
    assert.equal(rolesOf(second), 'front active, back active')
    const times = second.facts.flatMap((fact) =>
      fact.type === 'roleChanged' && fact.to === 'active' ? [fact.at] : [],
    )
    assert.equal(new Set(times).size, 1)
  })

  it('a refused address keeps all of it away', async () => {
    const { network, first, second } = await both()
    second.host.refuses = 'EPERM'
    first.host.dead = true
    await network.run(600)
    assert.equal(rolesOf(second), 'front fault, back fault')
    assert.deepEqual(second.host.held, [])
  })

  it('what tracking takes from one is taken from all', async () => {
    const { network, first, second } = await both()
    first.runtime.tracked('back', { priority: prio(50), fault: undefined, because: undefined })
    assert.deepEqual([routerOf(first).effectivePriority, routerOf(first, 'back').effectivePriority], [50, 50])
    await network.run(1_000)
    assert.equal(rolesOf(second), 'front active, back active')
  })

  it('what tracking forbids one is forbidden to all', async () => {
    const { network, first, second } = await both()
    first.runtime.tracked('back', { priority: prio(150), fault: 'script exits with 1', because: undefined })
    await network.run(1_000)
    assert.equal(rolesOf(first), 'front fault, back fault')
    assert.equal(rolesOf(second), 'front active, back active')
    first.runtime.tracked('back', { priority: prio(150), fault: undefined, because: undefined })
    await network.run(2_000)
    assert.equal(rolesOf(first), 'front active, back active')
  })

  it('is Active without a peer as soon as all its interfaces are there', async () => {
    const { network } = await both()
    const alone = start(network, 0, nat, { peer: undefined })
    await network.run(50)
    assert.equal(rolesOf(alone), 'front active, back active')
  })

  it('a router that joins an Active group becomes Active, and the others stay so', async () => {
    const { network, first } = await pairOf({ ...front, group })
    const before = changesOf(first).length
    first.runtime.configure(settingOf(0, nat))
    await network.run(100)
    assert.equal(rolesOf(first), 'front active, back active')
    assert.deepEqual(changesOf(first).slice(before), [
      'back initialize -> backup, started',
      'back backup -> active, joins group nat, which is Active here',
    ])
  })
})
