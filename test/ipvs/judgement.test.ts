/** Quorum, panic, hold-downs and operators together, in every order. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Health, ServerOverride } from '../../src/base/facts.js'
import { type Millis, millis } from '../../src/base/units.js'
import { Circumstances } from '../../src/ipvs/circumstances.js'
import type { ServiceEntry, Table } from '../../src/ipvs/model.js'
import { server, service } from './configs.js'

const names = ['10.0.0.21:80', '10.0.0.22:80', '10.0.0.23:80', '10.0.0.24:80'] as const
const sorry = '10.0.0.90:80'

type Step =
  | { readonly what: 'verdict'; readonly server: number; readonly health: Health }
  | { readonly what: 'ask'; readonly server: number; readonly percent: number }
  | { readonly what: 'order'; readonly server: number; readonly action: ServerOverride['action'] | 'enable' }
  | { readonly what: 'wait'; readonly span: number }
  | { readonly what: 'flap'; readonly server: number }
  | { readonly what: 'restart' }

const someServer = fc.integer({ min: 0, max: names.length - 1 })
const verdictOf = fc.constantFrom<Health>('healthy', 'unhealthy', 'unhealthy', 'unknown')
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ what: fc.constant('verdict'), server: someServer, health: verdictOf }),
    },
    fc.record({
      what: fc.constant('ask'),
      server: someServer,
      percent: fc.constantFrom(1, 30, 100),
    }),
    fc.record({
      what: fc.constant('order'),
      server: someServer,
      action: fc.constantFrom('drain', 'quiesce', 'disable', 'weight', 'enable', 'enable', 'enable'),
    }),
    {
      weight: 3,
      arbitrary: fc.record({ what: fc.constant('wait'), span: fc.integer({ min: 1, max: 120_000 }) }),
    },
    fc.record({ what: fc.constant('flap'), server: someServer }),
    fc.record({ what: fc.constant('restart') }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 120 },
)

const options = fc.record({
  quorum: fc.constantFrom(1, 200, 300),
  quorumHysteresis: fc.constantFrom(0, 0, 50),
  panicThreshold: fc.constantFrom(undefined, 0.3, 0.5),
  slowStart: fc.constantFrom(undefined, millis(10_000)),
  onDown: fc.constantFrom('quiesce' as const, 'remove' as const),
  sorryServer: fc.constantFrom(undefined, server(sorry)),
})

/** The ipvs process without its kernel: what it wants is there at once. */
class World {
  readonly health = new Map<string, Health>()
  readonly orders = new Map<string, ServerOverride>()
  readonly web
  now: Millis = millis(0)
  table: Table = { services: new Map(), daemons: [] }
  circumstances = new Circumstances()

  constructor(change: Partial<ReturnType<typeof service>>) {
    this.web = service(
      'web',
      '10.0.0.100:80',
      names.map((name) => server(name)),
      { ...change, quorumHysteresis: change.quorum === 1 ? 0 : (change.quorumHysteresis ?? 0) },
    )
    this.configure()
  }

  get entry(): ServiceEntry {
    const [entry] = this.table.services.values()
    assert.ok(entry)
    return entry
  }

  weightOf(name: string): number {
    return this.entry.destinations.get(name)?.weight ?? 0
  }

  take(step: Step): void {
    switch (step.what) {
      case 'verdict':
        this.say(names[step.server] ?? sorry, step.health)
        break
      case 'ask': {
        const name = names[step.server] ?? sorry
        if (this.health.get(name) === 'healthy') this.say(name, 'healthy', step.percent)
        break
      }
      case 'order': {
        const name = names[step.server] ?? sorry
        const weight = step.action === 'weight' ? 40 : undefined
        if (step.action === 'enable') this.orders.delete(name)
        else {
          const { action } = step
          this.orders.set(name, {
            service: 'web',
            server: name,
            action,
            weight,
            reason: undefined,
            since: this.now,
          })
        }
        this.configure()
        break
      }
      case 'wait':
        this.wait(step.span)
        break
      case 'flap':
        for (let i = 0; i < 8; i++) {
          this.say(names[step.server] ?? sorry, i % 2 === 0 ? 'unhealthy' : 'healthy')
          this.follow()
          this.wait(2_000)
        }
        break
      case 'restart':
        // Its successor is told what the checks last said, and finds the table.
        this.circumstances = new Circumstances()
        this.configure()
        this.follow()
        for (const [name, health] of this.health) this.say(name, health)
        break
    }
    this.follow()
  }

  private say(name: string, health: Health, percent?: number): void {
    if (health !== 'unknown') this.health.set(name, health)
    const asked = percent === undefined ? {} : { asked: { weight: { percent }, by: 'agent' } }
    const fact = { service: 'web', server: name, health, reason: 'as the test says', since: 0, ...asked }
    this.circumstances.healthChanged([fact], this.table, this.now)
  }

  private configure(): void {
    const setting = { services: [this.web], overrides: [...this.orders.values()] }
    this.circumstances.configure(setting, this.now)
    this.follow()
  }

  /** Alarm by alarm. */
  wait(span: number): void {
    const end = this.now + span
    for (let due = this.circumstances.nextDue(); due !== undefined && due <= end; ) {
      this.now = millis(Math.max(this.now, due))
      this.circumstances.due(this.now, 64)
      this.follow()
      const next = this.circumstances.nextDue()
      assert.ok(next === undefined || next > this.now || due < this.now, 'an alarm that does not end')
      due = next
    }
    this.now = millis(end)
  }

  private follow(): void {
    this.table = {
      services: this.circumstances.desiredEntries(this.web, this.table, this.now),
      daemons: [],
    }
    this.circumstances.news()
  }

  isUp(name: string): boolean {
    const action = this.orders.get(name)?.action
    return this.health.get(name) === 'healthy' && (action === undefined || action === 'weight')
  }
}

describe('ipvs judgement of a whole service', () => {
  it('serves while anybody is up, gives nothing to who is out, and never traps', () => {
    fc.assert(
      fc.property(options, steps, (change, all) => {
        const world = new World(change)
        for (const step of all) {
          world.take(step)
          const up = names.filter((name) => world.isUp(name))
          const { judgements } = world.circumstances
          const stands = world.entry.destinations.has(sorry)
          const serving = names.filter((name) => world.weightOf(name) > 0)
          if (up.length > 0) assert.ok(serving.length > 0 || stands, 'somebody is up, and nobody serves')
          if (stands) assert.deepEqual(serving, [])
          const reached = judgements.quorumOf('web')?.reached
          assert.equal(stands, change.sorryServer !== undefined && reached === false)
          for (const name of serving) {
            const action = world.orders.get(name)?.action
            assert.ok(action === undefined || action === 'weight', `${action} and served`)
            if (world.health.get(name) === 'unhealthy') assert.ok(judgements.isSuspect('web', name))
          }
          // Whoever is up and gets nothing has a reason.
          for (const name of up)
            if (world.weightOf(name) === 0)
              assert.ok(stands || judgements.heldUntil('web', name) !== undefined, `${name} is forgotten`)
        }
        // When all is well for long enough, all serve with all of their weight, whatever was before.
        for (const [i] of names.entries()) {
          world.take({ what: 'order', server: i, action: 'enable' })
          world.take({ what: 'verdict', server: i, health: 'healthy' })
        }
        world.take({ what: 'wait', span: 600_000 })
        assert.equal(world.circumstances.judgements.panicOf('web'), undefined)
        assert.equal(world.entry.destinations.has(sorry), false)
        for (const name of names) assert.ok(world.weightOf(name) === 100 || change.quorum === 300, name)
        // And when nobody answers any more, in the end nobody is served where somebody else is there for it.
        for (const [i] of names.entries()) world.take({ what: 'verdict', server: i, health: 'unhealthy' })
        world.take({ what: 'wait', span: 600_000 })
        if (change.sorryServer) assert.deepEqual([...world.entry.destinations.keys()].includes(sorry), true)
      }),
      { numRuns: 400 },
    )
  }).timeout(60_000)
})
