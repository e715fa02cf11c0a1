/** One seeded life of a pair (or of three): trouble, healing, rest, over and over. */
import { type Millis, millis, type Priority, priority } from '../../src/base/units.js'
import type { Preempt } from '../../src/config/model.js'
import { step as realStep } from '../../src/vrrp/machine.js'
import type { RouterParams } from '../../src/vrrp/state.js'
import type { SkewRule } from '../../src/vrrp/timers.js'
import type { SimDirector } from './director.js'
import { Invariants, Violation } from './invariants.js'
import type { Weather } from './lan.js'
import { SeededRandom } from './random.js'
import type { SimStep } from './sim-step.js'
import { addressOf, World } from './world.js'

export interface Outcome {
  readonly virtualHours: number
  /** Milliseconds, as drawn; reloads change it. */
  readonly interval: number
  /** Events handled by machines. */
  readonly steps: number
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

/**
 * How often each interval is drawn, in milliseconds. A life has the same number of rounds whatever its
 * interval, so the faults are shared out like this, and the hours go to the longer intervals. 40 s is about
 * the longest that version 3 can say.
 */
const intervals: readonly (readonly [interval: number, weight: number])[] = [
  [100, 8],
  [200, 8],
  [500, 16],
  [1_000, 60],
  [2_000, 45],
  [5_000, 60],
  [10_000, 40],
  [20_000, 25],
  [40_000, 13],
]
const shortestInterval = 100
const longestInterval = 40_000

export interface LifeOptions {
  readonly step?: SimStep
  /** Gets every line of what happens. */
  readonly follow?: (line: string) => void
}

/** Throws `SeedFailure`. */
export function live(seed: number, { step = realStep, follow }: LifeOptions = {}): Outcome {
  const scenario = new Scenario(seed, step, follow)
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
  private readonly firstInterval: Millis
  private steps = 0
  private reloads = 0
  private transitions = 0
  private faults = 0

  constructor(seed: number, step: SimStep, follow?: (line: string) => void) {
    const random = new SeededRandom(seed)
    this.random = random
    const interval = drawInterval(random)
    this.firstInterval = interval
    const latency = random.between(0.1, interval / 50)
    const calm: Weather = { latency: [0.05, latency], reorders: false, loss: 0, duplication: 0 }
    this.world = new World({ random, step, calm, params: drawParams(random, interval), follow })
    this.invariants = new Invariants(this.world)
    this.world.watch({
      stepped: (director, event, effects, transitions) => {
        this.steps++
        this.transitions += transitions.length
        this.invariants.stepped(director, event, effects, transitions)
      },
    })
  }

  outcome(): Outcome {
    return {
      virtualHours: this.world.clock.now() / 3_600_000,
      interval: this.firstInterval,
      steps: this.steps,
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
      [`${director.name} has its date set`, () => director.host.stepWall(random.between(-1, 1) * 3_600_000)],
      [`${director.name} gets another priority`, () => director.reload(this.otherPriority(director))],
      ['another interval', () => this.rollingReload()],
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
    switch (random.integer(0, 7)) {
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
      case 4:
        this.split()
        return
      case 5:
        world.note('a reload in fair weather')
        this.reload()
        return
      case 6:
        world.note('the sessions are here and lost again')
        for (let i = 0; i < 4; i++) this.syncFlaps()
        return
      default: {
        const director = random.pick(this.all)
        world.note(`${director.name} stalls in fair weather`)
        // Some end just after the timer: then it is hardly late, and yet much was missed.
        const toDeadline = director.untilDeadline() ?? 0
        const justAfter = toDeadline > 0 && random.chance(0.3)
        this.stall(
          director,
          justAfter ? toDeadline + random.between(2, 5) : random.between(0.1, 6) * this.interval,
        )
        this.pass(7 * this.interval)
      }
    }
  }

  /** Over before a preemption because of it can be, or just after. */
  private syncFlaps(): void {
    const told = this.all.filter(({ params }) => params.preempt === 'when_synced')
    if (told.length === 0) return
    for (const director of told) director.setSync(true)
    this.pass(this.random.between(2, 4) * this.interval)
    for (const director of told) director.setSync(false)
    this.pass(5 * this.interval)
  }

  /** One director alone on its side for long, its carrier up: both sides have an Active when the LAN is whole again. */
  private split(): void {
    const { random, world, invariants } = this
    if (this.all.some(({ process, link }) => process !== 'running' || !link)) return
    const alone = random.pick(this.all)
    world.note(`split: ${alone.name} alone`)
    // Mostly with the client on one side only; else it reaches both, and believes the last announcement.
    if (random.chance(0.7)) world.unplug(alone.id)
    else
      for (const other of this.all) {
        world.cut(alone.id, other.id)
        world.cut(other.id, alone.id)
      }
    this.pass(random.between(5, 20) * this.interval + random.pick([0, 5_000]))
    const widowed = random.chance(0.2)
    if (widowed) for (const other of this.all) if (other !== alone) other.kill()
    world.note(widowed ? 'whole again, and the others dead' : 'whole again')
    world.calmDown()
    if (widowed) return
    this.pass(invariants.healingTime())
    // With two sides there were two Actives; three routers may also have been without one for a moment.
    if (this.all.filter(({ active }) => active).length > 0) invariants.healed()
  }

  /** Settings that have no say in the election change; nobody's role does. */
  private reload(): void {
    const before = this.transitions
    if (this.random.chance(0.5)) this.rollingReload()
    else
      for (const director of this.all) {
        const { garp, ...others } = director.params
        director.reload({ ...others, garp: { ...garp, count: this.random.integer(1, 5) } })
      }
    this.pass(12 * this.interval)
    if (this.transitions !== before) throw new Violation('reload', 'a role changed because of a reload')
  }

  /** One director after the other gets a file with another advertisement interval. */
  private rollingReload(): void {
    const { random, world } = this
    const wanted = this.firstInterval * random.pick([0.5, 1, 2])
    const interval = millis(Math.min(Math.max(wanted, shortestInterval), longestInterval))
    const [first, ...others] = random.chance(0.5) ? this.all : this.all.toReversed()
    world.note(`interval ${interval} ms`)
    world.filesDiffer = true
    const give = (director: SimDirector | undefined): void =>
      director?.reload({ ...director.params, advertisementInterval: interval })
    give(first)
    const reload = ++this.reloads
    world.clock.at(millis(world.clock.now() + random.between(0, 5) * this.interval), () => {
      if (reload !== this.reloads) return
      for (const director of others) give(director)
      world.filesDiffer = false
    })
  }

  private otherPriority({ params, id }: SimDirector): RouterParams {
    return { ...params, priority: drawPriority(this.random, id) }
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
    this.sameFile()
    for (const director of this.all) {
      director.wake()
      director.setLink(true)
      // Now and then one stays dead for the round; without a lease its kernel would hold the address for ever.
      const mayStayDead = director.params.lease !== undefined && this.random.chance(0.15)
      if (!mayStayDead || this.all.every(({ process }) => process === 'dead')) director.start()
    }
  }

  /** A reload that is half done is done. */
  private sameFile(): void {
    for (const director of this.all)
      if (director.params.advertisementInterval !== this.interval)
        director.reload({ ...director.params, advertisementInterval: this.interval })
    this.world.filesDiffer = false
    this.reloads++
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

function drawInterval(random: SeededRandom): Millis {
  const total = intervals.reduce((sum, [, weight]) => sum + weight, 0)
  let left = random.between(0, total)
  const drawn = intervals.find(([, weight]) => {
    left -= weight
    return left < 0
  })
  return millis(drawn?.[0] ?? 1_000)
}

const drawPriority = (random: SeededRandom, id: number): Priority =>
  priority(220 - 60 * id - random.integer(0, 90)) ?? fault('priority')

function drawParams(random: SeededRandom, advertisementInterval: Millis): RouterParams[] {
  const equal = random.chance(0.2)
  const preempt = random.pick<Preempt>(['always', 'never', 'when_synced'])
  const lease = random.chance(0.9) ? millis(random.pick([1_000, 3_000, 10_000])) : undefined
  const joinDelay = millis(random.pick([0, 1_000]))
  const preemptDelay = millis(random.pick([0, 0, 5 * advertisementInterval]))
  const skew = random.pick<SkewRule>([3, 'pair'])
  return Array.from({ length: random.chance(0.7) ? 2 : 3 }, (_, id) => ({
    priority: priority(equal ? 100 : 220 - 60 * id - random.integer(0, 20)) ?? fault('priority'),
    source: addressOf(id),
    advertisementInterval,
    preempt,
    preemptDelay,
    skew,
    lease: lease === undefined ? undefined : millis(Math.max(lease, 2 * advertisementInterval)),
    garp: { count: random.integer(1, 5), interval: millis(100), refresh: millis(10_000) },
    joinDelay,
    alone: false,
  }))
}

function fault(what: string): never {
  throw new Error(`drew no valid ${what}`)
}
