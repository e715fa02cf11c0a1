/** One seeded life of a pair of directors as they ship: trouble or an accident, healing, rest, over and over. */
import { Violation } from '../invariants.js'
import type { Weather } from '../lan.js'
import { SeededRandom } from '../random.js'
import { type Outcome, SeedFailure } from '../scenario.js'
import { Accidents } from './accidents.js'
import { happen } from './faults.js'
import { drawFile } from './pair-file.js'
import { Rules } from './rules.js'
import { PairWorld } from './world.js'

const rounds = 16

export interface PairLifeOptions {
  /** Gets every line of what happens. */
  readonly follow?: ((line: string) => void) | undefined
}

/** Throws `SeedFailure`. */
export async function livePair(seed: number, { follow }: PairLifeOptions = {}): Promise<Outcome> {
  const life = new PairLife(seed, follow)
  try {
    await life.begin()
    for (let round = 0; round < rounds; round++) await life.round()
  } catch (error) {
    if (error instanceof Violation) throw new SeedFailure(seed, error, life.world.trace)
    throw error
  }
  return life.outcome()
}

class PairLife {
  readonly world: PairWorld
  private readonly random: SeededRandom
  private readonly rules: Rules
  private readonly accidents: Accidents
  private readonly interval: number
  private faults = 0

  constructor(seed: number, follow?: (line: string) => void) {
    const random = new SeededRandom(seed)
    this.random = random
    const file = drawFile(random)
    this.interval = file.interval
    const latency = random.between(0.1, file.interval / 50)
    const calm: Weather = { latency: [0.05, latency], reorders: false, loss: 0, duplication: 0 }
    this.world = new PairWorld({ random, calm, file, follow })
    this.rules = new Rules(this.world)
    this.world.watch(this.rules)
    this.accidents = new Accidents(this.world, this.rules, random)
    const { routers } = file
    this.world.note(
      `${routers.map(({ name, transport, group }) => `${name} ${transport} ${group ?? ''}`).join(', ')}, interval ${file.interval}, preempt ${file.preempt}, delay ${file.preemptDelay}, lease ${file.lease}${file.tracksUplink ? ', tracks its uplink' : ''}`,
    )
  }

  outcome(): Outcome {
    return {
      virtualHours: this.world.clock.now() / 3_600_000,
      interval: this.interval,
      steps: this.world.steps,
      transitions: this.rules.transitions,
      faults: this.faults,
    }
  }

  async begin(): Promise<void> {
    for (const host of this.world.hosts) {
      host.start()
      await this.world.run(this.random.between(0, 3) * this.interval)
    }
    await this.world.run(this.rules.settlingTime())
    this.rules.settled()
  }

  async round(): Promise<void> {
    if (this.random.chance(0.4)) await this.trouble()
    else {
      this.faults++
      await this.accidents.one()
    }
    this.rules.mayBreak()
    await this.heal()
    await this.world.run(this.rules.settlingTime())
    this.rules.settled()
    await this.rest()
  }

  /** Several things at once, in bad weather. */
  private async trouble(): Promise<void> {
    for (let i = this.random.integer(1, 6); i > 0; i--) {
      this.faults++
      happen(this.world, this.random)
      await this.world.run(this.random.between(0, 6) * this.interval)
    }
  }

  private async heal(): Promise<void> {
    const { world, random } = this
    world.note('healed')
    world.calmDown()
    const [{ file }] = world.hosts
    // A reload that is half done is done.
    world.reloads++
    for (const host of world.hosts) {
      host.process?.wake()
      host.start()
      for (const name of ['eth0', 'eth1', 'eth2'] as const) host.setInterface(name, true)
      if (host.maintenance !== undefined) host.setMaintenance(undefined)
      if (host.file !== file) host.reload(file)
      // What lies in the pipe of a process that is leaving is never read.
      await world.run(random.between(0, 1))
      host.remember()
    }
    await world.run(1_200)
    for (const host of world.hosts) host.start()
  }

  /** Nothing happens, so nothing may change; a hold-down may still end. */
  private async rest(): Promise<void> {
    const { world, rules } = this
    const before = rules.transitions
    const mayChange = world.hosts.some((host) => rules.flapped(host))
    await world.run(this.random.between(1, 10) * this.interval)
    if (rules.transitions !== before && !mayChange)
      throw new Violation('rest', 'a role changed though nothing happened')
    rules.settled()
  }
}
