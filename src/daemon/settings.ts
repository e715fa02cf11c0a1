/** What each child is told, out of one configuration. Pure. */
import type { ServerOverride } from '../base/facts.js'
import type { Config, DirectorConfig } from '../config/model.js'
import type { IpvsSetting } from '../ipvs/runtime.js'
import type { PairKey } from '../pair/key.js'
import type { PairPortFds } from './children.js'
import type { PairSetting, VrrpSetting } from './messages.js'
import { firstInheritedFd } from './supervisor.js'

/** Which of the file's directors this one is, and which the other. */
export interface Sides {
  readonly local: DirectorConfig
  readonly peer: DirectorConfig | undefined
}

export function pairSetting(
  config: Config,
  key: PairKey | undefined,
  port: readonly PairPortFds[] | undefined,
): PairSetting | undefined {
  if (!key || !port) return undefined
  return {
    name: config.pair.name,
    key: key.export(),
    port: config.pair.port,
    configHash: config.hash,
    fds: port.map((_, path) => firstInheritedFd + path),
  }
}

export function vrrpSetting(
  { hash: configHash, virtualRouters: routers }: Config,
  { local, peer }: Sides,
  pair: PairSetting | undefined,
): VrrpSetting {
  return { local, peer, routers, pair, configHash, resumed: undefined }
}

/** Without `mirrors`, nobody's sessions come from the peer. */
export function ipvsSetting(
  { virtualServices: services, ipvs, sync }: Config,
  { local, peer }: Sides,
  mirrors: boolean,
  overrides: readonly ServerOverride[],
): IpvsSetting {
  const peerId = mirrors ? peer?.id : undefined
  return { services, overrides, ipvs, sync, directorId: local.id, peerId, marked: mirrors }
}
