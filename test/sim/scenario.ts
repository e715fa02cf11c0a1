/** One seeded life of a pair (or of three): trouble, healing, rest, over and over. */
import { type Millis, millis, priority } from '../../src/base/units.js'
import type { Preempt } from '../../src/config/model.js'
import { step as realStep, type StepFunction } from '../../src/vrrp/machine.js'
import { nextDeadline, type RouterParams } from '../../src/vrrp/state.js'
import type { SimDirector } from './director.js'
import { Invariants, Violation } from './invariants.js'
import type { Weather } from './lan.js'
import { SeededRandom } from './random.js'
import { addressOf, World } from './world.js'

export interface Outcome {
  readonly virtualHours: number
  readonly transitions: number
  readonly faults: number
}

/** A violated invariant with what one needs to see it again. */
export class SeedFailure extends Error {
  constructor(
    readonly seed: number,
    readonly violation: Violation,
    readonly trace: readonly string[],
  ) {
    super(`seed ${seed}: ${violation.message}\n${trace.join('\n')}`)
    this.name = 'SeedFailure'
  }
}

const rounds = 40

/** Throws `SeedFailure`. */
export function live(seed: number, step: StepFunction = realStep): Outcome {
  const scenario = new Scenario(seed, step)
  try {
    for (let round = 0; round < rounds; round++) scenario.round()
  } catch (error) {
    if (error instanceof Violation) throw new SeedFailure(seed, error, scenario.world.trace)
    throw error
  }
  return scenario.outcome()
}

class Scenario {
  readonly world: World
  private readonly random: SeededRandom
  private readonly invariants: Invariants
  private transitions = 0
  private faults = 0

  constructor(seed: number, step: StepFunction) {
    const random = new SeededRandom(seed)
    this.random = random
    const interval = millis(random.pick([100, 200, 500, 1_000, 2_000, 5_000, 10_000]))
    const latency = random.between(0.1, interval / 50)
    const calm: Weather = { latency: [0.05, latency], reorders: false, loss: 0, duplication: 0 }
    this.world = new World({ random, step, calm, params: drawParams(random, interval) })
    this.invariants = new Invariants(this.world)
    this.world.watch({
      stepped: (director, effects, transitions) => {
        this.transitions += transitions.length
        this.invariants.stepped(director, effects, transitions)
      },
    })
  }

  outcome(): Outcome {
    return {
      virtualHours: this.world.clock.now() / 3_600_000,
      transitions: this.transitions,
      faults: this.faults,
    }
  }

  round(): void {
    if (this.random.chance(0.5)) this.trouble()
    else this.accident()
    this.heal()
    this.pass(this.invariants.settlingTime())
    this.invariants.settled()
    this.rest()
  }

  /** Nothing happens, so nothing may change. */
  private rest(): void {
    const before = this.transitions
    this.pass(this.random.between(1, 10) * this.interval)
    if (this.transitions !== before) throw new Violation('rest', 'a role changed though nothing happened')
    this.invariants.settled()
  }

  /** Several things at once, in bad weather. */
  private trouble(): void {
    for (let i = this.random.integer(1, 6); i > 0; i--) {
      this.fault()
      this.pass(this.random.between(0, 6) * this.interval)
    }
  }

  private fault(): void {
    const { random, world } = this
    const director = random.pick(this.all)
    const other = random.pick(this.all)
    const kinds: readonly [readonly [string, () => void], ...(readonly [string, () => void])[]] = [
      [`${director.name} unplugged`, () => world.unplug(director.id)],
      [`cable ${director.name} to ${other.name} cut one way`, () => world.cut(director.id, other.id)],
      ['bad weather', () => world.storm(this.badWeather())],
      [`${director.name} stalls`, () => this.stall(director, random.between(0, 9) * this.interval)],
      [
        `${director.name} freezes`,
        () => this.stall(director, random.between(0.5, 4) * (director.params.lease ?? 3_000)),
      ],
      [`${director.name} killed`, () => director.kill()],
      [`${director.name} terminated`, () => director.terminate()],
      [`${director.name} started`, () => director.start()],
      [`${director.name} link toggled`, () => director.setLink(!director.link)],
      [`${director.name} sync toggled`, () => director.setSync(!director.sync.ready)],
      ['healed for a while', () => world.calmDown()],
    ]
    const [name, happen] = random.pick(kinds)
    this.faults++
    world.note(name)
    happen()
  }

  /** One thing in fair weather, with a time limit for what must follow. */
  private accident(): void {
    const { random, world } = this
    const active = this.all.find((director) => director.active)
    if (!active) return
    this.faults++
    switch (random.integer(0, 4)) {
      case 0:
        world.note(`${active.name} dies`)
        active.kill()
        this.succession(false)
        return
      case 1:
        world.note(`${active.name} resigns`)
        active.terminate()
        this.succession(true)
        return
      case 2:
        world.note(`${active.name} freezes`)
        this.stall(active, random.between(4, 30) * this.interval + (active.params.lease ?? 0))
        this.succession(false)
        return
      case 3: {
        world.note('all restart at once')
        for (const director of this.all) director.kill()
        this.pass(10_000)
        for (const director of this.all) director.start()
        return
      }
      default: {
        const director = random.pick(this.all)
        world.note(`${director.name} stalls in fair weather`)
        const deadline = nextDeadline(director.state)
        // Some end just after the timer: then it is hardly late, and yet much was missed.
        const toDeadline = deadline === undefined ? 0 : deadline - world.clock.now()
        const justAfter = toDeadline > 0 && random.chance(0.3)
        this.stall(
          director,
          justAfter ? toDeadline + random.between(2, 5) : random.between(0.1, 6) * this.interval,
        )
        this.pass(7 * this.interval)
      }
    }
  }

  private succession(resigned: boolean): void {
    const backups = this.all.filter(
      ({ process, link, state }) => process === 'running' && link && state.name === 'backup',
    )
    const limit = this.invariants.successionTime(resigned)
    if (backups.length === 0) return
    this.pass(limit)
    if (!this.all.some(({ active, process }) => active && process === 'running'))
      throw new Violation('succession', `nobody is Active ${Math.round(limit)} ms after`)
  }

  private heal(): void {
    this.world.note('healed')
    this.world.calmDown()
    for (const director of this.all) {
      director.wake()
      director.setLink(true)
      // Now and then one stays dead for the round; without a lease its kernel would hold the address for ever.
      const mayStayDead = director.params.lease !== undefined && this.random.chance(0.15)
      if (!mayStayDead || this.all.every(({ process }) => process === 'dead')) director.start()
    }
  }

  private stall(director: SimDirector, span: number): void {
    director.stall()
    this.world.clock.at(millis(this.world.clock.now() + span), () => director.wake())
  }

  private pass(span: number): void {
    const { clock } = this.world
    const end = clock.now() + span
    while (clock.now() < end) {
      clock.runUntil(Math.min(clock.now() + this.random.between(0.5, 4) * this.interval, end))
      if (this.random.chance(0.2)) this.world.clientAsks()
    }
  }

  private badWeather(): Weather {
    const { random, interval } = this
    return {
      latency: [0, random.between(0, 0.8) * interval],
      reorders: random.chance(0.5),
      loss: random.pick([0, 0.1, 0.5, 0.9]),
      duplication: random.pick([0, 0.2]),
    }
  }

  private get all(): [SimDirector, ...SimDirector[]] {
    const [first, ...others] = this.world.directors
    if (!first) throw new Error('a world without directors')
    return [first, ...others]
  }

  private get interval(): Millis {
    return this.all[0].params.advertisementInterval
  }
}

function drawParams(random: SeededRandom, advertisementInterval: Millis): RouterParams[] {
  const equal = random.chance(0.2)
  const preempt = random.pick<Preempt>(['always', 'never', 'when_synced'])
  const lease = random.chance(0.9) ? millis(random.pick([1_000, 3_000, 10_000])) : undefined
  const joinDelay = millis(random.pick([0, 1_000]))
  const preemptDelay = millis(random.pick([0, 0, 5 * advertisementInterval]))
  return Array.from({ length: random.chance(0.7) ? 2 : 3 }, (_, id) => ({
    priority: priority(equal ? 100 : 220 - 60 * id - random.integer(0, 20)) ?? fault('priority'),
    source: addressOf(id),
    advertisementInterval,
    preempt,
    preemptDelay,
    lease: lease === undefined ? undefined : millis(Math.max(lease, 2 * advertisementInterval)),
    garp: { count: random.integer(1, 5), interval: millis(100), refresh: millis(10_000) },
    joinDelay,
    alone: false,
  }))
}

function fault(what: string): never {
  throw new Error(`drew no valid ${what}`)
}
