import assert from 'node:assert/strict'
import type { Health } from '../../src/base/facts.js'
import { millis, type Weight } from '../../src/base/units.js'
import type { VirtualServiceConfig } from '../../src/config/model.js'
import {
  desiredDaemons,
  desiredEntries,
  desiredTable,
  type HealthOf,
  type Influences,
  noInfluences,
} from '../../src/ipvs/desired.js'
import { type ServiceEntry, serviceId } from '../../src/ipvs/model.js'
import { server, service } from './configs.js'

const sync = { transport: 'unicast' } as const

/** Of a service with one port. */
function desiredEntry(config: VirtualServiceConfig, healthOf: HealthOf, actual: ServiceEntry | undefined) {
  const services = new Map(actual ? [[serviceId(actual.service.key), actual]] : [])
  const [entry] = desiredEntries(config, healthOf, { services, daemons: [] }).values()
  assert.ok(entry)
  return entry
}

describe('ipvs desired table', () => {
  const cases: readonly {
    health: Health
    onDown?: 'quiesce' | 'remove'
    initial?: 'up' | 'down'
    inKernel?: number
    weight: number | undefined
  }[] = [
    { health: 'healthy', weight: 100 },
    { health: 'healthy', inKernel: 0, weight: 100 },
    { health: 'unhealthy', weight: 0 },
    { health: 'unhealthy', inKernel: 100, weight: 0 },
    { health: 'unhealthy', onDown: 'remove', weight: undefined },
    { health: 'unhealthy', onDown: 'remove', inKernel: 100, weight: undefined },
    { health: 'unknown', weight: 100 },
    { health: 'unknown', initial: 'down', weight: 0 },
    { health: 'unknown', inKernel: 0, weight: 0 },
    { health: 'unknown', inKernel: 7, weight: 7 },
    { health: 'unknown', initial: 'down', inKernel: 7, weight: 7 },
    { health: 'unknown', onDown: 'remove', inKernel: 0, weight: 0 },
  ]
  for (const { health, onDown = 'quiesce', initial = 'up', inKernel, weight } of cases) {
    const there = inKernel === undefined ? 'absent' : `weight ${inKernel}`
    it(`${health}, on_down ${onDown}, initial ${initial}, ${there}: ${weight ?? 'absent'}`, () => {
      const config = service('web', '10.0.0.100:80', [server('10.0.0.21:80')], { onDown, initial })
      const full = desiredEntry(config, () => 'healthy', undefined)
      const actual: ServiceEntry = {
        service: full.service,
        destinations: new Map(
          inKernel === undefined
            ? []
            : [...full.destinations].map(([id, one]) => [id, { ...one, weight: inKernel }]),
        ),
      }
      const wanted = desiredEntry(config, () => health, actual)
      assert.equal(wanted.destinations.get('10.0.0.21:80')?.weight, weight)
    })
  }

  it('what the checks ask for counts while healthy, in place of the weight; an operator’s word wins', () => {
    const config = service('web', '10.0.0.100:80', [server('10.0.0.21:80'), server('10.0.0.22:80')])
    const weights = (health: Health, influences: Partial<Influences>) => {
      const asked = { askedOf: () => ({ percent: 30 }), ...influences }
      const entries = desiredEntries(
        config,
        () => health,
        { services: new Map(), daemons: [] },
        { ...noInfluences, ...asked },
      )
      return [...entries.values()].flatMap(({ destinations }) =>
        [...destinations.values()].map(({ weight }) => weight),
      )
    }
    assert.deepEqual(weights('healthy', {}), [30, 30])
    assert.deepEqual(weights('healthy', { askedOf: () => ({ weight: 250 as Weight }) }), [250, 250])
    assert.deepEqual(weights('unhealthy', {}), [0, 0])
    assert.deepEqual(weights('healthy', { momentary: (_service, _server, full) => full / 10 }), [3, 3])
    const override = { action: 'weight', weight: 7, reason: undefined, since: 0 } as const
    const overrideOf = (name: string, one: string) => ({ service: name, server: one, ...override })
    assert.deepEqual(weights('healthy', { overrideOf }), [7, 7])
  })

  it('asks for the health of each server by its names, and of none without checks', () => {
    const asked: string[] = []
    const config = service('web', '10.0.0.100:80', [
      server('10.0.0.21:80', { name: 'first' }),
      server('10.0.0.22:80', { checks: [], weight: 5 as Weight }),
    ])
    const healthOf = (name: string, member: string): Health => {
      asked.push(`${name} ${member}`)
      return 'unhealthy'
    }
    const { destinations } = desiredEntry(config, healthOf, undefined)
    assert.deepEqual(asked, ['web first'])
    assert.deepEqual(
      [...destinations.values()].map(({ weight }) => weight),
      [0, 5],
    )
  })

  it('says a service in the kernel’s numbers', () => {
    const config = service('dns', '[2001:db8::1]:53', [server('[2001:db8::21]:53', { forwarding: 'nat' })], {
      protocol: 'udp',
      scheduler: 'rr',
      persistence: millis(1500),
    })
    const setting = { services: [config], sync, directorId: 1, peerId: undefined }
    const table = desiredTable(setting, () => 'healthy', { services: new Map(), daemons: [] })
    const entry = table.services.get('udp [2001:db8::1]:53')
    assert.ok(entry)
    const { key, ...rest } = entry.service
    assert.equal(key.kind === 'endpoint' && key.protocol, 17)
    assert.deepEqual(rest, {
      scheduler: 'rr',
      flags: 1,
      persistenceSeconds: 2,
      netmask: 128,
      engine: undefined,
    })
    assert.equal(entry.destinations.get('[2001:db8::21]:53')?.forwarding, 0)
    assert.deepEqual(table.daemons, [])
  })

  it('sends under its own sync id and listens to the peer’s, both on lo', () => {
    const daemons = desiredDaemons({ services: [], sync, directorId: 2, peerId: 1 })
    assert.deepEqual(
      daemons.map(({ role, interface: name, syncId }) => [role, name, syncId]),
      [
        ['master', 'lo', 2],
        ['backup', 'lo', 1],
      ],
    )
    assert.deepEqual(
      desiredDaemons({ services: [], sync: { transport: 'off' }, directorId: 2, peerId: 1 }),
      [],
    )
  })
})
