/** What may befall a pair of directors at any moment, without a bound on what follows. */
import { millis } from '../../../src/base/units.js'
import type { Weather } from '../lan.js'
import type { SeededRandom } from '../random.js'
import { otherFile } from './reloads.js'
import type { SimHost } from './sim-host.js'
import type { PairWorld } from './world.js'

/** Draws one and lets it happen. */
export function happen(world: PairWorld, random: SeededRandom): void {
  const host = random.pick(world.hosts as readonly [SimHost, ...SimHost[]])
  const { interval, lease } = host.file
  const segment = random.pick(['eth0', 'eth1'] as const)
  const kinds: readonly [readonly [string, () => void], ...(readonly [string, () => void])[]] = [
    [`${segment} cut one way`, () => world.cutSegment(segment, host.id)],
    [`${segment} cut`, () => cutBoth(world, segment)],
    ['one path of the pair link cut', () => world.cutPath(random.pick([0, 1]), host.id)],
    ['the pair link cut', () => cutPair(world)],
    ['bad weather', () => world.storm(badWeather(random, interval), ['eth0', 'eth1', 'pair'])],
    ['bad weather between the paths', () => world.storm(badWeather(random, interval), ['pair'])],
    [`${host.name} stalls`, () => stall(world, host, random.between(0, 9) * interval)],
    [`${host.name} freezes`, () => stall(world, host, random.between(0.5, 4) * (lease ?? 3_000))],
    [`${host.name} killed`, () => host.kill()],
    [`vrrp of ${host.name} restarted`, () => restart(world, host, random.between(10, 3_000))],
    [`${host.name} terminated`, () => host.terminate()],
    [`${host.name} started`, () => host.start()],
    [`${segment} of ${host.name} toggled`, () => host.setInterface(segment, !host.up(segment))],
    [`uplink of ${host.name} toggled`, () => host.setInterface('eth2', !host.up('eth2'))],
    [`sync of ${host.name} toggled`, () => host.setSync(!host.sync.ready)],
    [`${host.name} hands over`, () => handOver(world, host, random)],
    [`maintenance of ${host.name} toggled`, () => toggleMaintenance(host)],
    ['another file', () => reload(world, random)],
    ['healed for a while', () => world.calmDown()],
    [`${host.name} has its date set`, () => host.host.stepWall(random.between(-1, 1) * 3_600_000)],
  ]
  const [name, run] = random.pick(kinds)
  world.note(name)
  world.troubles++
  run()
}

export const cutBoth = (world: PairWorld, segment: 'eth0' | 'eth1'): void => {
  for (const { id } of world.hosts) world.cutSegment(segment, id)
}

export const cutPair = (world: PairWorld): void => {
  for (const { id } of world.hosts) for (const path of [0, 1] as const) world.cutPath(path, id)
}

export function stall(world: PairWorld, { process }: SimHost, span: number): void {
  world.troubles++
  process?.stall()
  world.clock.at(millis(world.clock.now() + span), () => process?.wake())
}

/** The process dies and its parent starts another. */
export function restart(world: PairWorld, host: SimHost, after: number): void {
  world.troubles++
  host.remember()
  host.kill()
  world.clock.at(millis(world.clock.now() + after), () => host.start())
}

export function badWeather(random: SeededRandom, interval: number): Weather {
  return {
    latency: [0, random.between(0, 0.8) * interval],
    reorders: random.chance(0.5),
    loss: random.pick([0, 0.1, 0.5, 0.9]),
    duplication: random.pick([0, 0.2]),
  }
}

function handOver(world: PairWorld, host: SimHost, random: SeededRandom): void {
  const wish = { force: random.chance(0.5), stay: random.chance(0.5) }
  host.operate(({ director }) => world.promised(host, director.election.handOver(undefined, wish)))
}

const toggleMaintenance = (host: SimHost): void =>
  host.setMaintenance(host.maintenance === undefined ? 'simulated' : undefined)

/** On one director after the other. */
function reload(world: PairWorld, random: SeededRandom): void {
  const [first, second] = random.chance(0.5) ? world.hosts : [world.hosts[1], world.hosts[0]]
  const file = otherFile(first.file, random)
  const mine = ++world.reloads
  first.reload(file)
  world.clock.at(millis(world.clock.now() + random.between(0, 5) * file.interval), () => {
    if (mine === world.reloads) second.reload(file)
  })
}
