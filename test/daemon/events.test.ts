import { deepEqual, equal, ok } from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { type DirectorEvent, eventText } from '../../src/base/events.js'
import type { Health, ServerHealth } from '../../src/base/facts.js'
import { Events } from '../../src/daemon/events.js'
import { healthKey } from '../../src/daemon/health-key.js'
import { server, service } from '../healthcheck/samples.js'
import { VirtualClock } from '../healthcheck/virtual-clock.js'

describe('daemon/events', () => {
  let batches: (readonly DirectorEvent[])[] = []
  let clock: VirtualClock
  let events: Events
  beforeEach(() => {
    batches = []
    clock = new VirtualClock()
    events = new Events(clock, (batch) => batches.push(batch))
  })
  const told = async (): Promise<readonly string[]> => {
    await turn()
    return batches.flat().map((event) => `${event.type} ${eventText(event)}`)
  }
  const changed = (changes: Readonly<Record<string, Health>>, all = changes): void => {
    const verdict = (name: string, health: Health): ServerHealth => ({
      service: 'web',
      server: name,
      health,
      reason: 'because',
      since: 0,
    })
    const facts = (of: Readonly<Record<string, Health>>) =>
      Object.entries(of).map(([name, health]) => verdict(name, health))
    const web = service('web', [server('10.0.0.21:80', [], 'a'), server('10.0.0.22:80', [], 'b')])
    events.healthChanged(
      facts(changes),
      [web],
      new Map(facts(all).map((one) => [healthKey('web', one.server), one])),
    )
  }

  it('have rising numbers, after those of a daemon before, and come together', async () => {
    events.tell('config.reload', 'config', 'applied', 'x')
    events.tell('config.reload', 'config', 'applied', 'x')
    await turn()
    equal(batches.length, 1)
    await clock.advance(60_000)
    events.tell('table.drift', 'ipvs', 'repaired', 'y')
    await turn()
    const ids = batches.flat().map(({ id }) => id)
    ok((ids[0] ?? 0) >= 1_700_000_000_000)
    deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    )
    equal(batches.flat()[2]?.at, clock.wall())
  })

  it('tell a state once, and what it was before', async () => {
    for (const reachable of [true, true, false, true]) events.peerLink('lb2', reachable)
    deepEqual(await told(), [
      'peer.link lb2: reachable, heard on the pair port',
      'peer.link lb2: reachable -> unreachable, not heard on the pair port',
      'peer.link lb2: unreachable -> reachable, heard on the pair port',
    ])
  })

  it('of a service tell when none of its servers is healthy, and when one is again', async () => {
    changed({ a: 'unhealthy' })
    deepEqual(await told(), ['server.health web/a: unhealthy, because'])
    batches = []
    changed({ b: 'unhealthy' }, { a: 'unhealthy', b: 'unhealthy' })
    changed({ b: 'healthy' }, { a: 'unhealthy', b: 'healthy' })
    changed({ a: 'healthy' }, { a: 'healthy', b: 'healthy' })
    changed({ a: 'unknown' }, { a: 'unknown', b: 'healthy' })
    deepEqual(await told(), [
      'server.health web/b: unhealthy, because',
      'service.health web: unhealthy, none of 2 servers is healthy',
      'server.health web/b: unhealthy -> healthy, because',
      'service.health web: unhealthy -> healthy, 1 of 2 servers healthy',
      'server.health web/a: unhealthy -> healthy, because',
    ])
  })

  it('of a service follow its quorum, and tell that failures are not believed', async () => {
    const web = (panicThreshold?: number) => [
      {
        ...service('web', [server('10.0.0.21:80', [], 'a'), server('10.0.0.22:80', [], 'b')]),
        panicThreshold,
      },
    ]
    const of = (health: Health): ReadonlyMap<string, ServerHealth> =>
      new Map(
        ['a', 'b'].map((one) => [
          healthKey('web', one),
          { service: 'web', server: one, health, reason: 'because', since: 0 },
        ]),
      )
    const quorum = (reached: boolean, reason: string) =>
      ({ type: 'quorumChanged', service: 'web', reached, have: 100, needed: 200, reason }) as const
    const panic = (on: boolean, reason: string) =>
      ({ type: 'panicChanged', service: 'web', panic: on, reason }) as const
    changed({ a: 'healthy' })
    events.judged(quorum(false, 'one weighs too little'), web(), of('healthy'))
    changed({ b: 'healthy' }, { a: 'healthy', b: 'healthy' })
    events.judged(quorum(true, 'both weigh enough'), web(), of('healthy'))
    events.judged(panic(true, 'both failed'), web(0.5), of('unhealthy'))
    events.healthChanged([...of('unhealthy').values()], web(0.5), of('unhealthy'))
    events.judged(quorum(false, 'it is believed'), web(0.5), of('unhealthy'))
    events.judged(panic(false, 'it is believed'), web(0.5), of('unhealthy'))
    const services = (await told()).filter((line) => line.startsWith('service'))
    deepEqual(services, [
      'service.health web: healthy, 1 of 2 servers healthy',
      'service.health web: healthy -> unhealthy, one weighs too little',
      'service.health web: unhealthy -> healthy, both weigh enough',
      'service.health web: healthy -> panic, both failed',
      'service.health web: panic -> unhealthy, it is believed',
    ])
    batches = []
    events.ipvsBegins()
    events.judgedAnew(web(), of('healthy'))
    events.judged(
      { type: 'serverHeld', service: 'web', server: 'a', held: true, reason: 'to and fro' },
      web(),
      of('healthy'),
    )
    deepEqual(await told(), [
      'service.health web: unhealthy -> healthy, 2 of 2 servers healthy',
      'server.held web/a: held, to and fro',
    ])
  })

  it('do not call a service unhealthy before it is known whether to believe it', async () => {
    const web = { ...service('web', [server('10.0.0.21:80', [], 'a')]), panicThreshold: 0.5 }
    const down: ServerHealth = { service: 'web', server: 'a', health: 'unhealthy', reason: 'x', since: 0 }
    events.healthChanged([down], [web], new Map([[healthKey('web', 'a'), down]]))
    deepEqual(await told(), ['server.health web/a: unhealthy, x'])
  })

  it('of a subject that is gone and comes back begin anew', async () => {
    events.peerLink('lb2', true)
    events.forget(({ type }) => type === 'router.role')
    events.peerLink('lb2', true)
    events.forget(({ type, subject }) => type === 'peer.link' && subject === 'lb2')
    events.peerLink('lb2', true)
    equal((await told()).length, 2)
  })

  it('tell what became of a handover, and of a long drift the beginning', async () => {
    events.handedOver([
      { unit: 'front', result: { ok: true, value: 'lb2' } },
      { unit: 'back', result: { ok: false, error: 'lb2 is not reachable' } },
    ])
    events.driftRepaired(['a', 'b', 'c', 'd', 'e'])
    deepEqual(await told(), [
      'router.handover front: done, to lb2',
      'router.handover back: refused, lb2 is not reachable',
      'table.drift ipvs: repaired, a; b; c and 2 more',
    ])
  })
})
