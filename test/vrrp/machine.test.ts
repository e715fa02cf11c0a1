import assert from 'node:assert/strict'
import type { Event, RouterParams, State } from '../../src/vrrp/state.js'
import {
  aBackup,
  activeDown,
  advert,
  anActive,
  deadline,
  deadlineRead,
  ip,
  Machine,
  ms,
  notReady,
  params,
  prio,
  ready,
  skew,
  startup,
} from './support.js'

const linkUp: Event = { type: 'linkUp' }
const linkDown: Event = { type: 'linkDown', reason: 'link of eth0 is down' }
const claimFailed: Event = { type: 'claimFailed', reason: 'claim 10.0.0.100/24 on eth0: EPERM' }
const claimSucceeded: Event = { type: 'claimSucceeded' }
const shutdown: Event = { type: 'shutdown' }
const changed: Event = { type: 'parametersChanged' }
const blocked: Event = { type: 'blocked', cause: 'tracking', reason: 'track uplink down' }
const unblocked: Event = { type: 'blocked', cause: 'tracking', reason: undefined }
const maintenance: Event = { type: 'maintenance', reason: 'disk' }
const maintenanceOver: Event = { type: 'maintenance', reason: undefined }
const handingOver: Event = { type: 'handingOver', to: 'lb2' }
const handoverGivenUp: Event = { type: 'handingOver', to: undefined }
const handedOver: Event = { type: 'handedOver', to: 'lb2', stay: false }
const handedOverToStay: Event = { type: 'handedOver', to: 'lb2', stay: true }
const takeOverAsked: Event = { type: 'takeOverAsked', from: 'lb2', priority: prio(150), until: ms(1400) }
const takeOverComplete: Event = { type: 'takeOverComplete' }
const groupTakeOver: Event = { type: 'groupTakeOver', reason: 'its group takes over' }
const groupStepDown: Event = { type: 'groupStepDown', reason: 'back of group nat is Backup' }
const synced: Event = { type: 'syncReadiness', readiness: ready }
/** Said at 400, when an Active of these tests hears it. */
const peerReported = (active: boolean, priority = 150): Event => ({
  type: 'peerReported',
  peer: { name: 'lb2', active, priority: prio(priority), lost: undefined, at: ms(400) },
  source: ip('10.0.0.12'),
  interval: ms(100),
})

const inFault = () => aBackup().at(10, linkDown)
const isBlocked = () => aBackup().at(10, blocked)
const inMaintenance = () => aBackup().at(10, maintenance)
const notStarted = () => new Machine(params)
const ofGroup = () => aBackup({ grouped: true })
const adopting = () => notStarted().at(0, { type: 'startup', linkDown: undefined, adoptAfter: ms(200) })
const leaving = () => anActive().at(380, handingOver)
/** Taken over from lb2 as asked, at 380. */
const taking = () => aBackup().at(380, takeOverAsked)

/** One row a cell of the table: from, event, when, what is done and what it becomes. */
const cells: readonly (readonly [() => Machine, Event, number, State['name'], string])[] = [
  [() => new Machine(params), startup, 0, 'backup', 'release, initialize -> backup'],
  [
    () => new Machine({ ...params, priority: prio(255) }),
    startup,
    0,
    'active',
    'send 255, claim, announce, initialize -> active',
  ],
  [
    () => new Machine({ ...params, alone: true }),
    startup,
    0,
    'active',
    'send 100, claim, announce, initialize -> active',
  ],
  [
    () => new Machine(params),
    { type: 'startup', linkDown: 'gone' },
    0,
    'fault',
    'release, initialize -> fault',
  ],
  [() => new Machine(params), shutdown, 0, 'initialize', ''],
  [() => new Machine(params), advert(150), 0, 'initialize', ''],
  [() => new Machine(params), deadline, 0, 'initialize', ''],
  [() => new Machine(params), linkUp, 0, 'initialize', ''],
  [() => new Machine(params), linkDown, 0, 'initialize', ''],
  [() => new Machine(params), claimFailed, 0, 'initialize', ''],
  [() => new Machine(params), claimSucceeded, 0, 'initialize', ''],
  [() => new Machine(params), changed, 0, 'initialize', ''],
  [aBackup, startup, 10, 'backup', ''],
  [aBackup, shutdown, 10, 'initialize', 'backup -> initialize'],
  [aBackup, advert(150), 10, 'backup', ''],
  [aBackup, advert(50), 10, 'backup', ''],
  [aBackup, advert(0), 10, 'backup', ''],
  [aBackup, deadline, 10, 'backup', ''],
  [aBackup, deadline, activeDown, 'backup', 'read input'],
  [aBackup, deadlineRead, activeDown, 'active', 'send 100, claim, announce, backup -> active'],
  [aBackup, linkUp, 10, 'backup', ''],
  [aBackup, linkDown, 10, 'fault', 'backup -> fault'],
  [aBackup, claimFailed, 10, 'backup', ''],
  [aBackup, claimSucceeded, 10, 'backup', ''],
  [aBackup, changed, 10, 'backup', ''],
  [anActive, startup, 400, 'active', ''],
  [anActive, shutdown, 400, 'initialize', 'send 0, release, active -> initialize'],
  [anActive, advert(150), 400, 'backup', 'send 100, release, active -> backup'],
  [anActive, advert(50), 400, 'active', 'send 100'],
  [anActive, advert(50), 420, 'active', 'send 100, announce'],
  [anActive, advert(0), 400, 'active', 'send 100'],
  [anActive, deadline, 400, 'active', ''],
  [anActive, deadline, activeDown + 100, 'active', 'send 100, announce'],
  [anActive, linkUp, 400, 'active', ''],
  [anActive, linkDown, 400, 'fault', 'send 0, release, active -> fault'],
  [anActive, claimFailed, 400, 'fault', 'send 0, release, active -> fault'],
  [anActive, claimSucceeded, 400, 'active', ''],
  [anActive, changed, 400, 'active', 'send 100'],
  [inFault, startup, 20, 'fault', ''],
  [inFault, shutdown, 20, 'initialize', 'fault -> initialize'],
  [inFault, advert(150), 20, 'fault', ''],
  [inFault, deadline, 20, 'fault', ''],
  [inFault, linkUp, 20, 'backup', 'release, fault -> backup'],
  [inFault, linkDown, 20, 'fault', ''],
  [inFault, claimFailed, 20, 'fault', ''],
  [inFault, claimSucceeded, 20, 'fault', ''],
  [inFault, changed, 20, 'fault', ''],

  // What is only noted, and by whom.
  [notStarted, synced, 0, 'initialize', ''],
  [notStarted, peerReported(true), 0, 'initialize', ''],
  [notStarted, blocked, 0, 'initialize', ''],
  [notStarted, maintenance, 0, 'initialize', ''],
  [notStarted, handedOverToStay, 0, 'initialize', ''],
  [notStarted, handedOver, 0, 'initialize', ''],
  [notStarted, handingOver, 0, 'initialize', ''],
  [notStarted, takeOverAsked, 0, 'initialize', ''],
  [notStarted, takeOverComplete, 0, 'initialize', ''],
  [notStarted, groupTakeOver, 0, 'initialize', ''],
  [notStarted, groupStepDown, 0, 'initialize', ''],
  [() => notStarted().at(0, maintenance), startup, 0, 'maintenance', 'release, initialize -> maintenance'],
  [() => notStarted().at(0, blocked), startup, 0, 'fault', 'release, initialize -> fault'],
  [
    notStarted,
    { type: 'startup', linkDown: undefined, adoptAfter: ms(200) },
    0,
    'backup',
    'refresh, initialize -> backup',
  ],

  [aBackup, synced, 10, 'backup', ''],
  [aBackup, peerReported(true), 10, 'backup', ''],
  [aBackup, blocked, 10, 'fault', 'backup -> fault'],
  [aBackup, unblocked, 10, 'backup', ''],
  [aBackup, maintenance, 10, 'maintenance', 'backup -> maintenance'],
  [aBackup, maintenanceOver, 10, 'backup', ''],
  [aBackup, handingOver, 10, 'backup', ''],
  [aBackup, handedOver, 10, 'backup', ''],
  [aBackup, handedOverToStay, 10, 'backup', ''],
  // The address is there before anybody hears of it.
  [aBackup, takeOverAsked, 10, 'active', 'claim, announce, backup -> active, send 100'],
  [aBackup, takeOverComplete, 10, 'backup', ''],
  [aBackup, groupTakeOver, 10, 'active', 'send 100, claim, announce, backup -> active'],
  [aBackup, groupStepDown, 10, 'backup', ''],
  [ofGroup, deadlineRead, activeDown, 'backup', 'request: active-down timer (nobody heard)'],
  [() => ofGroup().at(activeDown, deadlineRead), deadlineRead, activeDown + 1, 'backup', ''],
  [adopting, deadlineRead, 200, 'active', 'send 100, claim, announce, backup -> active'],
  [adopting, advert(50), 100, 'backup', 'release'],
  [adopting, groupStepDown, 100, 'backup', 'release'],
  [adopting, shutdown, 100, 'initialize', 'release, backup -> initialize'],
  [adopting, linkDown, 100, 'fault', 'release, backup -> fault'],
  [adopting, blocked, 100, 'fault', 'release, backup -> fault'],
  [adopting, maintenance, 100, 'maintenance', 'release, backup -> maintenance'],

  [anActive, synced, 400, 'active', ''],
  [anActive, peerReported(false), 400, 'active', ''],
  [anActive, peerReported(true), 400, 'backup', 'send 100, release, active -> backup'],
  [anActive, peerReported(true, 50), 400, 'active', 'send 100'],
  [anActive, blocked, 400, 'fault', 'send 0, release, active -> fault'],
  [anActive, unblocked, 400, 'active', ''],
  [anActive, maintenance, 400, 'maintenance', 'send 0, release, active -> maintenance'],
  [anActive, maintenanceOver, 400, 'active', ''],
  [anActive, handingOver, 400, 'active', ''],
  [anActive, handoverGivenUp, 400, 'active', ''],
  [leaving, handoverGivenUp, 400, 'active', 'send 100'],
  [leaving, advert(150), 400, 'active', ''],
  [leaving, peerReported(true), 400, 'active', ''],
  [leaving, handedOver, 400, 'backup', 'release, active -> backup'],
  [anActive, handedOver, 400, 'backup', 'release, active -> backup'],
  [anActive, handedOverToStay, 400, 'backup', 'release, active -> backup'],
  [anActive, takeOverAsked, 400, 'active', ''],
  [anActive, takeOverComplete, 400, 'active', 'announce'],
  [taking, advert(150), 400, 'active', ''],
  [taking, advert(160), 400, 'backup', 'send 100, release, active -> backup'],
  [taking, takeOverComplete, 400, 'active', 'announce'],
  [anActive, groupTakeOver, 400, 'active', ''],
  [anActive, groupStepDown, 400, 'backup', 'send 0, release, active -> backup'],

  [inFault, synced, 20, 'fault', ''],
  [inFault, peerReported(true), 20, 'fault', ''],
  [inFault, blocked, 20, 'fault', ''],
  [inFault, unblocked, 20, 'fault', ''],
  [isBlocked, unblocked, 20, 'backup', 'release, fault -> backup'],
  [isBlocked, linkUp, 20, 'fault', ''],
  [isBlocked, linkDown, 20, 'fault', ''],
  [() => isBlocked().at(15, linkDown), unblocked, 20, 'fault', ''],
  [inFault, maintenance, 20, 'maintenance', 'fault -> maintenance'],
  [inFault, maintenanceOver, 20, 'fault', ''],
  [inFault, handingOver, 20, 'fault', ''],
  [inFault, handedOver, 20, 'fault', ''],
  [inFault, handedOverToStay, 20, 'fault', ''],
  [inFault, takeOverAsked, 20, 'fault', ''],
  [inFault, takeOverComplete, 20, 'fault', ''],
  [inFault, groupTakeOver, 20, 'fault', ''],
  [inFault, groupStepDown, 20, 'fault', ''],

  [inMaintenance, startup, 20, 'maintenance', ''],
  [inMaintenance, shutdown, 20, 'initialize', 'maintenance -> initialize'],
  [inMaintenance, advert(150), 20, 'maintenance', ''],
  [inMaintenance, advert(0), 20, 'maintenance', ''],
  [inMaintenance, deadline, 20, 'maintenance', ''],
  [inMaintenance, linkUp, 20, 'maintenance', ''],
  [inMaintenance, linkDown, 20, 'maintenance', ''],
  [inMaintenance, claimSucceeded, 20, 'maintenance', ''],
  [inMaintenance, claimFailed, 20, 'maintenance', ''],
  [inMaintenance, synced, 20, 'maintenance', ''],
  [inMaintenance, changed, 20, 'maintenance', ''],
  [inMaintenance, blocked, 20, 'maintenance', ''],
  [inMaintenance, maintenance, 20, 'maintenance', ''],
  [inMaintenance, maintenanceOver, 20, 'backup', 'release, maintenance -> backup'],
  [() => inMaintenance().at(15, linkDown), maintenanceOver, 20, 'fault', 'maintenance -> fault'],
  [() => inMaintenance().at(15, blocked), maintenanceOver, 20, 'fault', 'maintenance -> fault'],
  [inMaintenance, handingOver, 20, 'maintenance', ''],
  [inMaintenance, handedOver, 20, 'maintenance', ''],
  [inMaintenance, takeOverAsked, 20, 'maintenance', ''],
  [inMaintenance, takeOverComplete, 20, 'maintenance', ''],
  [inMaintenance, peerReported(true), 20, 'maintenance', ''],
  [inMaintenance, groupTakeOver, 20, 'maintenance', ''],
  [inMaintenance, groupStepDown, 20, 'maintenance', ''],
]

/** Events that leave a note in the state though nothing is done. */
const noted: readonly Event['type'][] = [
  'advertisementReceived',
  'syncReadiness',
  'peerReported',
  'blocked',
  'maintenance',
  'handingOver',
  'handedOver',
  'takeOverAsked',
  'linkDown',
  'linkUp',
]

const eventTypes = Object.keys({
  startup: true,
  shutdown: true,
  advertisementReceived: true,
  deadlineReached: true,
  linkUp: true,
  linkDown: true,
  claimSucceeded: true,
  claimFailed: true,
  syncReadiness: true,
  parametersChanged: true,
  blocked: true,
  maintenance: true,
  handingOver: true,
  handedOver: true,
  takeOverAsked: true,
  takeOverComplete: true,
  peerReported: true,
  groupTakeOver: true,
  groupStepDown: true,
} satisfies Record<Event['type'], true>)

describe('vrrp/machine, cell by cell', () => {
  for (const [from, event, now, to, did] of cells) {
    const name = 'priority' in event ? `${event.type} ${event.priority}` : event.type
    it(`${from().state.name}, ${name} at ${now}: ${did || 'nothing'}, ${to}`, () => {
      const machine = from().at(now, event)
      assert.equal(machine.did, did)
      assert.equal(machine.state.name, to)
    })
  }

  it('has a row for every event in every state', () => {
    const rows = new Set(cells.map(([from, { type }]) => `${from().state.name}, ${type}`))
    const states: readonly State['name'][] = ['initialize', 'backup', 'active', 'fault', 'maintenance']
    const missing = states
      .flatMap((state) => eventTypes.map((type) => `${state}, ${type}`))
      .filter((cell) => !rows.has(cell))
    assert.deepEqual(missing, [])
  })

  it('keeps the same state object when an event changes nothing', () => {
    for (const [from, event, now, , did] of cells) {
      const machine = from()
      const before = machine.state
      machine.at(now, event)
      if (did === '' && !noted.includes(event.type)) assert.equal(machine.state, before)
    }
  })

  it('an adopting Backup lets go when the peer says that it is Active, and not when it says otherwise', () => {
    const machine = adopting().at(100, peerReported(false))
    assert.equal(machine.did, '')
    assert.equal(machine.backup().adopting, true)
    assert.equal(machine.at(110, peerReported(true)).did, 'release')
    assert.equal(machine.backup().adopting, false)
    assert.equal(machine.at(120, peerReported(true)).did, '')
  })

  it('what the former Active said before it released is not a rival yet; later it is', () => {
    const machine = taking().at(400, takeOverComplete)
    assert.equal(machine.at(419, advert(150)).did, '')
    assert.equal(machine.at(421, advert(150)).did, 'send 100, release, active -> backup')
  })

  it('a word that comes late does not prolong what it ends', () => {
    const machine = taking().at(1395, takeOverComplete)
    assert.equal(machine.active().takingFrom?.until, 1400)
  })

  it('keeps what sync says in every state', () => {
    for (const machine of [new Machine(params), aBackup(), anActive(), inFault()]) {
      machine.at(activeDown, { type: 'syncReadiness', readiness: ready })
      assert.deepEqual(machine.state.known.sync, ready)
    }
  })
})

describe('vrrp/machine, late timers', () => {
  it('reads what waits in the sockets before it elects itself', () => {
    const machine = aBackup().at(activeDown + 6, deadline)
    assert.equal(machine.did, 'read input')
    machine.at(activeDown + 7, advert(150)).at(activeDown + 7, deadlineRead)
    assert.equal(machine.state.name, 'backup')
    assert.equal(machine.did, '')
  })

  it('elects itself when nothing waited', () => {
    const machine = aBackup()
      .at(activeDown + 6, deadline)
      .at(activeDown + 7, deadlineRead)
    assert.equal(machine.state.name, 'active')
  })

  it('looks into the sockets though its timer is on time: the stall may have ended just now', () => {
    assert.equal(aBackup().at(activeDown, deadline).did, 'read input')
  })

  it('grants the Active one interval when it was itself late by one, once', () => {
    const machine = aBackup().at(activeDown + 100, deadlineRead)
    assert.equal(machine.state.name, 'backup')
    assert.equal(machine.backup().activeDownAt, activeDown + 200)
    machine.at(activeDown + 320, deadlineRead)
    assert.equal(machine.state.name, 'active')
  })

  it('reads before a late Active advertises', () => {
    const machine = anActive().at(activeDown + 150, deadline)
    assert.equal(machine.did, 'read input')
    assert.equal(machine.at(activeDown + 151, advert(150)).did, 'send 100, release, active -> backup')
  })

  it('an Active that was silent for longer than a Backup waits gives way to a lower priority', () => {
    const machine = anActive().at(activeDown + 100, deadline)
    machine.at(activeDown + 100 + activeDown, advert(50))
    assert.equal(machine.did, 'release, active -> backup')
    assert.equal(machine.reason, 'lb2 took over while this process was silent for 361 ms')
  })
})

describe('vrrp/machine, lease', () => {
  const refreshed = () => {
    const machine = anActive()
    assert.equal(machine.active().refreshAt, activeDown + 1000)
    return machine.at(activeDown + 1000, deadlineRead)
  }

  it('refreshes after a third and counts the lease from before the refresh', () => {
    const machine = refreshed()
    assert.equal(machine.did, 'send 100, refresh, announce')
    assert.equal(machine.active().leaseUntil, activeDown + 4000)
  })

  const wakes: readonly (readonly [string, Event, string])[] = [
    ['its timer', deadline, 'release, active -> backup'],
    ['its timer, input read', deadlineRead, 'release, active -> backup'],
    ['a lower advertisement', advert(50), 'release, active -> backup'],
    ['a higher advertisement', advert(150), 'release, active -> backup'],
    ['a resignation', advert(0), 'release, active -> backup'],
    ['shutdown', shutdown, 'release, active -> backup, backup -> initialize'],
    ['linkDown', linkDown, 'release, active -> backup, backup -> fault'],
    ['claimFailed', claimFailed, 'release, active -> backup'],
    ['claimSucceeded', claimSucceeded, 'release, active -> backup'],
    ['parametersChanged', changed, 'release, active -> backup'],
    ['sync', { type: 'syncReadiness', readiness: ready }, 'release, active -> backup'],
  ]
  for (const [name, event, did] of wakes) {
    it(`woken after its end by ${name} it is not Active and sends nothing`, () => {
      assert.equal(refreshed().at(activeDown + 4000, event).did, did)
    })
  }

  it('waits a whole active-down interval after losing it', () => {
    const machine = refreshed().at(10_000, deadline)
    assert.equal(machine.backup().activeDownAt, 10_000 + activeDown)
    assert.equal(machine.reason, 'lease ran out (this process stood still for up to 8639 ms)')
  })

  it('comes back by the preempt rule', () => {
    const machine = new Machine({ ...params, preempt: 'when_synced' }, notReady).at(0, startup)
    machine.at(activeDown, deadlineRead).at(10_000, advert(50)).at(10_200, advert(50))
    assert.equal(machine.backup().activeDownAt, 10_200 + activeDown)
  })

  it('is off with lease = "0s"', () => {
    const machine = anActive({ lease: undefined })
    assert.equal(machine.active().refreshAt, undefined)
    assert.equal(machine.at(60_000, deadlineRead).state.name, 'active')
  })
})

describe('vrrp/machine, announcements', () => {
  const announcements = (machine: Machine, until: number): number[] => {
    const moments: number[] = []
    for (let now = machine.active().announcedAt; now <= until; now = ms(now + 10)) {
      machine.at(now, deadlineRead)
      if (machine.did.includes('announce')) moments.push(Math.round(now - activeDown))
    }
    return moments
  }

  it('come count times, then while a dead rival may still answer, then stop', () => {
    const moments = announcements(anActive(), activeDown + 10_000)
    assert.deepEqual(moments.slice(0, 4), [100, 200, 600, 1000])
    const last = moments.at(-1) ?? 0
    assert.ok(last >= 4000 && last < 4500, `last at ${last}`)
  })

  it('go on at garp.refresh', () => {
    const garp = { ...params.garp, refresh: ms(2000) }
    const moments = announcements(anActive({ garp }), activeDown + 12_000)
    assert.ok(moments.some((at) => at > 9000))
  })

  it('start again when a rival is heard', () => {
    const machine = anActive()
    announcements(machine, activeDown + 10_000)
    const now = activeDown + 10_010
    assert.equal(machine.at(now, advert(50)).did, 'send 100, announce')
    assert.equal(machine.active().announceUntil, now + 4000)
  })

  it('and assertions are not multiplied by a flood', () => {
    const machine = anActive()
    let sent = 0
    for (let i = 0; i < 10_000; i++) {
      sent += machine.at(400 + i / 10_000, advert(50)).effects.length
    }
    assert.ok(sent <= 2, `${sent} effects`)
  })
})

describe('vrrp/machine, preemption', () => {
  /** Hears a lower-priority Active every 100 ms; when it took over, or undefined. */
  const takesOver = (more: Partial<RouterParams>, sync = notReady, readyAt?: number): number | undefined => {
    const machine = new Machine({ ...params, ...more }, sync).at(0, startup)
    for (let now = 50; now < 5000; now += 10) {
      if (now === readyAt) machine.at(now, { type: 'syncReadiness', readiness: ready })
      if (now % 100 === 50) machine.at(now, advert(50))
      if (machine.state.name === 'backup') machine.at(now, deadlineRead)
      if (machine.state.name === 'active') return now
    }
    return undefined
  }

  it('always: after the active-down interval', () => {
    assert.equal(takesOver({ preempt: 'always' }), 370)
  })
  it('never', () => {
    assert.equal(takesOver({ preempt: 'never' }, ready), undefined)
  })
  it('when_synced: not before the sessions are here', () => {
    assert.equal(takesOver({ preempt: 'when_synced' }), undefined)
    assert.equal(takesOver({ preempt: 'when_synced' }, ready), 370)
    assert.equal(takesOver({ preempt: 'when_synced' }, notReady, 2000), 2320)
  })
  it('preempt_delay counts from when it became able', () => {
    assert.equal(takesOver({ preempt: 'always', preemptDelay: ms(1000) }), 1320)
    assert.equal(takesOver({ preempt: 'when_synced', preemptDelay: ms(1000) }, notReady, 2000), 3320)
  })
  it('when_synced: a preemption under way is called off when the sessions are lost again', () => {
    const machine = aBackup({ preempt: 'when_synced' }, ready).at(300, advert(50))
    assert.equal(machine.backup().activeDownAt, activeDown)
    machine.at(350, { type: 'syncReadiness', readiness: notReady })
    assert.equal(machine.backup().activeDownAt, 300 + activeDown)
  })
  it('a dead Active is replaced whatever preempt says', () => {
    for (const preempt of ['always', 'never', 'when_synced'] as const) {
      const machine = aBackup({ preempt }).at(50, advert(50, { source: '10.0.0.12' }))
      machine.at(machine.backup().activeDownAt, deadlineRead)
      assert.equal(machine.state.name, 'active')
    }
  })
  it('says whom it preempts, and who fell silent', () => {
    const machine = aBackup({ preempt: 'always' }).at(350, advert(50)).at(activeDown, deadlineRead)
    assert.equal(machine.reason, 'preempts lb2 (priority 100 over 50)')
    const other = aBackup().at(50, advert(150))
    assert.equal(
      other.at(other.backup().activeDownAt, deadlineRead).reason,
      'active-down timer (lb2 silent for 361 ms)',
    )
    assert.equal(aBackup().at(activeDown, deadlineRead).reason, 'active-down timer (nobody heard)')
    assert.equal(
      aBackup()
        .at(50, advert(0))
        .at(50 + skew, deadlineRead).reason,
      'lb2 resigned',
    )
  })
})

describe('vrrp/machine, faults', () => {
  it('backs off longer each time the kernel refuses the address, up to a minute', () => {
    const machine = anActive()
    const waits: number[] = []
    let now = activeDown
    for (let i = 0; i < 8; i++) {
      machine.at(now, claimFailed)
      const retryAt = machine.fault().retryAt ?? 0
      waits.push(Math.round(retryAt - now))
      machine.at(retryAt, deadline)
      now = machine.backup().activeDownAt
      machine.at(now, deadlineRead)
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    machine.at(now + 1, claimSucceeded)
    assert.equal(machine.state.known.claimFailures, 0)
  })

  it('the link coming back does not cut a back-off short', () => {
    const machine = anActive().at(400, claimFailed).at(500, linkDown).at(600, linkUp)
    assert.equal(machine.state.name, 'fault')
    assert.equal(machine.at(1400, deadline).state.name, 'backup')
  })

  it('joining over a transport that needs a handshake takes joinDelay longer', () => {
    assert.equal(aBackup({ joinDelay: ms(1000) }).backup().activeDownAt, 1000 + activeDown)
  })
})
