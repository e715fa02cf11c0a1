/** The file that both directors of a simulated pair run with, drawn from a seed. */
import { formatPrefix } from '../../../src/base/ip.js'
import { type Millis, millis } from '../../../src/base/units.js'
import type { DirectorConfig, Preempt, VirtualRouterConfig } from '../../../src/config/model.js'
import type { VrrpSetting } from '../../../src/vrrp/setting.js'
import { back, front, lb1, lb2 } from '../../vrrp/pair.js'
import { prefix, prio } from '../../vrrp/support.js'
import type { SeededRandom } from '../random.js'

export class PairFile {
  /** Of each router, as the kernel is asked for them. */
  readonly addressesOf: ReadonlyMap<string, readonly string[]>

  constructor(
    readonly routers: readonly VirtualRouterConfig[],
    private readonly directors: readonly [DirectorConfig, DirectorConfig],
  ) {
    this.addressesOf = new Map(
      routers.map(({ name, addresses }) => [name, addresses.map((address) => formatPrefix(address))]),
    )
  }

  settingOf(id: number): VrrpSetting {
    const [first, second] = this.directors
    const { routers } = this
    return id === 0 ? { director: first, peer: second, routers } : { director: second, peer: first, routers }
  }

  /** The same file with other settings in every router. */
  with(change: (router: VirtualRouterConfig) => Partial<VirtualRouterConfig>): PairFile {
    return new PairFile(
      this.routers.map((router) => ({ ...router, ...change(router) })),
      this.directors,
    )
  }

  router(name: string): VirtualRouterConfig {
    const found = this.routers.find((router) => router.name === name)
    if (!found) throw new Error(`no router ${name}`)
    return found
  }

  /** Before tracking; of the group when it has one, all of whose members have the same here. */
  priorityOf(id: number): number {
    return this.directors[id === 0 ? 0 : 1].priority
  }

  /** Names of the routers that move together, unit by unit. */
  get units(): readonly (readonly string[])[] {
    const units = new Map<string, string[]>()
    for (const { name, group } of this.routers) {
      const unit = units.get(group ?? name)
      if (unit) unit.push(name)
      else units.set(group ?? name, [name])
    }
    return [...units.values()]
  }

  get interval(): Millis {
    return millis(Math.max(...this.routers.map(({ advertisementInterval }) => advertisementInterval)))
  }

  get lease(): Millis | undefined {
    return this.routers[0]?.lease
  }

  get preempt(): Preempt {
    return this.routers[0]?.preempt ?? 'always'
  }

  get preemptDelay(): Millis {
    return this.routers[0]?.preemptDelay ?? millis(0)
  }

  get tracksUplink(): boolean {
    return this.routers.some(({ track }) => track.length > 0)
  }
}

const intervals: readonly [number, ...number[]] = [
  100, 250, 500, 1_000, 1_000, 2_000, 2_000, 5_000, 5_000, 10_000,
]
const transports: readonly [VirtualRouterConfig['transport'], ...VirtualRouterConfig['transport'][]] = [
  'udp',
  'udp',
  'multicast',
  'unicast',
]
/** An uplink that is down makes any director the lesser one. */
export const uplinkWeight = -100

export function drawFile(random: SeededRandom): PairFile {
  const interval = random.pick(intervals)
  const common: Partial<VirtualRouterConfig> = {
    advertisementInterval: millis(interval),
    preempt: random.pick<Preempt>(['always', 'always', 'never', 'when_synced']),
    preemptDelay: millis(random.pick([0, 0, 5 * interval])),
    lease: random.chance(0.9) ? leaseFor(interval, random.pick([1_000, 3_000, 10_000])) : undefined,
    garp: { count: random.integer(1, 5), interval: millis(100), refresh: millis(10_000) },
    track: random.chance(0.5)
      ? [{ kind: 'interface', name: 'uplink', interface: 'eth2', address: undefined, weight: uplinkWeight }]
      : [],
  }
  const one: VirtualRouterConfig = { ...front, ...common, transport: random.pick(transports) }
  const two: VirtualRouterConfig = { ...back, ...common, transport: random.pick(transports) }
  const shape = random.pick(['one', 'group', 'group', 'two'] as const)
  const group = shape === 'group' ? 'nat' : undefined
  const routers =
    shape === 'one'
      ? [one]
      : [
          { ...one, group },
          { ...two, group },
        ]
  const equal = random.chance(0.15)
  return new PairFile(routers, [
    lb1,
    equal ? { ...lb2, priority: lb1.priority } : { ...lb2, priority: prio(100) },
  ])
}

/** A shorter one ends before the peer would take over, which `vipair check` warns of. */
export const leaseFor = (interval: number, wanted: number): Millis => millis(Math.max(wanted, 3 * interval))

export const moreAddresses = { front: prefix('10.0.0.101/24'), back: prefix('10.1.0.101/24') } as const
