/** One thing in fair weather, with a bound on what must follow. */

import { millis } from '../../../src/base/units.js'
import { isHandoverMessage } from '../../../src/vrrp/handover-message.js'
import type { HandoverWish } from '../../../src/vrrp/handovers.js'
import { handoverLimit } from '../../../src/vrrp/handovers.js'
import type { HandoverResult } from '../../../src/vrrp/runtime.js'
import { Violation } from '../invariants.js'
import type { SeededRandom } from '../random.js'
import { cutBoth, cutPair, restart, stall } from './faults.js'
import { otherFile } from './reloads.js'
import type { Rules } from './rules.js'
import type { SimHost } from './sim-host.js'
import type { PairWorld } from './world.js'

interface Attempt {
  results: readonly HandoverResult[] | undefined
}

export class Accidents {
  constructor(
    private readonly world: PairWorld,
    private readonly rules: Rules,
    private readonly random: SeededRandom,
  ) {}

  /** Draws one; both directors are there and at rest. */
  async one(): Promise<void> {
    const { random } = this
    const active = this.activeOfAll()
    if (!active) return this.handBack()
    const kinds: readonly [() => Promise<void>, ...(() => Promise<void>)[]] = [
      () => this.death(active),
      () => this.orderlyStop(active),
      () => this.handover(active),
      () => this.handover(active),
      () => this.disturbedHandover(active),
      () => this.disturbedHandover(active),
      () => this.maintenance(active),
      () => this.quickRestart(active),
      () => this.cutWithSecondOpinion(active),
      () => this.split(active),
      () => this.reload(),
      () => this.sessionsComeAndGo(),
      () => this.freeze(active),
      ...(active.file.tracksUplink ? [() => this.flappingUplink(), () => this.flappingUplink()] : []),
    ]
    await random.pick(kinds)()
  }

  /** The one that is Active for every router. */
  private activeOfAll(): SimHost | undefined {
    return this.world.hosts.find((host) => host.file.routers.every(({ name }) => host.isActive(name)))
  }

  /** Routers without a group may be Active on either side. */
  private async handBack(): Promise<void> {
    const [first] = this.world.hosts
    this.world.note('each hands over what it has')
    const [unit] = first.peer.file.units.filter(([name]) => name !== undefined && first.peer.isActive(name))
    if (unit?.[0] !== undefined) await this.attempt(first.peer, { force: true, stay: false }, unit[0])
  }

  private async death(active: SimHost): Promise<void> {
    this.world.note(`${active.name} dies`)
    active.kill()
    await this.succeeds(active.peer, this.rules.succession(active.peer))
  }

  private async freeze(active: SimHost): Promise<void> {
    const { interval, lease } = active.file
    this.world.note(`${active.name} freezes`)
    const span = this.random.between(4, 30) * interval + (lease ?? 0)
    stall(this.world, active, span)
    await this.succeeds(active.peer, this.rules.succession(active.peer))
    if (lease !== undefined && lease + 10 < span) {
      await this.world.run(Math.max(lease - this.rules.succession(active.peer) + 10, 0))
      if (active.process?.state === 'stalled' && active.ownsSomething)
        throw new Violation('a frozen director loses its addresses', active.name)
    }
    await this.world.run(span)
  }

  private async succeeds(successor: SimHost, limit: number): Promise<void> {
    await this.world.run(limit)
    const { name } = successor.file.routers.find((router) => !successor.isActive(router.name)) ?? {}
    if (name !== undefined)
      throw new Violation(
        'succession',
        `${successor.name} is not Active for ${name} ${Math.round(limit)} ms after`,
      )
  }

  /** The peer is able: it is asked to take over, and no instant is without an owner. */
  private async orderlyStop(active: SimHost): Promise<void> {
    this.world.note(`${active.name} is stopped`)
    this.rules.keepUnbroken(active, names(active))
    active.terminate()
    await this.succeeds(active.peer, this.rules.handover())
    await this.world.run(this.rules.exchange())
    if (active.process) throw new Violation('a stop ends', active.name)
  }

  private async handover(active: SimHost): Promise<void> {
    const wish = this.drawWish()
    const { peer } = active
    const refused = !wish.force && !peer.sync.ready
    this.rules.keepUnbroken(active, names(active))
    const before = this.rules.transitions
    const attempt = await this.attempt(active, wish, undefined, this.rules.handover())
    const { results } = attempt
    if (!results) throw new Violation('a handover ends', active.name)
    const failed = results.find(({ result }) => !result.ok)
    if (refused !== (failed !== undefined))
      throw new Violation('a handover does as asked', `${active.name}, refusal due: ${refused}`)
    const changes = this.rules.transitions - before
    const due = refused ? 0 : 2 * active.file.routers.length
    if (changes !== due) throw new Violation('a handover changes each role once', `${changes}, not ${due}`)
    if (refused || !wish.stay || this.rules.flapped(active)) return
    // Whatever the priorities, the peer is left alone.
    await this.world.run(20 * active.file.interval + active.file.preemptDelay)
    if (this.rules.transitions !== before + due) throw new Violation('a handover lasts', active.name)
    // Unless it dies.
    if (!this.random.chance(0.5)) return
    peer.kill()
    this.rules.mayBreak()
    await this.succeeds(active, this.rules.succession(active))
  }

  /** Messages are lost or late, or either side dies or stands still in the middle. */
  private async disturbedHandover(active: SimHost): Promise<void> {
    const { world, random, rules } = this
    const victim = random.pick([active, active.peer])
    const latency = world.calmLatency
    const moment = random.between(0, 4 * latency + 2)
    const meddling = random.pick(['lost', 'late', 'dies', 'stalls'] as const)
    world.note(`handover of ${active.name}: ${meddling}`)
    if (meddling === 'lost' || meddling === 'late') this.meddle(meddling)
    else
      world.clock.at(millis(world.clock.now() + moment), () => {
        world.note(`${victim.name} ${meddling}`)
        world.troubles++
        if (meddling === 'dies') victim.kill()
        else stall(world, victim, random.between(0.1, 10) * active.file.interval)
      })
    await this.attempt(active, this.drawWish(), undefined, handoverLimit + 50)
    world.calmDown()
    // A handover that was given up, the longest patience of a Backup, and a stall.
    await world.run(12 * rules.longestInterval() + rules.exchange() + handoverLimit)
    const alive = world.hosts.filter(({ running }) => running)
    for (const { name } of active.file.routers) {
      const owners = alive.filter((host) => host.isActive(name))
      if (owners.length !== 1)
        throw new Violation('a handover leaves one owner', `${name}: ${owners.length} of ${alive.length}`)
    }
  }

  /** Each message of the conversation is lost, or comes late, with its own chance. */
  private meddle(how: 'lost' | 'late'): void {
    const { world, random } = this
    const chances = new Map<number, number>()
    world.troubles++
    world.meddler = (_, payload, carry) => {
      const type = payload[0] ?? 0
      const chance = chances.get(type) ?? random.pick([0, 0.5, 0.9, 1])
      chances.set(type, chance)
      if (!isHandoverMessage(payload) || !random.chance(chance)) carry()
      else if (how === 'late')
        world.clock.at(millis(world.clock.now() + random.between(0, 1.5 * handoverLimit)), carry)
    }
  }

  private async maintenance(active: SimHost): Promise<void> {
    const { world, rules, random } = this
    const host = random.pick([active, active.peer])
    world.note(`${host.name} goes into maintenance`)
    rules.keepUnbroken(active, names(active))
    host.setMaintenance('simulated')
    await this.succeeds(host.peer, rules.handover())
    await world.run(random.between(0, 10) * host.file.interval)
    rules.mayBreak()
    if (random.chance(0.4)) restart(world, host, random.between(10, 3_000))
    if (random.chance(0.5)) {
      // Not even when nobody else is there.
      host.peer.kill()
      await world.run(handoverLimit + 10 * host.file.interval)
    }
    await world.run(random.between(0, 10) * host.file.interval)
  }

  /** The process dies and is followed by another while its lease runs: nobody notices. */
  private async quickRestart(active: SimHost): Promise<void> {
    const { world, rules, random } = this
    const { interval, lease } = active.file
    const least = rules.succession(active.peer)
    const after = random.between(1, Math.min(1_900, (lease ?? 10_000) / 2, least / 3))
    world.note(`vrrp of ${active.name} dies, another begins ${Math.round(after)} ms later`)
    restart(world, active, after)
    rules.keepUnbroken(active, names(active))
    const before = rules.transitions
    await world.run(after + 1.5 * interval + 250 + 3 * rules.slack())
    // It is in time unless the Backup's patience ended before.
    const inTime = after + 1.5 * interval + 250 + rules.slack() < 2 * interval
    if (inTime) await this.succeeds(active, 0)
    await world.run(8 * interval)
    if (inTime && rules.transitions - before > 2 * active.file.routers.length)
      throw new Violation('a quick restart is none', `${rules.transitions - before} role changes`)
  }

  /** What a director tracks comes and goes. */
  private async flappingUplink(): Promise<void> {
    const { world, random } = this
    const [host] = world.hosts
    const slowest = random.pick([2_000, 6_000])
    world.note('a flapping uplink')
    for (let i = random.integer(6, 30); i > 0; i--) {
      world.troubles++
      host.setInterface('eth2', !host.up('eth2'))
      await world.run(random.between(4, 6) * host.file.interval + random.between(0, slowest))
    }
  }

  /** Advertisements of protocol 112 do not arrive, yet over the pair link the Active is alive: nothing changes. */
  private async cutWithSecondOpinion(active: SimHost): Promise<void> {
    const { world, rules, random } = this
    world.note('both segments cut, the pair link lives')
    const before = rules.transitions
    const held = rules.flapped(active) || rules.flapped(active.peer)
    cutBoth(world, 'eth0')
    cutBoth(world, 'eth1')
    if (random.chance(0.5)) world.cutPath(random.pick([0, 1]), active.id)
    await world.run(random.between(5, 20) * active.file.interval)
    if (rules.transitions !== before && !held)
      throw new Violation('a cut LAN is no dead peer', 'a role changed though the pair link lives')
    if (random.chance(0.4)) return this.lostWay(active)
    if (random.chance(0.5)) {
      world.note(`${active.name} dies behind the cut`)
      active.kill()
      await this.succeeds(active.peer, rules.succession(active.peer) + rules.longestInterval())
    }
  }

  /** Behind a cut, whoever lost its uplink is at fault: the other one takes over, and it gives way. */
  private async lostWay(active: SimHost): Promise<void> {
    const { world, rules } = this
    const { file, peer } = active
    if (!file.tracksUplink || file.routers.some(({ transport }) => transport === 'udp')) return
    world.note(`${active.name} loses its uplink behind the cut`)
    active.setInterface('eth2', false)
    await this.succeeds(peer, rules.succession(peer) + 2 * rules.longestInterval())
    await world.run(rules.exchange())
    if (file.routers.some(({ name }) => active.isActive(name)))
      throw new Violation('who lost its way gives way', active.name)
  }

  /** Neither way is left: both sides have an owner, and one of them gives way when they meet again. */
  private async split(active: SimHost): Promise<void> {
    const { world, rules, random } = this
    world.note('split')
    cutBoth(world, 'eth0')
    cutBoth(world, 'eth1')
    cutPair(world)
    await world.run(random.between(5, 20) * active.file.interval + random.pick([0, 5_000]))
    world.note('whole again')
    world.calmDown()
    await world.run(rules.exchange() + handoverLimit)
    for (const { name } of active.file.routers) {
      const owners = world.hosts.filter((host) => host.isActive(name))
      if (owners.length !== 1)
        throw new Violation('exactly one Active after a heal', `${name}: ${owners.length}`)
    }
  }

  /** Settings that have no say in the election change; nobody's role does. */
  private async reload(): Promise<void> {
    const { world, rules, random } = this
    const before = rules.transitions
    const [first, second] = random.chance(0.5) ? world.hosts : [world.hosts[1], world.hosts[0]]
    const held = world.hosts.some((host) => rules.flapped(host))
    const file = otherFile(first.file, random)
    world.note('a reload in fair weather')
    world.troubles++
    first.reload(file)
    await world.run(random.between(0, 5) * file.interval)
    second.reload(file)
    await world.run(12 * rules.longestInterval())
    if (rules.transitions !== before && !held)
      throw new Violation('reload', 'a role changed because of a reload')
  }

  private async sessionsComeAndGo(): Promise<void> {
    const { world, random } = this
    world.note('the sessions come and go')
    for (let i = random.integer(2, 6); i > 0; i--) {
      const host = random.pick(world.hosts as readonly [SimHost, ...SimHost[]])
      world.troubles++
      host.setSync(!host.sync.ready)
      await world.run(random.between(0, 6) * host.file.interval)
    }
    if (random.chance(0.7)) for (const host of world.hosts) host.setSync(true)
  }

  private drawWish(): HandoverWish {
    return { force: this.random.chance(0.5), stay: this.random.chance(0.5) }
  }

  private async attempt(
    host: SimHost,
    wish: HandoverWish,
    router: string | undefined,
    time = 0,
  ): Promise<Attempt> {
    const attempt: Attempt = { results: undefined }
    const { world } = this
    world.note(`${host.name} hands over${wish.force ? ' by force' : ''}${wish.stay ? ', to stay' : ''}`)
    host.operate(({ director }) =>
      world.promised(
        host,
        director.election.handOver(router, wish).then((results) => {
          attempt.results = results
          world.note(
            results.map(({ unit, result }) => `${unit}: ${result.ok ? result.value : result.error}`).join(),
          )
        }),
      ),
    )
    await world.run(time || handoverLimit + 50)
    return attempt
  }
}

const names = ({ file }: SimHost): readonly string[] => file.routers.map(({ name }) => name)
