/** Two running directors on the fake network, for tests of what they do together. */
import { vrid } from '../../src/base/units.js'
import type { DirectorConfig, VirtualRouterConfig } from '../../src/config/model.js'
import { startVrrp, type VrrpRuntime } from '../../src/vrrp/runtime.js'
import type { VrrpSetting } from '../../src/vrrp/setting.js'
import type { RouterStatus, VrrpFact } from '../../src/vrrp/status.js'
import { type FakeHost, FakeNetwork } from './fake-network.js'
import { ip, known, ms, prefix, prio } from './support.js'

export const lb1: DirectorConfig = {
  name: 'lb1',
  address: ip('10.0.0.11'),
  addresses: [],
  priority: prio(150),
  id: 1,
}
export const lb2: DirectorConfig = {
  name: 'lb2',
  address: ip('10.0.0.12'),
  addresses: [],
  priority: prio(100),
  id: 2,
}

export const front: VirtualRouterConfig = {
  name: 'front',
  vrid: known(vrid(51)),
  interface: undefined,
  addresses: [prefix('10.0.0.100/24')],
  transport: 'udp',
  version: 3,
  checksum: 'pseudo_header',
  password: undefined,
  advertisementInterval: ms(100),
  preempt: 'always',
  preemptDelay: ms(0),
  group: undefined,
  lease: ms(3000),
  garp: { count: 3, interval: ms(100), refresh: undefined },
  priority: {},
  track: [],
  routes: [],
  rules: [],
  accept: true,
  virtualMac: false,
}

/** On an interface of its own. */
export const back: VirtualRouterConfig = {
  ...front,
  name: 'back',
  vrid: known(vrid(52)),
  interface: 'eth1',
  addresses: [prefix('10.1.0.100/24')],
}

export interface Running {
  readonly host: FakeHost
  readonly runtime: VrrpRuntime
  readonly facts: VrrpFact[]
}

export function start(
  network: FakeNetwork,
  id: number,
  routers: readonly VirtualRouterConfig[],
  more: Partial<VrrpSetting> = {},
): Running {
  const host = known(network.hosts[id])
  const facts: VrrpFact[] = []
  const runtime = startVrrp(host.ports(), settingOf(id, routers, more), (fact) => facts.push(fact))
  return { host, facts, runtime }
}

export function settingOf(
  id: number,
  routers: readonly VirtualRouterConfig[],
  more: Partial<VrrpSetting> = {},
): VrrpSetting {
  const [director, peer] = id === 0 ? [lb1, lb2] : [lb2, lb1]
  return { director, peer, routers, ...more }
}

export async function pairOf(...routers: readonly VirtualRouterConfig[]) {
  const network = new FakeNetwork()
  for (const host of network.hosts)
    host.interfaces = [host.interface, { ...host.interface, name: 'eth1', index: 3 }]
  const first = start(network, 0, routers)
  const second = start(network, 1, routers)
  await network.run(2_000)
  return { network, first, second }
}

export const routerOf = ({ runtime }: Running, name = 'front'): RouterStatus =>
  known(runtime.status().routers.find((router) => router.name === name))

/** `front active, back active`. */
export const rolesOf = ({ runtime }: Running): string =>
  runtime
    .status()
    .routers.map(({ name, state }) => `${name} ${state}`)
    .join(', ')

export const changesOf = ({ facts }: Running): string[] =>
  facts.flatMap((fact) =>
    fact.type === 'roleChanged' ? [`${fact.router} ${fact.from} -> ${fact.to}, ${fact.reason}`] : [],
  )
