/** From the file and from what tracking makes of it to a router's parameters. Pure. */
import type { IpAddress } from '../base/ip.js'
import { millis, type Priority } from '../base/units.js'
import type { VirtualRouterConfig } from '../config/model.js'
import { groupPriority } from './groups.js'
import type { VrrpSetting } from './setting.js'
import type { HoldDown, RouterParams } from './state.js'
import type { SkewRule } from './timers.js'
import type { Standing } from './tracking/effective-priority.js'

/** The peer's link needs a handshake first: see `RouterParams.joinDelay`. */
const handshakeTime = millis(1_000)
/** Four changes of role within half a minute are no longer chance. */
const holdDown: HoldDown = {
  changes: 4,
  window: millis(30_000),
  first: millis(10_000),
  longest: millis(300_000),
}

/** `weighed`: by router, what tracking makes of its priority. `source`: what its advertisements come from. */
export function routerParams(
  setting: Pick<VrrpSetting, 'director' | 'peer' | 'routers'>,
  weighed: ReadonlyMap<string, Standing>,
  config: VirtualRouterConfig,
  source: IpAddress,
): RouterParams {
  const { peer } = setting
  const overPair = config.transport === 'udp'
  const canHear = config.transport === 'multicast' || peer !== undefined
  return {
    ...weigh(setting, weighed, config),
    grouped: config.group !== undefined,
    holdDown,
    source,
    advertisementInterval: config.advertisementInterval,
    skew: skewRule(config),
    preempt: config.preempt,
    preemptDelay: config.preemptDelay,
    lease: config.lease,
    garp: config.garp,
    joinDelay: overPair && peer ? handshakeTime : millis(0),
    alone: !canHear,
  }
}

/** Nobody but the two directors can take part over the pair link. */
export const skewRule = ({
  transport,
  version,
}: Pick<VirtualRouterConfig, 'transport' | 'version'>): SkewRule => (transport === 'udp' ? 'pair' : version)

/** The least of its group's: routers that move together must be won together. */
function weigh(
  { director, routers }: Pick<VrrpSetting, 'director' | 'routers'>,
  weighed: ReadonlyMap<string, Standing>,
  config: VirtualRouterConfig,
): Pick<RouterParams, 'priority' | 'configuredPriority' | 'because' | 'lost'> {
  const given = (one: VirtualRouterConfig): Priority => one.priority[director.name] ?? director.priority
  const own = (one: VirtualRouterConfig): Priority => weighed.get(one.name)?.priority ?? given(one)
  const { group } = config
  const members = group === undefined ? [config] : routers.filter((one) => one.group === group)
  const priority = groupPriority(members.map(own))
  const least = members.find((one) => own(one) === priority)
  const because = least && weighed.get(least.name)?.because
  return { priority, configuredPriority: given(config), because, lost: weighed.get(config.name)?.lost }
}
